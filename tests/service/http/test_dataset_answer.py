"""A data set that ends early: its client goes, is slow, the engine fails, the service stops.

The application is called as a server calls it, so that a client can stop reading at a chosen byte.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest

from service.batching.recipe import Recipe, point_of
from service.composition import ServiceRuntime
from service.datasets.stream import GROUP, GROUPS_AHEAD
from service.settings import Settings
from tests.service.dataset_files import expected_records, records_in_tar
from tests.service.http.dataset_client import Client, running
from tests.service.painter import PATIENCE_S, Painter, local

pytestmark = pytest.mark.anyio

AHEAD = GROUP * GROUPS_AHEAD


async def until(fact: Any) -> None:
    """Wait until `fact` holds."""
    async with asyncio.timeout(PATIENCE_S):
        while not fact():
            await asyncio.sleep(0.002)


def outcome(runtime: ServiceRuntime, name: str) -> float:
    """How many data sets ended so."""
    value = runtime.metrics.registry.get_sample_value("progan_datasets_total", {"outcome": name})
    assert value is not None
    return value


async def test_nothing_is_rendered_faster_than_the_client_reads(
    painter: Painter, settings: Settings
) -> None:
    """A client that stops has at most a few groups made for it, whatever it asked for."""
    async with running(painter, settings) as (app, state, _):
        client = Client()
        client.stops_after = 52  # the head, the description and fifty pictures
        asking = asyncio.create_task(client.ask(app, state))
        await until(lambda: not client.may_read.is_set())
        await asyncio.sleep(0.1)
        made = len(painter.seeds)
        client.stops_after = 10**9
        client.may_read.set()
        await asking

    assert 50 <= made <= 50 + AHEAD
    assert records_in_tar(client.body) == expected_records(0, 1000)
    assert not client.was_cut_off


async def test_a_client_that_goes_ends_the_work_for_it(
    painter: Painter, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    """Within a batch; its place is free, and the log says where it goes on."""
    async with running(painter, settings) as (app, state, runtime):
        client = Client()
        client.stops_after = 52
        asking = asyncio.create_task(client.ask(app, state))
        await until(lambda: not client.may_read.is_set())
        with caplog.at_level(logging.WARNING):
            client.goes.set()
            await asking
        made = len(painter.seeds)
        await asyncio.sleep(0.1)

        assert len(painter.seeds) <= made + settings.max_batch
        assert len(runtime.downloads) == 0
        assert outcome(runtime, "client_gone") == 1
    assert client.was_cut_off
    assert "(client-gone) when 50 of 1000 pictures had been handed to the network" in caplog.text
    assert "from_seed=50 at the latest" in caplog.text


async def test_a_client_that_takes_nothing_is_cut_off(painter: Painter, settings: Settings) -> None:
    """After the time that any client has to take something; its place is free."""
    async with running(painter, settings, client_write_timeout_s=1) as (app, state, runtime):
        client = Client()
        client.stops_after = 10
        await client.ask(app, state)

        assert outcome(runtime, "client_slow") == 1
        assert len(runtime.downloads) == 0
    assert client.was_cut_off


async def test_shutdown_cuts_a_download_at_once(
    painter: Painter, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    """All that was sent is whole, and the rest follows from `from_seed`."""
    async with running(painter, settings) as (app, state, runtime):
        client = Client()
        client.stops_after = 72
        asking = asyncio.create_task(client.ask(app, state))
        await until(lambda: not client.may_read.is_set())
        with caplog.at_level(logging.WARNING):
            runtime.begin_drain()
            await asking
        late = Client()
        await late.ask(app, state)

        assert outcome(runtime, "shutdown") == 1
        assert late.status == 503
    assert client.was_cut_off
    assert "(shutdown) when 70 of 1000 pictures had been handed to the network" in caplog.text
    assert "from_seed=70 at the latest" in caplog.text
    assert records_in_tar(client.body) == expected_records(0, 70)


async def test_a_fault_before_the_first_picture_is_an_error(
    painter: Painter, settings: Settings
) -> None:
    """With its own status, since nothing was sent."""
    painter.faults[3] = ValueError("cursed")
    async with running(painter, settings) as (app, state, runtime):
        client = Client()
        await client.ask(app, state)

        assert client.status == 500
        assert b"engine-failed" in client.body
        assert len(runtime.downloads) == 0


async def test_a_fault_under_way_cuts_the_answer(
    painter: Painter, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    """The pictures before it are whole; the log has the seed."""
    painter.faults[500] = ValueError("cursed")
    async with running(painter, settings) as (app, state, runtime):
        client = Client()
        await client.ask(app, state)

        assert outcome(runtime, "failed") == 1
    records = records_in_tar(client.body)
    assert client.was_cut_off
    assert records == expected_records(0, len(records))
    assert 500 - AHEAD <= len(records) <= 500
    assert f"a data set failed at seed {len(records)}" in caplog.text


async def test_a_request_goes_first(painter: Painter, settings: Settings) -> None:
    """Beside an open download it waits for one short batch, and nothing refuses it."""
    async with running(painter, settings) as (app, state, runtime):
        painter.gate.clear()
        download = Client()
        asking = asyncio.create_task(download.ask(app, state))
        await until(lambda: painter.entered.is_set())
        work = asyncio.create_task(
            runtime.pipeline.render([painted(painter)], timeout_s=PATIENCE_S)
        )
        await until(lambda: local(runtime).batcher.unfinished())
        assert local(runtime).batcher.depths() == {painter.cards[0].pinned_name: 1}
        painter.gate.set()
        await work
        await asking

    (place,) = [n for n, batch in enumerate(painter.batches) if batch == [painted(painter)]]
    assert place == 1


def painted(painter: Painter) -> Recipe:
    """A picture that no data set has."""
    return Recipe(painter.cards[0].pinned_name, point_of(10**6), 32)
