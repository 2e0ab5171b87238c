"""Families of generators, one folder each; `FAMILIES` in `models.bundle` names their classes."""
