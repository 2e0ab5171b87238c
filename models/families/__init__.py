"""Families of generators, one folder each; `models.families.table` names their classes."""
