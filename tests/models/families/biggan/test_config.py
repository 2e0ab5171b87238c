"""The configuration of a BigGAN: feature maps, parts of the latent, costs."""

from __future__ import annotations

import pytest

from models.families.biggan.config import BigganConfig


def test_feature_maps_are_those_of_the_published_networks() -> None:
    """16, 16, 8, 4, 2 and 1 times 96 at 128 px (Brock et al. 2019, table 4)."""
    config = BigganConfig(128)

    maps = [config.feature_maps(level) for level in range(6)]
    assert maps == [1536, 1536, 768, 384, 192, 96]


def test_the_latent_is_divided_where_classes_share_a_vector() -> None:
    """One part for the first layer, one for each block."""
    assert (BigganConfig(128).chunks, BigganConfig(128).chunk_size) == (6, 20)
    assert BigganConfig(32, latent_size=128, class_size=0, classes=10).chunk_size == 0
    with pytest.raises(ValueError, match="divided among 6 layers: choose a multiple of 6"):
        BigganConfig(128, latent_size=128)


def test_an_entry_vector_is_latent_and_class() -> None:
    """One number for each class."""
    assert BigganConfig(128, classes=1000).entry_size == 1120
    assert BigganConfig(128).takes == ("seed",)
    assert BigganConfig(128, classes=1000).takes == ("seed", "label")


def test_costs_grow_from_level_to_level() -> None:
    """At 128 px about the 20.6 billion multiply-adds of the published generator."""
    costs = BigganConfig(128, attention=64, classes=1000).path_costs()

    assert costs == sorted(costs)
    assert costs[-1] == pytest.approx(20.6e9, rel=0.05)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"fmap_base": 31}, "must be at least 32"),
        ({"class_size": 0}, "without classes, class_size must be above 0"),
        ({"attention": 32}, "must be 0 or one of these: 8, 16"),
        ({"attention": 4}, "must be 0 or one of these: 8, 16"),
        ({"attention": 16, "fmap_base": 200}, "attention needs 8 feature maps at 16 px"),
        ({"latent_size": 0}, "only attention, class_size, classes, psi_steps may be 0"),
    ],
)
def test_what_cannot_be_built_is_refused(settings: dict[str, int], message: str) -> None:
    """Saying what is allowed."""
    with pytest.raises(ValueError, match=message):
        BigganConfig.from_dict(BigganConfig(32).to_dict() | settings)
