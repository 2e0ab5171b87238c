"""Alternatives to this service, each set up according to its own documentation.

Every `*_server.py` is one of them, run in its own process: `python -m bench.rivals.X --help`.
"""
