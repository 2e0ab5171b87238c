"""Exemption of objects from collection: what is started stays, what is left over goes."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator

import pytest

from service.garbage_collection import YOUNG_OBJECTS, pause_collection, settle_objects


class Node:
    """An object that may refer to itself."""

    def __init__(self) -> None:
        self.me = self


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    thresholds = gc.get_threshold()
    yield
    gc.set_threshold(*thresholds)
    gc.unfreeze()
    gc.enable()


def test_objects_are_exempt_afterwards() -> None:
    """A later collection does not visit them."""
    present = Node()
    settle_objects()

    assert gc.get_freeze_count() > 0
    assert not any(each is present for each in gc.get_objects())


def test_cycles_that_were_exempt_are_collected_at_the_next_call() -> None:
    """A model that was unloaded does not stay because it was there at the start."""
    node = Node()
    settle_objects()
    seen = weakref.ref(node)
    del node
    _ = gc.collect()
    assert seen() is not None
    settle_objects()

    assert seen() is None


def test_collection_is_on_again_after_the_start() -> None:
    """Otherwise the cycles of answers would never be freed."""
    pause_collection()
    assert not gc.isenabled()
    settle_objects()

    assert gc.isenabled()
    assert gc.get_threshold()[0] == YOUNG_OBJECTS
