"""The shape of a network, as plain data."""

from typing import Any

import pytest
import torch

from models.families.progan.config import ProganConfig
from models.families.progan.generator import Generator
from training.exits.cost import path_costs


def test_feature_maps_are_those_of_the_published_1024_network() -> None:
    """512 up to 32 px, then half as many at each level down to 16 (appendix A, table 2)."""
    config = ProganConfig(1024)

    maps = [config.feature_maps(level) for level in range(config.top_level + 1)]

    assert maps == [512, 512, 512, 512, 256, 128, 64, 32, 16]


def test_resolutions_are_listed_smallest_first() -> None:
    """A network passes through every power of two from 4 to its own."""
    assert ProganConfig(32).resolutions == (4, 8, 16, 32)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"resolution": 48}, "power of two"),
        ({"resolution": 4}, "at least 8"),
        ({"resolution": 32.0}, "whole number above 0"),
        ({"resolution": 32, "channels": 2}, "channels must be one of"),
        ({"resolution": 32, "latent_size": 0}, "latent_size must be a whole number above 0"),
        ({"resolution": 32, "fmap_max": True}, "fmap_max must be a whole number above 0"),
        ({"resolution": 1024, "fmap_base": 511}, "must be at least 512"),
        ({"resolution": 32, "classes": -1}, "classes must be a whole number"),
        ({"resolution": 32, "base_height": 6, "base_width": 6}, "needs one side of 4"),
        ({"resolution": 32, "base_width": 17}, "from 2 to 16, such as 4x6, not 4x17"),
        ({"resolution": 32, "base_height": 1}, "from 2 to 16, such as 4x6, not 1x4"),
        ({"resolution": 32, "stem_norm": 0}, "stem_norm must be true or false, not 0"),
        ({"resolution": 32, "fmap_min": -1}, "fmap_min must be a whole number"),
        ({"resolution": 32, "fmap_max": 8, "fmap_min": 9}, "at most fmap_max = 8, not 9"),
        ({"resolution": 32, "tiling": 1}, "tiling must be true or false, not 1"),
    ],
)
def test_a_shape_that_cannot_be_built_is_refused(settings: dict[str, Any], message: str) -> None:
    """The message names the setting and says what is allowed."""
    with pytest.raises(ValueError, match=message):
        ProganConfig(**settings)


def test_the_smallest_feature_base_that_the_message_names_is_accepted() -> None:
    """At 1024 px a base of 512 leaves exactly one feature map."""
    assert ProganConfig(1024, fmap_base=512).feature_maps(8) == 1


def test_plain_values_come_back_as_the_same_config() -> None:
    """`from_dict` is the reverse of `to_dict`."""
    config = ProganConfig(64, channels=1, latent_size=32, fmap_base=1024, fmap_max=64)

    assert ProganConfig.from_dict(config.to_dict()) == config


@pytest.mark.parametrize("change", [{"depth": 3}, {"channels": None}])
def test_missing_and_unknown_settings_are_named(change: dict[str, int | None]) -> None:
    """A dictionary with one key too many or too few is refused by the name of that key."""
    values = {**ProganConfig(32).to_dict(), **change}
    values = {name: value for name, value in values.items() if value is not None}

    with pytest.raises(ValueError, match=f"{next(iter(change))}: (missing|unknown)"):
        ProganConfig.from_dict(values)


def test_classes_are_told_only_where_there_are_some() -> None:
    """So that what was written before there were classes reads as it did."""
    plain, conditional = ProganConfig(32), ProganConfig(32, classes=3)

    assert "classes" not in plain.to_dict()
    assert conditional.to_dict()["classes"] == 3
    assert [ProganConfig.from_dict(c.to_dict()) for c in (plain, conditional)] == [
        plain,
        conditional,
    ]


def test_the_norm_of_the_stem_is_told_only_where_it_is_left_out() -> None:
    """So that cards from before there was a choice read as they did."""
    usual, without = ProganConfig(32), ProganConfig(32, stem_norm=False)

    assert "stem_norm" not in usual.to_dict()
    assert without.to_dict()["stem_norm"] is False
    assert [ProganConfig.from_dict(c.to_dict()) for c in (usual, without)] == [usual, without]


def test_high_levels_may_have_more_feature_maps_than_published() -> None:
    """And cards without that read as they did."""
    usual, wider = ProganConfig(512, fmap_base=2048), ProganConfig(512, fmap_base=2048, fmap_min=16)

    assert [wider.feature_maps(level) for level in (4, 5, 6, 7)] == [64, 32, 16, 16]
    assert "fmap_min" not in usual.to_dict()
    assert [ProganConfig.from_dict(c.to_dict()) for c in (usual, wider)] == [usual, wider]


def test_a_level_is_named_by_the_side_that_began_as_four() -> None:
    """So a name is a power of two, whichever side is the longer one."""
    assert ProganConfig(512, base_height=3).size_at(512) == (384, 512)
    assert ProganConfig(32, base_width=6).resolutions == (4, 8, 16, 32)


def test_square_is_not_written_down() -> None:
    """Releases that knew no other shape read such a card; another shape says so, and comes back."""
    wide = ProganConfig(32, base_width=6)

    assert "base_width" not in ProganConfig(32).to_dict()
    assert wide.to_dict()["base_width"] == 6
    assert "base_height" not in wide.to_dict()
    assert ProganConfig.from_dict(wide.to_dict()) == wide


@pytest.mark.parametrize("base", [(4, 4), (4, 6)])
def test_the_cost_of_a_level_is_that_of_its_modules(base: tuple[int, int]) -> None:
    """As the modules themselves count it when they run."""
    height, width = base
    network = ProganConfig(
        32, latent_size=8, fmap_base=128, fmap_max=16, base_height=height, base_width=width
    )

    counted = path_costs(Generator(network), torch.zeros(1, 8))

    assert network.path_costs() == counted
