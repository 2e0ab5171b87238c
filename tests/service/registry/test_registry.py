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


def model(name: str, digest: str) -> ModelInfo:
    """A model of that name, with a digest of one repeated letter."""
    return ModelInfo(replace(card_named(name), weights_sha256=digest * 64), MODE)


OLD, NEW, NEXT = (model("x-32", letter) for letter in "abc")
OTHER = model("y-32", "d")


@pytest.fixture
def shelf() -> ModelRegistry:
    """A shelf with the model `x-32` from the folder `x`."""
    shelf = ModelRegistry(Path("bundles"), None, GRACE_S)
    shelf.place("x", OLD, 0.0)
    return shelf


def test_a_replaced_digest_answers_to_its_pinned_name_until_its_time_is_over(
    shelf: ModelRegistry,
) -> None:
    """Its plain name means the new one at once."""
    shelf.place("x", NEW, 10.0)
    assert shelf.catalogue().find("x-32") is NEW
    assert shelf.catalogue().find(OLD.pinned_name) is OLD
    assert list(shelf.catalogue().models) == ["x-32"]

    assert shelf.collect(69.0, {}) == []
    assert shelf.catalogue().find(OLD.pinned_name) is OLD
    assert shelf.collect(70.0, {}) == []
    with pytest.raises(UnknownModel, match="loaded with another digest"):
        shelf.catalogue().find(OLD.pinned_name)
    assert shelf.collect(71.0, {}) == [OLD.pinned_name]
    assert not shelf.anything_leaving


def test_an_old_digest_stays_as_long_as_somebody_needs_it(shelf: ModelRegistry) -> None:
    """Images that wait, and requests that have not asked for all of theirs yet."""
    shelf.place("x", NEW, 0.0)
    with shelf.using(OLD.pinned_name):
        for now in (1e3, 2e3):
            assert shelf.collect(now, {}) == []
        with shelf.using(OLD.pinned_name):  # it chose its model before that was closed
            pass
        assert shelf.collect(3e3, {}) == []
    assert shelf.collect(4e3, {OLD.pinned_name: 1}) == []

    assert shelf.collect(5e3, {NEW.pinned_name: 1}) == [OLD.pinned_name]
    with pytest.raises(NotReady, match="send it again") as refused, shelf.using(OLD.pinned_name):
        pass
    assert refused.value.retry_after_s == 1


def test_a_use_ends_with_an_error_too(shelf: ModelRegistry) -> None:
    """Or a failed request would keep a network for ever."""
    with pytest.raises(ValueError, match="no"), shelf.using(OLD.pinned_name):
        raise ValueError("no")
    shelf.remove("x", 0.0)
    shelf.collect(1e3, {})

    assert shelf.collect(1e3, {}) == [OLD.pinned_name]


def test_of_each_name_one_old_digest_stays_for_its_time(shelf: ModelRegistry) -> None:
    """So that frequent changes do not pile up networks."""
    shelf.place("y", OTHER, 0.0)
    shelf.remove("y", 1.0)
    shelf.place("x", NEW, 1.0)
    shelf.place("x", NEXT, 2.0)
    assert shelf.collect(3.0, {}) == []

    assert shelf.collect(4.0, {}) == [OLD.pinned_name]
    assert {NEW.pinned_name, OTHER.pinned_name} == set(shelf.catalogue().retiring)


def test_a_digest_that_comes_back_does_not_leave(shelf: ModelRegistry) -> None:
    """The way back to the last good bundle is as short."""
    shelf.place("x", NEW, 0.0)
    shelf.place("x", OLD, 1.0)
    shelf.collect(1e3, {})

    assert shelf.collect(1e3, {}) == [NEW.pinned_name]
    assert shelf.catalogue().find(None) is OLD


def test_a_folder_that_is_renamed_changes_nothing(shelf: ModelRegistry) -> None:
    """The same model from another folder, in one look."""
    shelf.place("z", OLD, 1.0, gone=["x"])
    shelf.remove("x", 1.0)

    assert shelf.catalogue().find(None) is OLD
    assert not shelf.anything_leaving


def test_a_name_goes_over_to_another_folder_without_a_gap(shelf: ModelRegistry) -> None:
    """As when one release of a deployment takes the place of another."""
    shelf.place("z", NEW, 1.0, gone=["x"])
    assert shelf.catalogue().find("x-32") is NEW
    shelf.remove("x", 1.0)

    assert shelf.catalogue().find("x-32") is NEW
    assert [OLD.pinned_name] == list(shelf.catalogue().retiring)


def test_the_first_folder_keeps_its_name(shelf: ModelRegistry) -> None:
    """Two with one name would be a lottery."""
    with pytest.raises(BundleRefused, match="already loaded from another folder, x: remove one"):
        shelf.place("a", NEW, 1.0)

    assert shelf.catalogue().find(None) is OLD


def test_a_refused_bundle_is_told_and_the_old_one_is_served(shelf: ModelRegistry) -> None:
    """Until it is mended, or gone."""
    assert shelf.refuse("x", "it is cut short")
    assert not shelf.refuse("x", "it is cut short")
    assert shelf.catalogue().refused == {"x": "it is cut short"}
    assert shelf.catalogue().find(None) is OLD
    shelf.refuse("y", "it is no bundle")
    assert shelf.refused == ["x", "y"]
    shelf.remove("y", 1.0)
    shelf.place("x", OLD, 1.0)

    assert shelf.catalogue().refused == {}


def test_without_the_last_model_it_says_why_and_the_pinned_one_answers_for_its_time(
    shelf: ModelRegistry,
) -> None:
    """Not ready is not dead."""
    shelf.remove("x", 0.0)
    catalogue = shelf.catalogue()

    with pytest.raises(NotReady, match="no bundle in bundles: put one there"):
        catalogue.find(None)
    with pytest.raises(UnknownModel, match="loaded are none"):
        catalogue.find("x-32")
    assert catalogue.find(OLD.pinned_name) is OLD


def test_the_default_follows_what_is_there() -> None:
    """By the same rule as at start; a wanted one that is missing is told."""
    free, bound = ModelRegistry(Path(), None, GRACE_S), ModelRegistry(Path(), "x-32", GRACE_S)
    for shelf in (free, bound):
        shelf.place("y", OTHER, 0.0)
    assert free.catalogue().require_default() == "y-32"
    with pytest.raises(NotReady, match="PROGAN_DEFAULT_MODEL is 'x-32', loaded are y-32"):
        bound.catalogue().require_default()
    assert bound.catalogue().find("y-32") is OTHER
    for shelf in (free, bound):
        shelf.place("x", NEW, 0.0)

    assert (free.catalogue().default, bound.catalogue().default) == ("x-32", "x-32")
