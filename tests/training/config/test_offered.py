"""A configuration asks only for what its family offers and its objective needs."""

from __future__ import annotations

from dataclasses import replace

import pytest

from models.families.dcgan.config import DcganConfig
from models.families.progan.config import ProganConfig
from training.config.config import TrainingConfig
from training.config.groups import ConfigError, LevelPlan, ObjectiveConfig, OptimizerConfig
from training.config.offered import (
    require_crops,
    require_labels,
    require_levels,
    require_objective,
    require_styles,
)
from training.config.overrides import apply_settings
from training.config.presets import PRESETS
from training.config.style_settings import StyleConfig

DCGAN = DcganConfig(8)


def test_a_family_has_its_own_uses_of_classes(config: TrainingConfig) -> None:
    """Concatenation is for DCGANs."""
    require_labels(replace(DCGAN, classes=3), ObjectiveConfig(labels="concatenation"))
    with pytest.raises(ConfigError, match="labels of the family progan is none or projection or"):
        require_labels(config.network, ObjectiveConfig(labels="concatenation"))
    with pytest.raises(ConfigError, match="needs labels=concatenation or labels=projection or"):
        require_labels(replace(DCGAN, classes=3), ObjectiveConfig())


def test_weights_are_clipped_for_wgan_and_for_nothing_else(config: TrainingConfig) -> None:
    """Where layers are equalized, a bound on weights means nothing."""
    wgan = ObjectiveConfig(name="wgan")
    require_objective(DCGAN, wgan, OptimizerConfig(weight_clip=0.01))
    with pytest.raises(ConfigError, match="wgan needs weight_clip above 0; 0.01 is the published"):
        require_objective(DCGAN, wgan, OptimizerConfig())
    with pytest.raises(ConfigError, match="weight_clip is for objective=wgan, not bce: set weight"):
        require_objective(DCGAN, ObjectiveConfig(name="bce"), OptimizerConfig(weight_clip=0.01))
    with pytest.raises(ConfigError, match="objective of the family progan is .*, not wgan"):
        require_objective(config.network, wgan, OptimizerConfig(weight_clip=0.01))


def test_a_network_that_does_not_grow_shows_its_top_level_only(config: TrainingConfig) -> None:
    """And fades nothing in."""
    require_levels(DCGAN, (LevelPlan(4, 0, 0, 4), LevelPlan(8, 0, 8, 4)))
    require_levels(config.network, config.levels)
    for levels in (
        (LevelPlan(4, 0, 8, 4), LevelPlan(8, 0, 8, 4)),
        (LevelPlan(4, 0, 0, 4), LevelPlan(8, 4, 8, 4)),
    ):
        with pytest.raises(ConfigError, match="dcgan does not grow: all images are shown at 8 px"):
            require_levels(DCGAN, levels)


def test_crops_are_smaller_pictures_with_room_for_their_margin(config: TrainingConfig) -> None:
    """And of a Progressive GAN whose pictures do not tile."""
    network = ProganConfig(64, latent_size=8, fmap_base=256, fmap_max=8)
    require_crops(network, (LevelPlan(32, 0, 8, 4, crop=16), LevelPlan(64, 0, 8, 4, crop=32)))
    for crop in (8, 12, 64):
        with pytest.raises(
            ConfigError, match=rf"levels.64.crop must be 0 or one of 16, 32, not {crop}"
        ):
            require_crops(network, (LevelPlan(64, 0, 8, 4, crop=crop),))
    with pytest.raises(ConfigError, match=r"levels.8.crop must be 0, not 4"):
        require_crops(config.network, (LevelPlan(8, 0, 8, 4, crop=4),))
    with pytest.raises(ConfigError, match="cannot be combined with tiling"):
        require_crops(replace(network, tiling=True), (LevelPlan(64, 0, 8, 4, crop=16),))
    with pytest.raises(ConfigError, match="levels.8.crop is for the family progan, not dcgan"):
        require_crops(DCGAN, (LevelPlan(8, 0, 8, 4, crop=4),))


def test_crops_agree_with_a_smaller_picture_that_was_learned_and_stays() -> None:
    """No level between may change it: by whole pictures, by smaller crops, or by crops at will."""
    network = ProganConfig(128, latent_size=8, fmap_base=64, fmap_max=8)
    smaller, whole = LevelPlan(32, 0, 8, 4), LevelPlan(64, 0, 8, 4)
    crops = LevelPlan(128, 0, 8, 4, crop=32, consistency=1.0)
    with pytest.raises(ConfigError, match=r"set levels.128.crop to more than 0, or levels.128.con"):
        require_crops(network, (replace(crops, crop=0),))
    for changing in (whole, replace(whole, crop=16), replace(whole, crop=32)):
        with pytest.raises(ConfigError, match=r"needs levels.64.crop=32 and a levels.64.con"):
            require_crops(network, (smaller, changing, crops))
    unlearned = replace(smaller, stable_images=0)
    with pytest.raises(ConfigError, match=r"picture of 32 px, .* set levels.32.stable_images to"):
        require_crops(network, (unlearned, crops))

    require_crops(network, (unlearned, crops), begins_with_weights=True)
    require_crops(network, (smaller, replace(whole, stable_images=0), crops))
    require_crops(network, (smaller, replace(whole, crop=32, consistency=2.0), crops))


def test_another_objective_brings_its_bound_along() -> None:
    """As it brings the weight of its penalty."""
    wgan = apply_settings(PRESETS["dcgan-32"], ["objective=wgan", "critic_steps=5"])
    back = apply_settings(wgan, ["objective=bce"])

    assert (wgan.optimizer.weight_clip, back.optimizer.weight_clip) == (0.01, 0.0)


@pytest.mark.parametrize("setting", ["tiling=true", "network.fmap_max=8", "network.family=progan"])
def test_settings_of_another_family_are_refused(setting: str) -> None:
    """The message lists those that there are."""
    with pytest.raises(ConfigError, match="no setting named network.*: there are channels, latent"):
        apply_settings(PRESETS["dcgan-32"], [setting])


def test_settings_of_styles_are_for_networks_that_have_some(config: TrainingConfig) -> None:
    """And the message names them."""
    require_styles(PRESETS["stylegan-32"].network, StyleConfig(mixing=0.9))
    require_styles(config.network, StyleConfig())
    with pytest.raises(ConfigError, match="are for the family stylegan, not progan"):
        apply_settings(config, ["path_length_weight=2"])


def test_only_penalties_that_can_be_left_out_are_lazy(config: TrainingConfig) -> None:
    """That of WGAN-GP belongs to its loss."""
    assert apply_settings(config, ["penalty_interval=16"]).penalty.interval == 16
    with pytest.raises(ConfigError, match="penalty_interval is for objective=logistic-r1, hinge, "):
        apply_settings(config, ["penalty_interval=16", "objective=wgan-gp"])
