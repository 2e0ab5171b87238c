"""The error of a file that is not imported."""

from __future__ import annotations


class ImportRefusedError(ValueError):
    """Raised for a file that cannot be imported; the message says why, and what can be done."""
