"""What the folder of bundles shows is what is served, look by look."""

from __future__ import annotations

import asyncio
import logging
import shutil
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from service.batching.engine import BundleRefused, ModelInfo
from service.batching.recipe import Recipe, point_of
from service.composition import ServiceRuntime
from service.errors import NotReady
from service.pipeline import ImagePipeline
from service.registry.registry import ModelRegistry
from service.settings import Settings
from tests.service.painter import PATIENCE_S, Painter, card_named, local, paint, write_card

pytestmark = pytest.mark.anyio


class Clock:
    """A clock that goes when it is told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        """Seconds."""
        return self.now


class House:
    """A service on a folder of painted bundles, whose looks are taken by hand."""

    def __init__(self, settings: Settings) -> None:
        (self.bundles,) = settings.bundles
        self.painter = Painter(card_named("first"))
        self.settled = 0
        self.runtime = ServiceRuntime(settings, self.painter.open, self._settle)
        self.clock = Clock()

    def _settle(self) -> None:
        self.settled += 1

    def write(self, folder: str, card: str) -> None:
        """A bundle that the painter reads as the card of that name."""
        write_card(self.bundles / folder, card)

    async def open(self) -> None:
        """Start, and come back when it has loaded."""
        self.runtime.start()
        async with asyncio.timeout(PATIENCE_S):
            while local(self.runtime).is_loading:
                await asyncio.sleep(0.002)
        local(self.runtime).reloader._clock = self.clock

    async def look(self, *, at_once: bool = False) -> None:
        """One look."""
        await local(self.runtime).reloader.look(at_once=at_once)

    async def collect(self) -> None:
        """Unload what is due."""
        await local(self.runtime).reloader.collect_retired()

    @property
    def models(self) -> list[str]:
        """What is offered."""
        return list(self.runtime.catalogue.models)

    @property
    def painted(self) -> list[str]:
        """What the engine has."""
        return sorted(card.name for card in self.painter.loaded.values())

    @property
    def pipeline(self) -> ImagePipeline:
        """Where pictures are made."""
        return self.runtime.pipeline


@pytest.fixture
async def house(settings: Settings) -> AsyncIterator[House]:
    """A service that serves the model `first` of the folder `first`."""
    house = House(settings)
    await house.open()
    yield house
    house.painter.gate.set()
    await house.runtime.stop()


def recipes(name: str, count: int) -> list[Recipe]:
    """The pictures of the first seeds."""
    return [Recipe(card_named(name).pinned_name, point_of(seed), 8) for seed in range(count)]


async def test_a_bundle_that_is_added_is_served_at_the_second_look(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    """And said so; the first look sees that it is new."""
    caplog.set_level(logging.INFO)
    house.write("second", "second")
    await house.look()
    assert house.models == ["first"]
    await house.look()

    assert house.models == ["first", "second"]
    assert house.runtime.catalogue.default == "first"
    assert "bundle second is changing: it is read when two looks" in caplog.text
    assert f"bundle second: {card_named('second').pinned_name} is served" in caplog.text
    (image,) = await house.pipeline.render(recipes("second", 1))
    assert (image.pixels == paint(recipes("second", 1)[0])).all()


async def test_a_bundle_that_is_replaced_serves_the_new_model(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    """The old digest stays for its time and is put away."""
    caplog.set_level(logging.INFO)
    house.write("first", "second")
    await house.look()
    await house.look()
    assert (house.models, house.painted) == (["second"], ["first", "second"])
    assert house.runtime.catalogue.default == "second"
    assert "in place of first@" in caplog.text
    assert "stays for 60 s and until nothing needs it" in caplog.text
    assert "ready with second; the default is second" in caplog.text

    for house.clock.now in (59.0, 60.0):
        await house.collect()
        assert house.painted == ["first", "second"]
    assert house.settled == 1
    await house.collect()
    assert (house.painted, house.settled) == (["second"], 2)
    assert "was unloaded: nothing needs it any more" in caplog.text


async def test_what_is_queued_and_what_is_under_way_is_finished_with_the_old_model(
    house: House,
) -> None:
    """Also the later frames of a walk, which are not in the queue yet; and nothing is lost."""
    house.painter.gate.clear()
    walk = asyncio.create_task(house.pipeline.render_walk(recipes("first", 100), 32**2))
    crowd = asyncio.create_task(house.pipeline.render(recipes("first", 20)))
    await asyncio.to_thread(house.painter.entered.wait, PATIENCE_S)
    house.write("first", "second")
    await house.look()
    swap = asyncio.create_task(house.look())
    await asyncio.sleep(0.01)
    house.painter.gate.set()
    await swap
    new = await house.pipeline.render(recipes("second", 3))
    house.clock.now = 1e6
    await house.collect()
    await house.collect()
    frames, images = await walk, await crowd
    for done, asked in (
        (frames, recipes("first", 100)),
        (images, recipes("first", 20)),
        (new, recipes("second", 3)),
    ):
        assert [image.pixels.tobytes() for image in done] == [paint(r).tobytes() for r in asked]
    await house.collect()
    await house.collect()

    assert house.painted == ["second"]
    with pytest.raises(NotReady, match="send it again"):
        await house.pipeline.render(recipes("first", 1))


async def test_a_bad_bundle_is_refused_and_the_old_model_is_served_until_it_is_mended(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    """Told in readiness and in the self-test; once in the log."""
    house.write("first", "unfit: cut short. Copy the bundle again")
    for _ in range(5):
        await house.look()
    catalogue = house.runtime.require_ready()
    assert (list(catalogue.models), list(catalogue.refused)) == (["first"], ["first"])
    assert house.runtime.metrics.selftest_ok._value.get() == 0
    assert 1 == sum("Copy the bundle again" in line for line in caplog.messages)
    assert f"and {card_named('first').pinned_name} is served on" in caplog.text

    house.write("first", "mended")
    await house.look()
    await house.look()
    assert (house.models, house.runtime.catalogue.refused) == (["mended"], {})
    assert house.runtime.metrics.selftest_ok._value.get() == 1


async def test_what_fails_for_a_passing_reason_is_tried_again_without_a_change(
    house: House,
) -> None:
    """A disk that did not answer, or too little memory."""
    house.write("second", "second")
    house.painter.unwell = True
    for _ in range(2):
        await house.look()
    assert "does not answer" in house.runtime.catalogue.refused["second"]
    house.painter.unwell = False
    await house.look()
    assert house.models == ["first"]
    await house.look()

    assert (house.models, house.runtime.catalogue.refused) == (["first", "second"], {})


async def test_without_the_last_bundle_it_lives_on_and_becomes_ready_with_the_next(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    """Requests that wait for it are answered."""
    house.painter.gate.clear()
    asking = asyncio.create_task(house.pipeline.render(recipes("first", 2)))
    await asyncio.to_thread(house.painter.entered.wait, PATIENCE_S)
    shutil.rmtree(house.bundles / "first")
    await house.look()
    await house.look()
    with pytest.raises(NotReady, match="no bundle in"):
        house.runtime.require_ready()
    house.runtime.require_alive()
    assert "not ready: there is no bundle in" in caplog.text
    house.painter.gate.set()
    assert len(await asking) == 2

    house.write("next", "next")
    await house.look()
    await house.look()
    assert house.runtime.require_ready().default == "next"


async def test_a_folder_that_cannot_be_seen_changes_nothing(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    """A disk that is not mounted is not a wish to serve nothing; it is said once."""
    house.bundles.rename(house.bundles.with_name("away"))
    for _ in range(4):
        await house.look()
    assert house.runtime.require_ready().default == "first"
    assert 1 == sum("cannot be looked through" in line for line in caplog.messages)
    house.bundles.with_name("away").rename(house.bundles)
    for _ in range(2):
        await house.look()

    assert house.models == ["first"]


async def test_the_second_of_two_folders_with_one_name_waits_for_the_first_to_go(
    house: House,
) -> None:
    """It is refused until then."""
    house.write("copy", "first")
    await house.look()
    await house.look()
    assert "another folder, first: remove one" in house.runtime.catalogue.refused["copy"]
    shutil.rmtree(house.bundles / "first")
    await house.look()
    await house.look()

    assert (house.models, house.runtime.catalogue.refused) == (["first"], {})


async def test_whoever_asks_has_everything_read_at_once(house: House) -> None:
    """Without a second look; what is as it was stays as it was."""
    house.write("second", "second")
    await house.look(at_once=True)

    assert house.models == ["first", "second"]
    assert not house.runtime.catalogue.retiring


async def test_a_corrected_card_is_taken_up_and_told(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    """The digest is that of the weights, so the pictures keep their addresses."""
    caplog.set_level(logging.INFO)
    before = house.runtime.catalogue.models["first"]
    await house.look(at_once=True)
    house.painter.cards = (replace(before.card, licence="CC0 1.0"),)
    await house.look(at_once=True)

    after = house.runtime.catalogue.models["first"]
    assert (after.card.licence, after.pinned_name) == ("CC0 1.0", before.pinned_name)
    told = [line for line in caplog.messages if line.startswith("bundle first: ")]
    assert told == [
        f"bundle first: {before.pinned_name} is as it was",
        f"bundle first: {before.pinned_name} has a new card, same pictures",
    ]


async def test_it_looks_by_itself_and_when_it_is_called(settings: Settings) -> None:
    """Every so many seconds, if they are not 0."""
    often = settings.model_copy(update={"bundles_poll_s": 0.01})
    for chosen, call in ((often, False), (settings, True)):
        house = House(chosen)
        await house.open()
        house.write("second", "second")
        if call:
            await asyncio.sleep(0.05)
            assert "second" not in house.models
            house.runtime.look_for_models()
        async with asyncio.timeout(PATIENCE_S):
            while "second" not in house.models:
                await asyncio.sleep(0.005)
        await house.runtime.stop()
        shutil.rmtree(house.bundles)


async def test_a_fault_in_one_look_neither_ends_the_watch_nor_loses_a_change(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The next look reads everything."""
    house = House(settings.model_copy(update={"bundles_poll_s": 0.01}))
    await house.open()
    begin, faults = ModelRegistry.begin, [RuntimeError("ours")]

    def fail_once(*given: Any) -> None:
        if faults:
            raise faults.pop()
        begin(*given)

    monkeypatch.setattr(ModelRegistry, "begin", fail_once)
    house.write("second", "second")
    async with asyncio.timeout(PATIENCE_S):
        while "second" not in house.models:
            await asyncio.sleep(0.005)
    await house.runtime.stop()

    assert "were not looked through; they will be again" in caplog.text


async def test_a_model_that_is_not_approved_of_is_unloaded_and_the_old_one_stays(
    house: House,
) -> None:
    """As a refused bundle, with the reason of whoever refused it."""
    asked: list[str] = []

    async def approve(model: ModelInfo) -> None:
        asked.append(model.card.name)
        raise BundleRefused("another replica makes other pictures")

    reloader = local(house.runtime).reloader
    reloader._parts = replace(reloader._parts, approve=approve)
    house.write("first", "second")
    await house.look(at_once=True)

    assert asked == ["second"]
    assert house.models == ["first"]
    assert house.runtime.catalogue.refused == {"first": "another replica makes other pictures"}
    assert len(house.painted) == 1
