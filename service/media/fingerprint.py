"""The validator clients compare: an ETag of an answer's bytes, before they exist.

Knows recipes; neither pixels, networks nor file formats.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from service.batching.engine import EngineMode
from service.batching.recipe import Recipe


def etag_of(recipes: Sequence[Recipe], mode: EngineMode, encoding: str) -> str:
    """A strong validator for the bytes of an answer, quotes included; nothing is rendered for it.

    It covers all that determines the bytes: the recipes, how numbers are computed, and `encoding`,
    the file format with the version of its encoder.
    """
    parts = (*map(repr, recipes), mode.device, mode.precision, mode.libraries, encoding)
    return f'"{hashlib.sha256("|".join(parts).encode()).hexdigest()[:32]}"'
