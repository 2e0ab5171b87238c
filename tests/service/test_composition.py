"""The life of the service: loading, ready, draining."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from models.layout import CARD_FILE, WEIGHTS_FILE
from service.batching.engine import DeviceLost
from service.batching.recipe import Recipe, point_of
from service.composition import ServiceRuntime
from service.errors import Draining, NotReady, QueueFull
from service.settings import Settings
from tests.conftest import MakeBundle
from tests.service.painter import PATIENCE_S, Painter, card_named, local, write_card

pytestmark = pytest.mark.anyio

GOLDEN = {"seed": 1, "resolution": 32, "pixel_sha256": "0" * 64, "thumbnail": [255, 0] * 24}


async def ready(runtime: ServiceRuntime) -> ServiceRuntime:
    """Start it and come back when it is ready."""
    runtime.start()
    async with asyncio.timeout(PATIENCE_S):
        while local(runtime).is_loading:
            await asyncio.sleep(0.002)
    return runtime


async def test_starting_returns_before_anything_is_loaded(
    settings: Settings, painter: Painter
) -> None:
    """Health answers from the first moment."""
    painter.opening.clear()
    runtime = ServiceRuntime(settings, painter.open)
    runtime.start()
    await asyncio.sleep(0.01)
    with pytest.raises(NotReady, match="still loading"):
        runtime.require_ready()
    runtime.require_alive()
    painter.opening.set()
    async with asyncio.timeout(PATIENCE_S):
        while local(runtime).is_loading:
            await asyncio.sleep(0.002)

    assert runtime.require_ready().default == "painter-32"
    await runtime.stop()


async def test_a_start_is_the_reload_of_an_empty_engine(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    """Nothing is served before all bundles have been read, and nothing need be spared."""
    caplog.set_level("INFO")
    painter = Painter(card_named("a"), card_named("b"))
    runtime = await ready(ServiceRuntime(settings, painter.open))
    await runtime.stop()

    assert painter.loads == [False, False]
    assert list(runtime.catalogue.models) == ["a", "b"]
    assert ["ready with a, b; the default is a"] == [
        line for line in caplog.messages if line.startswith(("ready", "not ready"))
    ]


async def test_at_start_bad_bundles_are_refused_with_their_reason_and_the_others_served(
    settings: Settings, make_bundle: MakeBundle, caplog: pytest.LogCaptureFixture
) -> None:
    """By the real engine: damaged, a second one of a name, and one that does not keep its word."""
    weights = make_bundle("bad-32") / WEIGHTS_FILE
    weights.write_bytes(weights.read_bytes()[:-9])
    make_bundle("good-32")
    for folder, values in (("second", {"name": "good-32"}), ("untrue", {"golden": [GOLDEN]})):
        card = make_bundle(folder) / CARD_FILE
        card.write_text(json.dumps(json.loads(card.read_text()) | values))
    runtime = await ready(ServiceRuntime(settings))
    refused = runtime.require_ready().refused
    recipe = Recipe(runtime.catalogue.models["good-32"].pinned_name, point_of(1), 32)
    (image,) = await runtime.pipeline.render([recipe])
    await runtime.stop()
    assert runtime.ended(PATIENCE_S)

    assert image.pixels.shape == (32, 32, 3)
    assert list(runtime.catalogue.models) == ["good-32"]
    reasons = ("truncated or changed", "loaded from another folder, good-32", "differs from its")
    for (folder, reason), why in zip(refused.items(), reasons, strict=True):
        assert why in reason
        assert f"bundle {folder} is refused: {reason}" in caplog.text


async def test_several_folders_of_bundles_are_served_together_and_the_first_of_a_name_wins(
    settings: Settings, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """One's own models beside the shipped ones; the log says which is left out."""
    folders = (tmp_path / "z", tmp_path / "a")
    for place, model in ((0, "mine"), (0, "both"), (1, "both"), (1, "theirs")):
        write_card(folders[place] / f"{model}-folder", model)
    several = settings.model_copy(update={"bundles": folders})
    runtime = await ready(ServiceRuntime(several, lambda *_: Painter()))
    await runtime.stop()
    second = folders[1] / "both-folder"

    assert list(runtime.catalogue.models) == ["both", "mine", "theirs"]
    assert list(runtime.catalogue.refused) == [str(second)]
    assert f"loaded from another folder, {folders[0] / 'both-folder'}: remove one" in caplog.text


