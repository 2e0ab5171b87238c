"""Models that come and go on one device."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from models.families.progan.config import NetworkConfig
from service.batching.engine import BundleRefused
from service.batching.recipe import Recipe, point_of
from service.engine import torch_engine
from service.engine.torch_engine import TorchEngine, open_engine
from tests.conftest import MakeBundle

OTHER = NetworkConfig(resolution=16, channels=1, latent_size=16, fmap_base=128, fmap_max=16)


@pytest.fixture
def learned() -> list[float]:
    """Seconds that the engine told."""
    return []


@pytest.fixture
def engine(make_bundle: MakeBundle, learned: list[float]) -> TorchEngine:
    """An engine that serves `tiny-32`."""
    return open_engine(
        make_bundle().parent,
        device="cpu",
        threads=1,
        max_batch=4,
        learn=lambda _recipes, seconds: learned.append(seconds),
    )


def picture(engine: TorchEngine, pinned: str) -> bytes:
    """Seed 1 at 16 px."""
    (image,) = engine.render([Recipe(pinned, point_of(1), 16)])
    return image.tobytes()


def test_it_says_which_folder_gave_which_model(engine: TorchEngine) -> None:
    """A folder and its model may have different names."""
    (served,) = engine.served()

    assert {"tiny-32": served.pinned_name} == engine.origins


def test_hidden_and_unfinished_folders_are_passed_over(make_bundle: MakeBundle) -> None:
    """An export that is under way is no second model of its name."""
    whole = make_bundle()
    for name in (".tiny", "tiny-32.partial-abc"):
        make_bundle(f"x-{len(name)}").rename(whole.with_name(name))
    opened = open_engine(
        whole.parent, device="cpu", threads=1, max_batch=2, learn=torch_engine.unlearned
    )

    assert (["tiny-32"], {}) == (list(opened.origins), opened.refused)


def test_a_model_is_taken_up_and_put_away(
    engine: TorchEngine, make_bundle: MakeBundle, learned: list[float]
) -> None:
    """Proved on another thread, rehearsed and taken up here; the other model does not notice."""
    old = engine.served()[0].pinned_name
    before, learned[:] = picture(engine, old), []
    candidate = engine.load(make_bundle("gray-16", OTHER))
    pinned = candidate.served.pinned_name
    assert (pinned in engine.models, learned) == (False, [])

    assert [None] * 4 == list(candidate.verify(9.0))
    assert len(learned) == 5  # each probe alone, then all together
    candidate.activate()
    assert len(picture(engine, pinned)) == 16 * 16
    assert before == picture(engine, old)
    engine.unload(pinned)
    engine.unload(pinned)

    assert [old] == list(engine.models)
    assert before == picture(engine, old)


def test_a_rehearsal_holds_no_batch_longer_than_it_may(
    engine: TorchEngine, make_bundle: MakeBundle, learned: list[float]
) -> None:
    """Other requests wait for the batch of all its probes together."""
    candidate = engine.load(make_bundle("gray-16", OTHER))
    learned.clear()
    steps = len(list(candidate.verify(0.0)))

    assert (steps, len(learned)) == (4, 4)


def test_a_rehearsal_that_shows_another_picture_ends_it(
    engine: TorchEngine, make_bundle: MakeBundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was proved on one thread must hold on the other."""
    candidate = engine.load(make_bundle("gray-16", OTHER))
    render = type(candidate.model).render_batch

    def crooked(self: object, recipes: Sequence[Recipe]) -> list[np.ndarray]:
        images = render(candidate.model, recipes)
        return [image ^ (len(recipes) > 1) for image in images]

    monkeypatch.setattr(type(candidate.model), "render", crooked)
    with pytest.raises(BundleRefused, match="depends on its batch on the engine's thread"):
        list(candidate.verify(9.0))


def test_a_model_that_is_as_it_was_is_not_proved_again(
    engine: TorchEngine, make_bundle: MakeBundle, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A bundle that was copied once more, or to another folder."""
    bundle = tmp_path / "bundles" / "tiny-32"
    monkeypatch.setattr(torch_engine, "load_model", None)
    candidate = engine.load(bundle)

    assert candidate.model is engine.models[candidate.served.pinned_name]
    assert list(candidate.verify(9.0)) == []


def test_another_card_for_the_same_weights_is_taken_up(engine: TorchEngine, tmp_path: Path) -> None:
    """Somebody was thanked in it, say; the digest is that of the weights."""
    card = tmp_path / "bundles" / "tiny-32" / "card.json"
    card.write_text(json.dumps(json.loads(card.read_text()) | {"title": "Renamed"}))
    candidate = engine.load(card.parent)
    candidate.activate()

    assert ["Renamed"] == [served.card.title for served in engine.served()]


def test_changed_weights_under_an_unchanged_card_are_found_out(
    engine: TorchEngine, tmp_path: Path
) -> None:
    """Although that card is loaded."""
    weights = tmp_path / "bundles" / "tiny-32" / "generator.safetensors"
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(content)
    with pytest.raises(BundleRefused, match="truncated or changed") as refused:
        engine.load(weights.parent)
    weights.unlink()
    with pytest.raises(BundleRefused, match=r"has no generator\.safetensors"):
        engine.load(weights.parent)

    assert not refused.value.transient


def test_faults_that_may_pass_are_marked(
    engine: TorchEngine,
    make_bundle: MakeBundle,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """What the disk or the memory did is no fault of the bundle."""
    bundle = make_bundle("gray-16", OTHER)
    (bundle / "generator.safetensors").unlink()
    (bundle / "generator.safetensors").mkdir()
    (bundle / "card.json").rename(bundle / "card")
    (bundle / "card.json").mkdir()
    with pytest.raises(BundleRefused, match="cannot be read") as unreadable:
        engine.load(bundle)

    def fail(*_: object) -> None:
        raise faults.pop()

    faults = [MemoryError("no more"), RuntimeError("who knows")]
    monkeypatch.setattr(torch_engine, "load_card", fail)
    with caplog.at_level(logging.ERROR), pytest.raises(BundleRefused, match="who knows") as unknown:
        engine.load(bundle)
    with pytest.raises(BundleRefused, match=r"not enough memory: no more\. Free some") as full:
        engine.load(bundle)

    assert unreadable.value.transient
    assert unknown.value.transient
    assert full.value.transient
    assert 1 == caplog.text.count("unexpected fault")
