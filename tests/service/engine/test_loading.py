"""From the folder of a bundle to a model that can be served, or the reason why not."""

from __future__ import annotations

import json
import logging
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from models.card import Card
from models.families.progan.config import ProganConfig
from models.family import ImageGenerator
from service.batching.engine import BundleRefused, DeviceLost
from service.batching.recipe import Recipe, point_of
from service.engine import loading
from service.engine.backends.complete_ways import complete_ways
from service.engine.backends.eager import CompiledNetwork, FoldedModules
from service.engine.device import Target
from service.engine.loading import load_model, make_exact
from service.engine.self_test import BrokenPromiseError, GoldenReport, Render, verify_golden
from service.engine.torch_models import open_models
from tests.conftest import MakeBundle
from tests.service.engine.opened_engine import opened, unlearned


def change_card(bundle: Path, **values: Any) -> None:
    """Write other values into a card."""
    path = bundle / "card.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


def test_every_good_bundle_is_served(make_bundle: MakeBundle) -> None:
    """Two models of different sizes and channels."""
    folder = make_bundle().parent
    make_bundle("gray-16", ProganConfig(16, 1, 16, 128, 16))
    engine = opened(folder)

    assert [("gray-16", True), ("tiny-32", True)] == [
        (model.card.name, model.mode.exact) for model in engine.served()
    ]
    for model in engine.served():
        (image,) = engine.render([Recipe(model.pinned_name, point_of(3), 16)])
        assert image.shape == (16, 16, model.card.network.channels)


def test_the_same_recipe_gives_the_same_bytes_in_any_company(make_bundle: MakeBundle) -> None:
    """Alone, in every size of batch, at every place in it."""
    engine = opened(make_bundle().parent)
    model = engine.served()[0].pinned_name
    wanted = Recipe(model, point_of(42), 32)
    (alone,) = engine.render([wanted])
    others = [Recipe(model, point_of(n), 4 << n % 4) for n in range(7)]
    for place in range(8):
        batch = [*others[:place], wanted, *others[place:]]
        assert np.array_equal(alone, engine.render(batch)[place])
        assert np.array_equal(alone, engine.render(batch[: place + 1])[place])


@pytest.mark.parametrize(("precision", "largest"), [("fp32", 4), ("bf16", 1)])
def test_only_what_a_trial_can_prove_runs_together(
    make_bundle: MakeBundle, precision: str, largest: int
) -> None:
    """In bf16 every step takes one image at a time, and no trial is believed."""
    model = load_model(make_bundle(), Target(torch.device("cpu"), 1, "fp32"), 1, unlearned)
    taken: list[int] = []

    def step(x: Tensor) -> Tensor:
        taken.append(len(x))
        return torch.zeros(len(x), 1, 1, 1)

    form = replace(
        model.network, trunk=(step,), ways=(step,) * 4, starts=(1,) * 4, precision=precision
    )

    exact = make_exact(replace(model, network=form), 4, unlearned)
    taken.clear()
    exact.render_batch([Recipe("tiny-32", point_of(seed), 32) for seed in range(4)])

    assert set(taken) == {largest}


def test_start_up_teaches_how_long_batches_take(make_bundle: MakeBundle) -> None:
    """The first prediction is not a guess."""
    learned: list[float] = []
    opened(make_bundle().parent, learned)

    assert len(learned) == 5  # four probes together, and each alone
    assert all(seconds > 0 for seconds in learned)


@pytest.mark.parametrize(
    ("harm", "reason"),
    [
        (lambda b: truncate(b / "generator.safetensors"), "truncated or changed"),
        (lambda b: flip_a_bit(b / "generator.safetensors"), "truncated or changed"),
        (lambda b: (b / "generator.safetensors").unlink(), "has no generator.safetensors"),
        (lambda b: (b / "card.json").write_text("{"), "cannot be read"),
        (lambda b: change_card(b, format_version=99), "format version 99"),
        (lambda b: change_card(b, family="unheard-of"), "unheard-of"),
        (lambda b: change_card(b, labels=["cat"]), "one label for each of 0 classes"),
        (lambda b: change_card(b, golden=[bad_golden()]), "differs from its card"),
    ],
    ids=["truncated", "flipped", "bare", "no-card", "newer", "family", "labels", "golden"],
)
def test_a_bad_bundle_is_refused_with_a_reason_and_the_others_are_served(
    make_bundle: MakeBundle, harm: Any, reason: str
) -> None:
    """With what to do."""
    bad = make_bundle("bad-32")
    make_bundle("good-32")
    harm(bad)
    engine = opened(bad.parent)

    assert ["good-32"] == [model.card.name for model in engine.served()]
    assert list(engine.refused) == ["bad-32"]
    assert reason in engine.refused["bad-32"]


