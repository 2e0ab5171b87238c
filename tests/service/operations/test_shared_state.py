"""State shared by the processes of a service, in its form for one process."""

from __future__ import annotations

import pytest

from service.errors import RateExceeded
from service.operations.metrics import Metrics
from service.operations.shared_state import ClientWindows, LocalState, SharedState

pytestmark = pytest.mark.anyio


async def test_one_process_has_all_by_itself() -> None:
    """Windows, places, metrics and refusals."""
    metrics = Metrics()
    state: SharedState = LocalState(ClientWindows("1/hour", "10/hour"), metrics)
    await state.take_request(None, "192.0.2.1")
    with pytest.raises(RateExceeded):
        await state.take_request(None, "192.0.2.1")
    state.count_pictures(None, "192.0.2.1", 8)
    await state.require_pictures(None, "192.0.2.1", 2)
    with pytest.raises(RateExceeded):
        await state.require_pictures(None, "192.0.2.1", 3)
    async with state.place("client", 5) as tell_sent:
        tell_sent(5)
    metrics.request_refused("deadline")

    assert state.most_pictures == 10
    assert await state.metrics() is metrics.registry
    assert await state.recent_refusals() == {"deadline": 1}


async def test_without_limits_all_is_allowed() -> None:
    """The usual case."""
    state = LocalState(ClientWindows(None, None), Metrics())
    await state.take_request(None, "192.0.2.1")
    await state.require_pictures(None, "192.0.2.1", 10**9)
    state.count_pictures(None, "192.0.2.1", 10**9)

    assert state.most_pictures is None
