"""The families of generators: one folder each, the same names within."""