def test_a_network_that_cannot_be_made_exact_is_served_in_batches_of_one(
    make_bundle: MakeBundle, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """And it is said."""
    monkeypatch.setattr(loading, "is_batch_invariant", lambda probes, render: False)
    with caplog.at_level(logging.ERROR):
        engine = opened(make_bundle().parent)
    (model,) = engine.served()

    assert not model.mode.exact
    assert "a picture depends on its batch here; serving batches of one" in caplog.text
    assert len(engine.render([Recipe(model.pinned_name, point_of(n), 8) for n in range(3)])) == 3


def test_a_bundle_that_is_too_coarse_in_bf16_is_served_in_fp32(
    make_bundle: MakeBundle, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """And the log says so."""
    tried: list[str] = []

    def strict(card: Card, render: Render) -> GoldenReport:
        tried.append("tried")
        if len(tried) == 1:
            raise BrokenPromiseError("seed 1 differs by 3 of 255 steps")
        return verify_golden(card, render)

    monkeypatch.setattr(loading, "verify_golden", strict)
    target = Target(torch.device("cpu"), 1, "bf16")
    with caplog.at_level(logging.WARNING):
        model = load_model(make_bundle(), target, 4, lambda *_: None)

    assert ("fp32", 2) == (model.served.mode.precision, len(tried))
    assert "bf16 is too coarse, so fp32 is tried: seed 1 differs by 3" in caplog.text


def test_a_model_tells_what_computes_it(make_bundle: MakeBundle) -> None:
    """Library, version, precision, processor: all that a last bit may depend on."""
    (served,) = opened(make_bundle().parent).served()

    assert ("cpu", "fp32") == (served.mode.device, served.mode.precision)
    assert re.search(r"torch 2.*, openvino 20", served.mode.libraries)
    assert served.mode.processor == torch.backends.cpu.get_cpu_capability()


def test_engines_with_other_numbers_of_threads_agree_where_their_pictures_do(
    make_bundle: MakeBundle,
) -> None:
    """Found by trying; so replicas accept each other's validators."""
    folder = make_bundle()
    modes = [
        load_model(folder, Target(torch.device("cpu"), threads, "fp32"), 2, lambda *_: None)
        for threads in (1, 2, 3)
    ]
    recipe = Recipe(modes[0].served.pinned_name, point_of(7), 8)
    pictures = {model.render_batch([recipe])[0].tobytes() for model in modes}

    assert len({model.served.mode.platform for model in modes}) == len(pictures) == 1


def test_an_engine_whose_threads_add_in_another_order_says_so(
    make_bundle: MakeBundle, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Its pictures are its own, and the log says why golden seeds differ."""
    monkeypatch.setattr(loading, "_is_thread_invariant", lambda *_: False)
    monkeypatch.setattr(loading, "verify_golden", lambda *_: GoldenReport(tried=2, equal=1))
    with caplog.at_level(logging.INFO):
        model = load_model(
            make_bundle(), Target(torch.device("cpu"), 2, "fp32"), 2, lambda *_: None
        )

    assert model.served.mode.libraries.endswith("threads 2")
    assert (model.served.mode.golden_tried, model.served.mode.golden_equal) == (2, 1)
    assert "1 of 2 golden seeds equal byte for byte" in caplog.text
    assert "normal on another kind of processor" in caplog.text


def test_no_memory_is_told_in_a_word_that_other_rooms_know(
    make_bundle: MakeBundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They do not import torch."""
    engine = opened(make_bundle().parent)
    _break_rendering(monkeypatch, torch.OutOfMemoryError("CUDA out of memory"))
    with pytest.raises(MemoryError, match="CUDA out of memory"):
        engine.render([Recipe(engine.served()[0].pinned_name, point_of(1), 8)])


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (torch.OutOfMemoryError("CUDA out of memory"), "lower PROGAN_MAX_BATCH"),
        (RuntimeError("unable to find an engine to execute"), "set PROGAN_DEVICE=cpu"),
        (ZeroDivisionError("by zero"), "Copy or export the bundle again"),
    ],
)
def test_a_bundle_that_cannot_be_verified_is_refused_with_what_to_do(
    make_bundle: MakeBundle, monkeypatch: pytest.MonkeyPatch, error: Exception, why: str
) -> None:
    """For memory that is short it is not the bundle's fault."""
    _break_rendering(monkeypatch, error)

    assert why in opened(make_bundle().parent).refused["tiny-32"]


def test_a_device_that_is_lost_at_start_is_no_fault_of_the_bundle(
    make_bundle: MakeBundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing can be loaded any more."""
    _break_rendering(monkeypatch, RuntimeError("CUDA error: unspecified launch failure"))
    with pytest.raises(DeviceLost):
        opened(make_bundle().parent)


@pytest.mark.parametrize(
    ("error", "raised"),
    [
        (torch.OutOfMemoryError("CUDA out of memory"), BundleRefused),
        (RuntimeError("CUDA error: an illegal memory access was encountered"), DeviceLost),
    ],
)
def test_a_fault_of_the_device_is_told_wherever_it_happens_in_a_load(
    make_bundle: MakeBundle,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
    raised: type[Exception],
) -> None:
    """Not only where pictures are rendered."""
    folder = make_bundle()
    models = open_models(device="cpu", threads=1, max_batch=4, max_work_s=1.0, precision="fp32")

    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(loading, "select_backend", fail)
    with pytest.raises(raised, match="CUDA"):
        models.load(folder, lambda *_: None)


def test_a_backend_with_fixed_batches_is_proved_and_says_its_size(
    make_bundle: MakeBundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The form of CUDA graphs, on a CPU: the same pictures alone and beside any others."""

    def padded(generator: ImageGenerator, target: Target) -> CompiledNetwork:
        folded = FoldedModules.of(generator)
        ways = complete_ways(folded, target.device, target.precision)
        at, sizes = (0,) * len(ways), folded.resolutions
        return CompiledNetwork(
            (), ways, at, sizes, target.device, "fp32", "padded", fixed_batches=True
        )

    monkeypatch.setattr(loading, "select_backend", padded)
    engine = opened(make_bundle().parent)
    model = engine.served()[0]
    recipes = [Recipe(model.pinned_name, point_of(s), (8, 32, 8, 16)[s % 4]) for s in range(7)]
    alone = [engine.render([recipe])[0] for recipe in recipes]

    assert model.mode.exact
    assert "padded of 4" in model.mode.libraries
    assert all(map(np.array_equal, engine.render(recipes), alone))
    assert all(map(np.array_equal, engine.render(recipes[::-1]), alone[::-1]))


def _break_rendering(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    """Every batch raises `error` from now on."""

    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(loading, "render_network", fail)


def truncate(path: Path) -> None:
    """Cut the last quarter off."""
    content = path.read_bytes()
    path.write_bytes(content[: len(content) * 3 // 4])


def flip_a_bit(path: Path) -> None:
    """One bit, in the middle of the weights."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def bad_golden() -> dict[str, Any]:
    """A promise that the network does not keep."""
    return {"seed": 1, "resolution": 32, "pixel_sha256": "0" * 64, "thumbnail": [255, 0] * 24}


def test_engines_that_make_the_same_pictures_have_the_same_self_test(
    make_bundle: MakeBundle,
) -> None:
    """It is a digest of pixels; another network has another one."""
    folder = make_bundle().parent
    make_bundle("gray-16", ProganConfig(16, 1, 16, 128, 16))
    once, again = ([m.self_test for m in opened(folder).served()] for _ in range(2))

    assert once == again
    assert len({*once}) == len(once) == 2
    assert all(len(digest) == 64 for digest in once)
