"""Open downloads: how many, and what a refused client hears; with a virtual clock."""

from __future__ import annotations

from contextlib import ExitStack

import pytest

from service.errors import Draining
from service.operations.downloads import DatasetOpen, DatasetsFull, DatasetsOff, OpenDownloads


def test_as_many_are_open_as_may_be() -> None:
    """One that ends makes room for the next."""
    downloads = OpenDownloads(2)
    with (
        downloads.opened("a", 10),
        downloads.opened("b", 10),
        pytest.raises(DatasetsFull, match="2 may be"),
    ):
        downloads.opened("c", 10).__enter__()
    with downloads.opened("d", 10):
        assert len(downloads) == 1
    assert len(downloads) == 0


def test_a_refused_client_hears_when_the_first_one_ends_at_its_speed_so_far() -> None:
    """Of those that have shown one."""
    now = [0.0]
    downloads = OpenDownloads(2, lambda: now[0])
    with ExitStack() as stack:
        slow = stack.enter_context(downloads.opened("e", 1000))
        quick = stack.enter_context(downloads.opened("f", 100))
        now[0], slow.done, quick.done = 10.0, 10, 50
        with pytest.raises(DatasetsFull) as refused:
            downloads.opened("g", 1).__enter__()
        assert refused.value.retry_after_s == 11
        quick.done = 0
        with pytest.raises(DatasetsFull) as refused:
            downloads.opened("h", 1).__enter__()
        assert refused.value.retry_after_s == 61  # nothing is known yet of the second


def test_a_client_has_one_download_at_a_time() -> None:
    """It hears soon when to come again: the open one may be one whose connection is lost."""
    now = [0.0]
    downloads = OpenDownloads(3, lambda: now[0])
    with downloads.opened("ada", 1000) as own, downloads.opened("bob", 1000):
        now[0], own.done = 10.0, 1
        with pytest.raises(DatasetOpen, match="one at a time") as refused:
            downloads.opened("ada", 1).__enter__()
        assert refused.value.retry_after_s == 60
        own.done = 500
        with pytest.raises(DatasetOpen) as refused:
            downloads.opened("ada", 1).__enter__()
        assert refused.value.retry_after_s == 11
    with downloads.opened("ada", 1):
        assert len(downloads) == 1


def test_nobody_is_told_to_wait_for_hours() -> None:
    """Another one may end early."""
    now = [0.0]
    downloads = OpenDownloads(1, lambda: now[0])
    with downloads.opened("i", 1_000_000) as only:
        now[0], only.done = 10.0, 1
        with pytest.raises(DatasetsFull) as refused:
            downloads.opened("j", 1).__enter__()

    assert refused.value.retry_after_s == 600


def test_none_may_be_open() -> None:
    """Then the refusal is final, and says whose decision it was."""
    downloads = OpenDownloads(0)
    with pytest.raises(DatasetsOff, match="PROGAN_MAX_DATASETS"):
        downloads.require_on()
    with pytest.raises(DatasetsOff):
        downloads.opened("k", 1).__enter__()


def test_at_the_end_all_are_told_and_no_more_are_opened() -> None:
    """An open one sees the signal."""
    downloads = OpenDownloads(2)
    with downloads.opened("l", 10) as download:
        assert not download.ending.is_set()
        downloads.end()
        assert download.ending.is_set()
        with pytest.raises(Draining):
            downloads.opened("m", 1).__enter__()
