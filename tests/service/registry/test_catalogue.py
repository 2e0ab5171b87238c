"""Which model a client means."""

from __future__ import annotations

from dataclasses import replace

import pytest

from models.families.cyclegan.config import CycleganConfig
from models.latent import label_of
from service.batching.engine import BundleRefused, EngineMode, ModelInfo
from service.errors import NotReady, OutOfRange, UnknownModel
from service.registry.catalogue import Catalogue, default_of
from tests.service.painter import card_named

MODE = EngineMode("cpu", "fp32", "torch")


def catalogue(*names: str) -> Catalogue:
    """Models of these names, the first being the default."""
    return Catalogue({name: ModelInfo(card_named(name), MODE) for name in names}, {}, names[0])


def test_a_model_is_found_by_name_by_digest_and_by_default() -> None:
    """Three ways to say it."""
    shelf = catalogue("a", "b")

    assert shelf.find("b").card.name == "b"
    assert shelf.find(card_named("b").pinned_name).card.name == "b"
    assert shelf.find(None).card.name == "a"


def test_a_pinned_model_is_never_replaced_by_another_of_its_name() -> None:
    """The message tells the digest there is."""
    with pytest.raises(UnknownModel, match="loaded with another digest: a@") as refused:
        catalogue("a").find("a@" + "0" * 64)

    assert refused.value.members["allowed"] == [card_named("a").pinned_name]


def test_an_old_digest_answers_to_its_pinned_name_alone() -> None:
    """As long as it is loaded."""
    old = ModelInfo(replace(card_named("a"), weights_sha256="0" * 64), MODE)
    shelf = replace(catalogue("a"), retiring={old.pinned_name: old})

    assert shelf.find(old.pinned_name) is old
    assert shelf.find("a") is shelf.find(card_named("a").pinned_name) is not old


def test_without_a_default_whoever_names_no_model_is_told_why() -> None:
    """And whoever names one is served."""
    shelf = replace(
        catalogue("a"), default=None, no_default_reason="b is missing", refused={"b": "bad"}
    )
    with pytest.raises(NotReady, match="b is missing") as refused:
        shelf.find(None)

    assert refused.value.members["refused"] == {"b": "bad"}
    assert shelf.find("a").card.name == "a"


def test_a_bundle_that_is_unfit_may_be_fit_another_time() -> None:
    """Where the fault lay elsewhere."""
    assert (
        str(BundleRefused("why")),
        BundleRefused("why").transient,
        BundleRefused("why", transient=True).transient,
    ) == (
        "why",
        False,
        True,
    )


def test_the_label_of_a_model_with_classes_is_one_of_its_own() -> None:
    """By name; a name that is none is refused with those there are."""
    served = ModelInfo(card_named("pets", labels=("cat", "dog")), MODE)

    assert (served.label_for("dog"), served.label_for(None)) == ("dog", None)
    with pytest.raises(OutOfRange, match="pets has no 'cow'; it has cat, dog"):
        served.label_for("cow")


def test_a_seed_brings_its_own_label_where_none_is_asked_for() -> None:
    """By the frozen rule; a model without classes has none."""
    pets = ModelInfo(card_named("pets", labels=("cat", "dog", "cow")), MODE)

    own = [pets.label_of(None, seed) for seed in range(20)]

    assert own == [("cat", "dog", "cow")[label_of(seed, 3)] for seed in range(20)]
    assert [pets.label_of("cow", seed) for seed in range(20)] == ["cow"] * 20
    assert ModelInfo(card_named("a"), MODE).label_of(None, 7) is None


@pytest.mark.parametrize(
    ("names", "wanted", "default"),
    [
        (["b", "a"], None, "a"),
        (["a", "b"], "b", "b"),
        (["a", "b"], "c", None),
        ([], None, None),
    ],
)
def test_the_default_is_the_wanted_one_or_the_first(
    names: list[str], wanted: str | None, default: str | None
) -> None:
    """And none where the wanted one is not there."""
    assert default_of([card_named(name) for name in names], wanted) == default


def test_the_model_of_the_highest_resolution_is_the_default() -> None:
    """And of several with it the first by name."""
    cards = [card_named("a-9", 8), card_named("c", 16), card_named("b", 16)]

    assert default_of(cards, None) == "b"


def test_a_model_that_translates_is_the_default_only_among_its_like() -> None:
    """Most requests are of seeds; those that translate find it without a name."""
    seeds, large = card_named("seeds", 16), card_named("large", 64)
    network = CycleganConfig(64, 3, 4, 1, 4, 2)
    translating = replace(large, network=network, labels=("dark", "light"))

    assert default_of([translating, seeds], None) == "seeds"
    assert default_of([translating], None) == "large"
    infos = {card.name: ModelInfo(card, MODE) for card in (seeds, translating)}
    both = Catalogue(infos, {}, "seeds")
    assert both.find_for_translation(None).card is translating
    assert both.find_for_translation("seeds").card is seeds  # refused by what it takes
    assert both.find_for_seeds(None).card is seeds
    with pytest.raises(OutOfRange, match="POST /translate.model=large&to=dark"):
        both.find_for_seeds("large")
    with pytest.raises(UnknownModel, match="no loaded model translates pictures"):
        Catalogue({"seeds": infos["seeds"]}, {}, "seeds").find_for_translation(None)
