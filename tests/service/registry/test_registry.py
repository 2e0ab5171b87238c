"""Which models stand ready, and how long an old digest stays."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from service.batching.engine import BundleRefused, ModelInfo
from service.errors import NotReady, UnknownModel
from service.registry.registry import ModelRegistry
from tests.service.painter import MODE, card_named

GRACE_S = 60.0
FOLDERS = {name: Path("bundles") / name for name in "axyz"}


def model(name: str, digest: str) -> ModelInfo:
    """A model of that name, with a digest of one repeated letter."""
    return ModelInfo(replace(card_named(name), weights_sha256=digest * 64), MODE)


OLD, NEW, NEXT = (model("x-32", letter) for letter in "abc")
OTHER = model("y-32", "d")


@pytest.fixture
def registry() -> ModelRegistry:
    """A registry with the model `x-32` from the folder `x`."""
    registry = ModelRegistry([Path("bundles")], None, GRACE_S)
    registry.serve(FOLDERS["x"], OLD, 0.0)
    return registry


def test_a_replaced_digest_answers_to_its_pinned_name_until_its_time_is_over(
    registry: ModelRegistry,
) -> None:
    """Its plain name means the new one at once."""
    registry.serve(FOLDERS["x"], NEW, 10.0)
    assert registry.catalogue.find("x-32") is NEW
    assert registry.catalogue.find(OLD.pinned_name) is OLD
    assert list(registry.catalogue.models) == ["x-32"]

    assert registry.collect(69.0, {}) == []
    assert registry.catalogue.find(OLD.pinned_name) is OLD
    assert registry.collect(70.0, {}) == []
    with pytest.raises(UnknownModel, match="loaded with another digest"):
        registry.catalogue.find(OLD.pinned_name)
    assert registry.collect(71.0, {}) == [OLD.pinned_name]
    assert not registry.anything_retired


def test_an_old_digest_stays_as_long_as_somebody_needs_it(registry: ModelRegistry) -> None:
    """Images that wait, and requests that have not asked for all of theirs yet."""
    registry.serve(FOLDERS["x"], NEW, 0.0)
    with registry.using(OLD.pinned_name):
        for now in (1e3, 2e3):
            assert registry.collect(now, {}) == []
        with registry.using(OLD.pinned_name):  # it chose its model before that was closed
            pass
        assert registry.collect(3e3, {}) == []
    assert registry.collect(4e3, {OLD.pinned_name: 1}) == []

    assert registry.collect(5e3, {NEW.pinned_name: 1}) == [OLD.pinned_name]
    with pytest.raises(NotReady, match="send it again") as refused, registry.using(OLD.pinned_name):
        pass
    assert refused.value.retry_after_s == 1


def test_a_use_ends_with_an_error_too(registry: ModelRegistry) -> None:
    """Or a failed request would keep a network for ever."""
    with pytest.raises(ValueError, match="no"), registry.using(OLD.pinned_name):
        raise ValueError("no")
    registry.remove(FOLDERS["x"], 0.0)
    registry.collect(1e3, {})

    assert registry.collect(1e3, {}) == [OLD.pinned_name]


def test_of_each_name_one_old_digest_stays_for_its_time(registry: ModelRegistry) -> None:
    """So that frequent changes do not pile up networks."""
    registry.serve(FOLDERS["y"], OTHER, 0.0)
    registry.remove(FOLDERS["y"], 1.0)
    registry.serve(FOLDERS["x"], NEW, 1.0)
    registry.serve(FOLDERS["x"], NEXT, 2.0)
    assert registry.collect(3.0, {}) == []

    assert registry.collect(4.0, {}) == [OLD.pinned_name]
    assert {NEW.pinned_name, OTHER.pinned_name} == set(registry.catalogue.retiring)


def test_a_digest_that_comes_back_does_not_leave(registry: ModelRegistry) -> None:
    """The way back to the last good bundle is as short."""
    registry.serve(FOLDERS["x"], NEW, 0.0)
    registry.serve(FOLDERS["x"], OLD, 1.0)
    registry.collect(1e3, {})

    assert registry.collect(1e3, {}) == [NEW.pinned_name]
    assert registry.catalogue.find(None) is OLD


def test_a_folder_that_is_renamed_changes_nothing(registry: ModelRegistry) -> None:
    """The same model from another folder, in one look."""
    registry.serve(FOLDERS["z"], OLD, 1.0, gone=[FOLDERS["x"]])
    registry.remove(FOLDERS["x"], 1.0)

    assert registry.catalogue.find(None) is OLD
    assert not registry.anything_retired


def test_a_name_goes_over_to_another_folder_without_a_gap(registry: ModelRegistry) -> None:
    """As when one release of a deployment takes the place of another."""
    registry.serve(FOLDERS["z"], NEW, 1.0, gone=[FOLDERS["x"]])
    assert registry.catalogue.find("x-32") is NEW
    registry.remove(FOLDERS["x"], 1.0)

    assert registry.catalogue.find("x-32") is NEW
    assert [OLD.pinned_name] == list(registry.catalogue.retiring)


def test_the_first_folder_keeps_its_name(registry: ModelRegistry) -> None:
    """Two with one name would be a lottery."""
    with pytest.raises(BundleRefused, match="already loaded from another folder, x: remove one"):
        registry.serve(FOLDERS["a"], NEW, 1.0)

    assert registry.catalogue.find(None) is OLD


def test_a_refused_bundle_is_told_and_the_old_one_is_served(registry: ModelRegistry) -> None:
    """Until it is mended, or gone."""
    assert registry.refuse(FOLDERS["x"], "it is cut short")
    assert not registry.refuse(FOLDERS["x"], "it is cut short")
    assert registry.catalogue.refused == {"x": "it is cut short"}
    assert registry.catalogue.find(None) is OLD
    registry.refuse(FOLDERS["y"], "it is no bundle")
    assert registry.refused == [FOLDERS["x"], FOLDERS["y"]]
    registry.remove(FOLDERS["y"], 1.0)
    registry.serve(FOLDERS["x"], OLD, 1.0)

    assert registry.catalogue.refused == {}


def test_without_the_last_model_it_says_why_and_the_pinned_one_answers_for_its_time(
    registry: ModelRegistry,
) -> None:
    """Not ready is not dead."""
    registry.remove(FOLDERS["x"], 0.0)
    catalogue = registry.catalogue

    with pytest.raises(NotReady, match="no bundle in bundles: put one there"):
        catalogue.find(None)
    with pytest.raises(UnknownModel, match="loaded are none"):
        catalogue.find("x-32")
    assert catalogue.find(OLD.pinned_name) is OLD


def test_the_default_follows_what_is_there() -> None:
    """By the same rule as at start; a wanted one that is missing is told."""
    free, bound = ModelRegistry([Path()], None, GRACE_S), ModelRegistry([Path()], "x-32", GRACE_S)
    for each in (free, bound):
        each.serve(FOLDERS["y"], OTHER, 0.0)
    assert free.catalogue.require_default() == "y-32"
    with pytest.raises(NotReady, match="PROGAN_DEFAULT_MODEL is 'x-32', loaded are y-32"):
        bound.catalogue.require_default()
    assert bound.catalogue.find("y-32") is OTHER
    for each in (free, bound):
        each.serve(FOLDERS["x"], NEW, 0.0)

    assert (free.catalogue.default, bound.catalogue.default) == ("x-32", "x-32")
