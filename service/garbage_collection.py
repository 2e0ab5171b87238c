"""Python's garbage collector in a process that loads much once and then answers for months.

Owns when objects are exempted from collection. A full collection visits all of them, some 360,000
after the start: 0.22 s in which no thread answers. And it is due only when as many new ones as a
quarter of the old ones wait, so the cycles of thousands of answers pile up before. Knows no part
of the service.
"""

from __future__ import annotations

import gc
from typing import Final

# New objects that start a collection of the young ones, in place of 700: an answer makes hundreds,
# nearly all of which die without it.
YOUNG_OBJECTS: Final = 7_000


def pause_collection() -> None:
    """Turn automatic collection off until `settle_objects`: starting makes hardly any garbage."""
    gc.disable()


def settle_objects() -> None:
    """Collect once, then exempt all objects from later collections; turns these on again.

    To be called when models have been loaded or unloaded. Exempted objects are freed as always when
    nothing refers to them; cycles of them are collected at the next call.
    """
    gc.unfreeze()
    _ = gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS, *gc.get_threshold()[1:])
    _ = gc.collect()  # of nothing: the next one is due by the number that the last one left
    gc.enable()
