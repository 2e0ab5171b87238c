"""What a user would pick instead of this service, each set up as its own documentation says.

Every `*_server.py` is one of them, run in a process of its own: `python -m bench.rivals.X --help`.
"""
