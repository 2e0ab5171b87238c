"""Families of generators, one folder each; `FAMILIES` in `models.bundle` lists their builders."""
