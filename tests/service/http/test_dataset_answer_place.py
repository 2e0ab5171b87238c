"""The place of an open data set: free before its client knows the end."""

from __future__ import annotations

from typing import Any

import pytest

from service.composition import ServiceRuntime
from service.settings import Settings
from tests.service.http.dataset_client import Client, running
from tests.service.painter import Painter

pytestmark = pytest.mark.anyio


class PlaceCounter(Client):
    """Counts the open data sets at each message."""

    def __init__(self, runtime: ServiceRuntime) -> None:
        super().__init__(b"resolution=4&count=3")
        self.places: list[int] = []
        self._runtime = runtime

    async def send(self, message: dict[str, Any]) -> None:
        """Take a message."""
        self.places.append(len(self._runtime.downloads))
        await super().send(message)


async def test_the_place_of_a_data_set_is_free_before_its_last_byte(
    painter: Painter, settings: Settings
) -> None:
    """A client that downloads one after another is never told that it has one open."""
    async with running(painter, settings) as (app, state, runtime):
        client = PlaceCounter(runtime)
        await client.ask(app, state)

    assert {*client.places[:-1]} == {1}
    assert client.places[-1] == 0
    assert not client.messages[-1]["more_body"]
