"""Models that come and go on one device."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from models.families.progan.config import ProganConfig
from service.batching.engine import BundleRefused
from service.batching.recipe import Recipe, point_of
from service.engine import torch_models
from service.engine.torch_engine import Timings
from service.engine.torch_models import TorchModels, open_models
from service.watermark.key import watermark_key
from tests.conftest import MakeBundle

OTHER = ProganConfig(resolution=16, channels=1, latent_size=16, fmap_base=128, fmap_max=16)


@pytest.fixture
def models(make_bundle: MakeBundle) -> TorchModels:
    """A device with the model `tiny-32`."""
    models = open_models(device="cpu", threads=1, max_batch=4, max_work_s=9.0)
    models.activate(models.load(make_bundle(), Timings().add))
    return models


def pinned_names(models: TorchModels) -> list[str]:
    """What is loaded."""
    return list(models.loaded)


def picture(models: TorchModels, pinned: str) -> bytes:
    """Seed 1 at 16 px."""
    (image,) = models.render_batch([Recipe(pinned, point_of(1), 16)])
    return image.tobytes()


def test_a_model_is_loaded_activated_and_unloaded(
    models: TorchModels, make_bundle: MakeBundle
) -> None:
    """Verified on one thread, then on the one that renders; the other model does not notice."""
    (old,) = pinned_names(models)
    before, timings = picture(models, old), Timings()
    model = models.load(make_bundle("gray-16", OTHER), Timings().add)
    pinned = model.served.pinned_name
    assert pinned not in models.loaded

    assert [None] * 4 == list(models.verify(model, timings.add))
    assert len(timings.batches) == 5  # each probe alone, then all together
    models.activate(model)
    assert len(picture(models, pinned)) == 16 * 16
    assert before == picture(models, old)
    models.unload(pinned)
    models.unload(pinned)

    assert [old] == pinned_names(models)
    assert before == picture(models, old)


def test_verifying_holds_no_batch_longer_than_it_may(
    models: TorchModels, make_bundle: MakeBundle
) -> None:
    """Other requests wait for the batch of all its probes together."""
    hurried, timings = replace(models, max_work_s=0.0), Timings()
    model = hurried.load(make_bundle("gray-16", OTHER), Timings().add)
    steps = len(list(hurried.verify(model, timings.add)))

    assert (steps, len(timings.batches)) == (4, 4)


def test_a_picture_that_depends_on_its_batch_on_the_other_thread_is_refused(
    models: TorchModels, make_bundle: MakeBundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was verified on one thread must hold on the other."""
    model = models.load(make_bundle("gray-16", OTHER), Timings().add)
    render = type(model).render_batch

    def crooked(self: object, recipes: Sequence[Recipe]) -> list[np.ndarray]:
        images = render(model, recipes)
        return [image ^ (len(recipes) > 1) for image in images]

    monkeypatch.setattr(type(model), "render_batch", crooked)
    with pytest.raises(BundleRefused, match="depends on its batch on the engine's thread"):
        list(models.verify(model, Timings().add))


def test_a_model_that_is_as_it_was_is_not_verified_again(
    models: TorchModels, make_bundle: MakeBundle, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A bundle that was copied once more, or to another folder."""
    bundle = tmp_path / "bundles" / "tiny-32"
    monkeypatch.setattr(torch_models, "load_model", None)
    model = models.load(bundle, Timings().add)

    assert model is models.loaded[model.served.pinned_name]
    assert list(models.verify(model, Timings().add)) == []


def test_another_card_for_the_same_weights_is_loaded(models: TorchModels, tmp_path: Path) -> None:
    """Somebody was thanked in it, say; the digest is that of the weights."""
    card = tmp_path / "bundles" / "tiny-32" / "card.json"
    card.write_text(json.dumps(json.loads(card.read_text()) | {"title": "Renamed"}))
    models.activate(models.load(card.parent, Timings().add))

    assert ["Renamed"] == [model.served.card.title for model in models.loaded.values()]


def test_changed_weights_under_an_unchanged_card_are_found_out(
    models: TorchModels, tmp_path: Path
) -> None:
    """Although that card is loaded."""
    weights = tmp_path / "bundles" / "tiny-32" / "generator.safetensors"
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(content)
    with pytest.raises(BundleRefused, match="truncated or changed") as refused:
        models.load(weights.parent, Timings().add)
    weights.unlink()
    with pytest.raises(BundleRefused, match=r"has no generator\.safetensors"):
        models.load(weights.parent, Timings().add)

    assert not refused.value.transient


def test_transient_faults_are_marked(
    models: TorchModels,
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
        models.load(bundle, Timings().add)

    def fail(*_: object) -> None:
        raise faults.pop()

    faults = [MemoryError("no more"), RuntimeError("who knows")]
    monkeypatch.setattr(torch_models, "load_card", fail)
    with caplog.at_level(logging.ERROR), pytest.raises(BundleRefused, match="who knows") as unknown:
        models.load(bundle, Timings().add)
    with pytest.raises(BundleRefused, match=r"not enough memory: no more\. Free some") as full:
        models.load(bundle, Timings().add)

    assert unreadable.value.transient
    assert unknown.value.transient
    assert full.value.transient
    assert 1 == caplog.text.count("unexpected fault")


def test_pictures_of_sixteen_bits_have_no_watermark_and_say_so(make_bundle: MakeBundle) -> None:
    """Their numbers are values; those of another model beside it are marked."""
    models = open_models(
        device="cpu", threads=1, max_batch=2, watermark_key=watermark_key(), max_work_s=9.0
    )
    deep = models.load(make_bundle("scans-16", OTHER, value_range=(0.0, 1.0)), Timings().add)
    shallow = models.load(make_bundle(), Timings().add)

    assert [deep.served.watermark, shallow.served.watermark] == ["none", "1"]
    recipe = Recipe(deep.served.pinned_name, point_of(1), 16, None, "none")
    assert deep.render_batch([recipe])[0].dtype == np.uint16