async def test_a_folder_that_cannot_be_read_leaves_the_others_served(
    settings: Settings, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A disk that is not mounted; what it holds comes with it."""
    missing = tmp_path / "missing"
    write_card(tmp_path / "bundles" / "here", "here")
    several = settings.model_copy(update={"bundles": (missing, *settings.bundles)})
    runtime = await ready(ServiceRuntime(several, lambda *_: Painter()))
    assert list(runtime.catalogue.models) == ["here"]
    assert "PROGAN_BUNDLES cannot be looked through: [Errno 2] No such file or directory: " in (
        caplog.text
    )
    write_card(missing / "there", "there")
    for _ in range(2):
        await local(runtime).reloader.look()
    assert list(runtime.catalogue.models) == ["here", "there"]
    missing.rename(tmp_path / "away")
    for _ in range(3):
        await local(runtime).reloader.look(at_once=True)
    await runtime.stop()

    assert list(runtime.catalogue.models) == ["here", "there"]
    assert runtime.catalogue.refused == {}


async def test_an_engine_that_ends_while_it_loads_is_reported_and_refuses_no_bundle(
    settings: Settings, painter: Painter
) -> None:
    """The process must end; the bundles are not to blame."""
    runtime = ServiceRuntime(settings, painter.open)
    painter.start_fault = DeviceLost("an illegal memory access")
    runtime.start()
    async with asyncio.timeout(PATIENCE_S):
        while not local(runtime).engine_health.check():
            await asyncio.sleep(0.002)
    with pytest.raises(NotReady, match="could not start: an illegal memory access"):
        _ = runtime.catalogue

    assert local(runtime).registry.catalogue.refused == {}


async def test_what_is_learned_at_start_is_predicted(settings: Settings, painter: Painter) -> None:
    """The first `Retry-After` is no guess."""
    recipe = Recipe(painter.cards[0].pinned_name, point_of(1), 32)
    painter.timings = [([recipe], 3.0)] * 9
    runtime = await ready(ServiceRuntime(settings, painter.open))
    painter.gate.clear()
    asking = asyncio.create_task(runtime.pipeline.render([recipe]))
    await asyncio.to_thread(painter.entered.wait, PATIENCE_S)
    work = local(runtime).batcher.queued_work_s()
    painter.gate.set()
    await asking
    await runtime.stop()

    assert pytest.approx(3.0, abs=1.0) == work


async def test_a_queue_with_enough_work_refuses_more_until_it_is_done(
    settings: Settings, painter: Painter
) -> None:
    """Although there are places; and `Retry-After` is what is queued."""
    recipe = Recipe(painter.cards[0].pinned_name, point_of(1), 32)
    painter.timings = [([recipe], 3.0)] * 9
    few = settings.model_copy(update={"queue_work_s": 5.0, "deadline_s": 1e6})
    runtime = await ready(ServiceRuntime(few, painter.open))
    painter.gate.clear()
    local(runtime).batcher.submit([recipe], 1e12)
    await asyncio.to_thread(painter.entered.wait, PATIENCE_S)
    local(runtime).batcher.submit([recipe] * 2, 1e12)
    with pytest.raises(QueueFull, match="5 s may be queued") as full:
        await runtime.pipeline.render([recipe] * 6)
    painter.gate.set()
    await runtime.stop()

    assert full.value.retry_after_s is not None
    assert full.value.retry_after_s >= 3


async def test_a_service_that_drains_is_not_ready_and_serves(
    settings: Settings, painter: Painter
) -> None:
    """A balancer has time to look elsewhere; only at the end of it new work is refused."""
    runtime = await ready(ServiceRuntime(settings, painter.open))
    runtime.announce_drain()
    runtime.announce_drain()
    with pytest.raises(NotReady, match="shutting down"):
        runtime.require_ready()
    recipe = Recipe(painter.cards[0].pinned_name, point_of(1), 32)
    assert len(await runtime.pipeline.render([recipe])) == 1
    runtime.begin_drain()
    with pytest.raises(Draining):
        await runtime.pipeline.render([recipe])
    await runtime.stop()
    assert runtime.ended(PATIENCE_S)

    with pytest.raises(NotReady, match="the engine's thread has ended"):
        runtime.require_alive()


async def test_it_can_stop_while_it_loads(settings: Settings, painter: Painter) -> None:
    """Nobody waits for models that nobody will ask for."""
    painter.opening.clear()
    runtime = ServiceRuntime(settings, painter.open)
    runtime.start()
    await asyncio.sleep(0)
    await runtime.stop()
    painter.opening.set()
    assert runtime.ended(PATIENCE_S)

    with pytest.raises(NotReady):
        _ = runtime.catalogue
