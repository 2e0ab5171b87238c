"""The service around an engine that takes a set time for a batch and no processor time."""
