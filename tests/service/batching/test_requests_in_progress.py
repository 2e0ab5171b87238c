"""Requests in progress: counted while they last, and awaited with patience."""

from __future__ import annotations

import threading

import pytest

from service.batching.requests_in_progress import RequestsInProgress
from tests.service.painter import PATIENCE_S


def test_there_is_one_until_the_last_has_ended() -> None:
    """Then those who wait are told, once."""
    ended: list[bool] = []
    requests = RequestsInProgress(lambda: ended.append(requests.any))
    with requests.one():
        with requests.one():
            assert requests.any
        assert requests.any
        assert ended == []

    assert not requests.any
    assert ended == [False]


def test_a_request_that_fails_has_ended_too() -> None:
    """Else bulk work would stand for ever."""
    requests = RequestsInProgress(lambda: None)
    with pytest.raises(ZeroDivisionError), requests.one():
        _ = 1 // 0

    assert not requests.any


def test_whoever_waits_goes_on_with_the_end_or_without_it() -> None:
    """Patience ends, so that bulk work never starves."""
    requests = RequestsInProgress(lambda: None)
    requests.wait_for_none(PATIENCE_S)
    with requests.one():
        requests.wait_for_none(0.001)
        assert requests.any
        waiter = threading.Thread(target=lambda: requests.wait_for_none(PATIENCE_S))
        waiter.start()
    waiter.join(PATIENCE_S)

    assert not waiter.is_alive()
