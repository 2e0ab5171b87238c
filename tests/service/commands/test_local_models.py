"""Bundles are found by the names in their cards, and loaded when they are needed."""

from __future__ import annotations

from pathlib import Path

import pytest

from service.batching.recipe import Recipe, point_of
from service.commands.local_models import LocalModels
from service.errors import UnknownModel
from service.settings import Settings
from tests.conftest import MakeBundle


def test_a_model_is_loaded_once_and_renders(settings: Settings, bundles: Path) -> None:
    """By name, and by name and digest."""
    models = LocalModels(settings.model_copy(update={"bundles": (bundles,)}))
    served = models.find("tiny-32")
    (pixels,) = models.render([Recipe(served.pinned_name, point_of(7), 16)])

    assert models.find(served.pinned_name) is served
    assert pixels.shape == (16, 16, 3)


def test_what_is_not_there_is_said_with_what_is(settings: Settings, bundles: Path) -> None:
    """Another name, and another digest."""
    models = LocalModels(settings.model_copy(update={"bundles": (bundles,)}))

    with pytest.raises(UnknownModel, match="holds no bundle 'huge-1024'; it holds tiny-32"):
        models.find("huge-1024")
    with pytest.raises(UnknownModel, match="has another digest: tiny-32@"):
        models.find("tiny-32@" + "0" * 64)


def test_a_damaged_bundle_is_refused_with_its_reason(
    settings: Settings, make_bundle: MakeBundle
) -> None:
    """As the service refuses it."""
    weights = make_bundle() / "generator.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1])

    with pytest.raises(UnknownModel, match="Copy the bundle again"):
        LocalModels(settings).find("tiny-32")
