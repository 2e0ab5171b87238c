"""The engine on this machine: what is done on its thread, and what beside it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from models.families.progan.config import ProganConfig
from service.batching.engine import BundleRefused
from service.batching.recipe import Recipe, point_of
from service.engine import torch_models
from service.engine.device import DeviceError
from service.engine.loading import Learn, LoadedModel
from service.engine.torch_engine import TorchEngine
from service.engine.torch_models import TorchModels, open_models
from service.errors import EngineLost
from service.registry.background_thread import BackgroundThread
from tests.conftest import MakeBundle

PATIENCE_S = 60
GRAY = ProganConfig(resolution=16, channels=1, latent_size=16, fmap_base=128, fmap_max=16)


def open_here() -> TorchModels:
    """The models of the CPU."""
    return open_models(device="cpu", threads=1, max_batch=4, max_work_s=9.0)


@pytest.fixture
def make_engine() -> Iterator[Callable[..., TorchEngine]]:
    """Makes engines, which end with the test."""
    engines: list[TorchEngine] = []

    def make(open_models: Callable[[], TorchModels] = open_here) -> TorchEngine:
        engines.append(TorchEngine(open_models, BackgroundThread()))
        return engines[-1]

    yield make
    for engine in engines:
        engine.stop()
        assert engine.ended(PATIENCE_S)


MakeEngine = Callable[..., TorchEngine]


def test_a_bundle_is_loaded_rendered_and_unloaded(
    make_engine: MakeEngine, make_bundle: MakeBundle
) -> None:
    """Before anything is served, and beside what is."""
    engine = make_engine()
    engine.start().result(PATIENCE_S)
    first = engine.load(make_bundle(), while_serving=False).result(PATIENCE_S)
    second = engine.load(make_bundle("gray-16", GRAY), while_serving=True).result(PATIENCE_S)
    sizes: list[tuple[int, ...]] = []
    for loaded in (first, second):
        recipe = Recipe(loaded.model.pinned_name, point_of(1), 16)
        rendered = engine.submit([recipe] * 2, 9.0).result(PATIENCE_S)
        assert rendered.seconds > 0
        sizes += [image.shape for image in rendered.images]
    engine.unload(first.model.pinned_name).result(PATIENCE_S)

    assert sizes == [(16, 16, 3)] * 2 + [(16, 16, 1)] * 2
    assert len(first.timings) == 5  # each probe alone, then all together
    assert len(second.timings) == 5
    gone = engine.submit([Recipe(first.model.pinned_name, point_of(1), 16)], 9.0)
    with pytest.raises(KeyError):
        gone.result(PATIENCE_S)


def test_while_nothing_is_served_all_is_done_on_the_engines_thread(
    make_engine: MakeEngine, make_bundle: MakeBundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With all cores and at full priority; beside serving, a thread of lower priority reads."""
    names: list[str] = []
    load = torch_models.load_model

    def watch(folder: Path, target: object, max_batch: int, learn: Learn) -> LoadedModel:
        names.append(threading.current_thread().name)
        return load(folder, target, max_batch, learn)  # pyright: ignore[reportArgumentType] - passed on

    monkeypatch.setattr(torch_models, "load_model", watch)
    engine = make_engine()
    engine.start().result(PATIENCE_S)
    engine.load(make_bundle(), while_serving=False).result(PATIENCE_S)
    engine.load(make_bundle("gray-16", GRAY), while_serving=True).result(PATIENCE_S)

    assert names == ["engine", "background"]


def test_batches_are_computed_between_the_steps_of_a_bundle_that_is_loaded(
    make_engine: MakeEngine, make_bundle: MakeBundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody waits for all of it."""
    engine = make_engine()
    engine.start().result(PATIENCE_S)
    pinned = engine.load(make_bundle(), while_serving=False).result(PATIENCE_S).model.pinned_name
    order: list[str] = []
    verify = TorchModels.verify

    def watch(self: TorchModels, model: LoadedModel, learn: Learn) -> Iterator[None]:
        for step in verify(self, model, learn):
            order.append("step")
            recipe = Recipe(pinned, point_of(1), 16)
            engine.submit([recipe], 9.0).add_done_callback(lambda _: order.append("batch"))
            yield step

    monkeypatch.setattr(TorchModels, "verify", watch)
    engine.load(make_bundle("gray-16", GRAY), while_serving=True).result(PATIENCE_S)

    assert order == ["step", "batch"] * 4


def test_a_bundle_that_is_refused_says_why_and_costs_nothing(
    make_engine: MakeEngine, make_bundle: MakeBundle
) -> None:
    """On either way."""
    engine = make_engine()
    engine.start().result(PATIENCE_S)
    bundle = make_bundle()
    (bundle / "generator.safetensors").unlink()
    for while_serving in (False, True):
        with pytest.raises(BundleRefused, match=r"has no generator\.safetensors"):
            engine.load(bundle, while_serving=while_serving).result(PATIENCE_S)

    assert engine.status().alive


def test_a_device_that_cannot_be_opened_is_reported_by_the_start(make_engine: MakeEngine) -> None:
    """And by whatever is asked for later; the thread lives, so that health can be asked."""

    def fail() -> TorchModels:
        raise DeviceError("PROGAN_DEVICE 'gpu7' is no device: use cpu or cuda:0")

    engine = make_engine(fail)
    with pytest.raises(DeviceError, match="gpu7"):
        engine.start().result(PATIENCE_S)
    for while_serving in (False, True):
        with pytest.raises(DeviceError, match="gpu7"):
            engine.load(Path("x"), while_serving=while_serving).result(PATIENCE_S)

    assert engine.status().alive


def test_an_engine_that_stops_gives_up_a_bundle_that_it_loads(
    make_engine: MakeEngine, make_bundle: MakeBundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The thread beside it ends with its next step, so that the process can end."""
    engine = make_engine()
    engine.start().result(PATIENCE_S)
    verify = TorchModels.verify

    def stop_first(self: TorchModels, model: LoadedModel, learn: Learn) -> Iterator[None]:
        engine.stop()
        return verify(self, model, learn)

    monkeypatch.setattr(TorchModels, "verify", stop_first)
    with pytest.raises(EngineLost):
        engine.load(make_bundle(), while_serving=True).result(PATIENCE_S)
