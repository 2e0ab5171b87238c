"""The largest batch that is worth trying: falls at once, rises slowly."""

from __future__ import annotations

from service.batching.batch_limit import RAISE_AFTER, BatchSizeLimit


def test_it_falls_at_once_and_never_below_one() -> None:
    """One image is always tried."""
    cap = BatchSizeLimit(8)
    cap.lower(4)
    assert cap.size == 4
    cap.lower(0)
    assert cap.size == 1


def test_it_never_rises_by_being_lowered() -> None:
    """A part of a batch may be larger than what has failed since."""
    cap = BatchSizeLimit(8)
    cap.lower(2)
    cap.lower(4)

    assert cap.size == 2


def test_it_rises_by_one_after_many_full_batches_and_not_above_what_is_set() -> None:
    """Memory that another process held may be free again."""
    cap = BatchSizeLimit(3)
    cap.lower(2)
    for _ in range(RAISE_AFTER - 1):
        cap.fitted(2)
    assert cap.size == 2
    cap.fitted(2)
    assert cap.size == 3
    for _ in range(2 * RAISE_AFTER):
        cap.fitted(3)
    assert cap.size == 3


def test_only_full_batches_count() -> None:
    """That small ones fit says nothing of large ones."""
    cap = BatchSizeLimit(8)
    cap.lower(4)
    for _ in range(2 * RAISE_AFTER):
        cap.fitted(3)

    assert cap.size == 4


def test_a_failure_begins_the_count_anew() -> None:
    """It rises again only after as many full batches as at first."""
    cap = BatchSizeLimit(8)
    cap.lower(4)
    for _ in range(RAISE_AFTER - 1):
        cap.fitted(4)
    cap.lower(4)
    cap.fitted(4)

    assert cap.size == 4
