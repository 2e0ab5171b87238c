"""The kinds of faults that are counted."""

from __future__ import annotations

import pytest

from service.batching.engine import KINDS, DeviceLost, kind_of


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (MemoryError("no"), "out_of_memory"),
        (DeviceLost("no"), "device"),
        (ValueError("no"), "other"),
        (SystemExit(1), "other"),
    ],
)
def test_every_error_has_a_kind_of_the_closed_set(error: BaseException, kind: str) -> None:
    """What is not told apart is `other`."""
    assert kind_of(error) == kind
    assert kind in KINDS
