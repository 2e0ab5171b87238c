"""Commands beside serving: `python -m service verify` and `search`."""
