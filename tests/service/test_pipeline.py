"""From recipes to files: facts, time, and the allowance for walks."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from models.picture import Pixels
from service.batching.engine import ModelInfo
from service.batching.queue import Rendered
from service.batching.recipe import Recipe, point_of
from service.composition import ServiceRuntime
from service.errors import DeadlinePassed, DeadlineTooNear, NotReady, OutOfRange, QueueFull
from service.pipeline import ImagePipeline, Timing, timing_of
from service.settings import Settings
from tests.service.painter import MODE, PATIENCE_S, Painter, local

pytestmark = pytest.mark.anyio


def test_the_time_of_an_answer_is_that_of_its_slowest_image() -> None:
    """They were made side by side."""
    pixels = np.zeros((4, 4, 3), np.uint8)
    images = [Rendered(pixels, 0.1, 0.5, 2), Rendered(pixels, 0.3, 0.2, 4)]

    assert timing_of(images, 0.05) == Timing(0.3, 0.5, 0.05, 4)


FOLDER = Path("painter-32")


def serve(runtime: ServiceRuntime, painter: Painter) -> None:
    """Begin without a look at the folder."""
    (card,) = painter.cards
    painter.start()
    painter.loaded = {card.pinned_name: card}
    local(runtime).registry.serve(FOLDER, ModelInfo(card, MODE), 0.0)


@pytest.fixture
def pipeline(painter: Painter, settings: Settings) -> Iterator[ImagePipeline]:
    """A pipeline that may hold ten frames of 32 px of walks."""
    few = settings.model_copy(update={"interpolation_pixels": 10 * 32 * 32})
    runtime = ServiceRuntime(few, painter.open)
    serve(runtime, painter)
    yield runtime.pipeline
    painter.gate.set()
    local(runtime).batcher.stop()
    runtime.pipeline.close()


AREA = 32**2  # pixels of a frame


def frames(painter: Painter, count: int) -> list[Recipe]:
    """The frames of a walk at 32 px."""
    return [Recipe(painter.cards[0].pinned_name, point_of(n), 32) for n in range(count)]


async def test_encoding_leaves_the_event_loop_free(pipeline: ImagePipeline) -> None:
    """It runs on a thread of its own, and its time is told."""
    name, took = await pipeline.run_on_encoder("png", lambda: threading.current_thread().name)

    assert name.startswith("encoder")
    assert took >= 0


async def test_walks_that_fit_together_are_made_together(
    pipeline: ImagePipeline, painter: Painter
) -> None:
    """Ten frames may be held."""
    walks = await asyncio.gather(
        pipeline.render_walk(frames(painter, 4), AREA),
        pipeline.render_walk(frames(painter, 6), AREA),
    )

    assert [4, 6] == [len(walk) for walk in walks]


async def test_a_walk_that_does_not_fit_now_is_refused_until_it_does(
    pipeline: ImagePipeline, painter: Painter
) -> None:
    """What a walk held is free when it has ended."""
    painter.gate.clear()
    first = asyncio.create_task(pipeline.render_walk(frames(painter, 6), AREA))
    await asyncio.to_thread(painter.entered.wait, PATIENCE_S)
    with pytest.raises(QueueFull, match="too many walks are under way"):
        await pipeline.render_walk(frames(painter, 5), AREA)
    painter.gate.set()
    await first

    assert len(await pipeline.render_walk(frames(painter, 10), AREA)) == 10


async def test_a_walk_that_never_fits_is_the_clients_to_mend(
    pipeline: ImagePipeline, painter: Painter
) -> None:
    """It is told how many frames there may be."""
    with pytest.raises(OutOfRange, match="ask for at most 10 frames") as fault:
        await pipeline.render_walk(frames(painter, 11), AREA)

    assert fault.value.members["allowed"] == {"frames": 10}


async def test_a_walk_that_is_given_up_holds_nothing(
    pipeline: ImagePipeline, painter: Painter
) -> None:
    """Its client has gone."""
    painter.gate.clear()
    walk = asyncio.create_task(pipeline.render_walk(frames(painter, 10), AREA))
    await asyncio.to_thread(painter.entered.wait, PATIENCE_S)
    walk.cancel()
    await asyncio.wait([walk])
    painter.gate.set()

    assert len(await pipeline.render_walk(frames(painter, 10), AREA)) == 10


async def test_a_model_is_kept_while_its_pictures_are_awaited(
    painter: Painter, settings: Settings
) -> None:
    """Of a walk that is given up, too."""
    runtime = ServiceRuntime(settings, painter.open)
    serve(runtime, painter)
    painter.gate.clear()
    images = asyncio.create_task(runtime.pipeline.render(frames(painter, 1)))
    walk = asyncio.create_task(runtime.pipeline.render_walk(frames(painter, 10), AREA))
    await asyncio.to_thread(painter.entered.wait, PATIENCE_S)
    local(runtime).registry.remove(FOLDER, 0.0)
    for now in (1e3, 2e3):
        assert local(runtime).registry.collect(now, {}) == []
    painter.gate.set()
    await images
    assert local(runtime).registry.collect(3e3, {}) == []
    walk.cancel()
    await asyncio.wait([walk])
    unloaded = local(runtime).registry.collect(4e3, {})
    local(runtime).batcher.stop()
    runtime.pipeline.close()

    assert [painter.cards[0].pinned_name] == unloaded
    with pytest.raises(NotReady, match="send it again"):
        await runtime.pipeline.render(frames(painter, 1))


# ----------------------------------------------------------------------------------------
# Encoders that are slower than the engine


async def test_a_slow_encoder_bounds_what_is_promised_and_loses_nothing(
    painter: Painter, settings: Settings
) -> None:
    """Who is admitted is answered, who is not is refused at once and told when to come again."""
    runtime = ServiceRuntime(settings, painter.open)
    serve(runtime, painter)
    pipeline = ImagePipeline(
        settings.model_copy(update={"unencoded_bytes": 4 * 3 * AREA}),
        runtime.renderer,
        runtime.metrics,
        1,
    )
    gate = threading.Event()

    def write(images: Sequence[Pixels]) -> int:
        assert gate.wait(PATIENCE_S)
        return len(images)

    async def ask(number: int) -> int:
        made, _ = await pipeline.make([frames(painter, 12)[number]], AREA, "png", write)
        return made

    asked = [asyncio.create_task(ask(number)) for number in range(12)]
    async with asyncio.timeout(PATIENCE_S):
        while len(painter.seeds) < 4 or sum(task.done() for task in asked) < 8:
            await asyncio.sleep(0.002)
    promised = pipeline._encoders.unencoded_bytes
    gate.set()
    answers = await asyncio.gather(*asked, return_exceptions=True)
    refused = [answer for answer in answers if isinstance(answer, QueueFull)]
    assert (await pipeline.make(frames(painter, 1), AREA, "png", write))[0] == 1
    local(runtime).batcher.stop()
    pipeline.close()

    assert promised == 4 * 3 * AREA
    assert (answers.count(1), len(refused)) == (4, 8)
    assert all(full.retry_after_s for full in refused)
    assert pipeline._encoders.unencoded_bytes == 0
    assert len(painter.seeds) == 5


async def test_encoding_counts_for_the_deadline(painter: Painter, settings: Settings) -> None:
    """Refused at once where it is predicted, with 504 where it was not."""
    runtime = ServiceRuntime(settings, painter.open)
    serve(runtime, painter)
    pipeline, gate = runtime.pipeline, threading.Event()

    def write(images: Sequence[Pixels]) -> bool:
        return gate.wait(PATIENCE_S) and bool(images)

    recipe = frames(painter, 1)
    with pytest.raises(DeadlinePassed, match="rendered and not encoded in time"):
        await pipeline.make(recipe, AREA, "png", write, 0.3)
    pipeline._encoders._predictor.observe([Recipe("png", point_of(1), 32)], 60.0)
    pipeline._encoders._predictor.observe([Recipe("jpeg", point_of(1), 32)], 9.0)
    patient = settings.deadline_s
    with (
        pipeline._encoders.promised(1, AREA, pipeline._encoders.seconds(recipe, "jpeg")),
        pytest.raises(DeadlineTooNear) as refused,
    ):
        await pipeline.make(recipe, AREA, "png", write, patient)
    gate.set()
    local(runtime).batcher.stop()
    pipeline.close()

    assert float(str(refused.value.members["predicted_s"])) > patient


async def test_an_encoder_stops_when_the_request_ends(painter: Painter, settings: Settings) -> None:
    """At the next frame; its thread is free for others, and nobody hears of it."""
    runtime = ServiceRuntime(settings, painter.open)
    serve(runtime, painter)
    begun, go_on, read = threading.Event(), threading.Event(), list[int]()

    def write(images: Sequence[Pixels]) -> int:
        for number, _ in enumerate(images):
            read.append(number)
            begun.set()
            assert go_on.wait(PATIENCE_S)
        return len(images)

    async def ask(timeout_s: float) -> int:
        recipes = frames(painter, 10)
        made, _ = await runtime.pipeline.make(recipes, AREA, "gif", write, timeout_s, is_walk=True)
        return made

    left = asyncio.create_task(ask(PATIENCE_S))
    await asyncio.to_thread(begun.wait, PATIENCE_S)
    left.cancel()
    await asyncio.wait([left])
    go_on.set()
    await runtime.pipeline.run_on_encoder("png", lambda: None)  # the thread is free again
    assert (left.cancelled(), read) == (True, [0])

    go_on.clear()
    with pytest.raises(DeadlinePassed, match="rendered and not encoded in time"):
        await ask(0.5)
    go_on.set()
    await runtime.pipeline.run_on_encoder("png", lambda: None)
    assert read == [0, 0]
    assert await ask(PATIENCE_S) == 10
    local(runtime).batcher.stop()
    runtime.pipeline.close()
