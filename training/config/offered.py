"""The checks of a configuration against the offer of its family, and of an objective's own needs.

Owns these checks; what a family offers is in `models.family.Family`. Knows no other setting.
"""

from __future__ import annotations

from collections.abc import Sequence

from models.crops import Crops
from models.families.config import FamilyConfig
from models.families.progan.config import ProganConfig
from models.families.stylegan.config import StyleganConfig
from models.families.table import offer_of
from models.resolution import level_of
from training.config.groups import ConfigError, LevelPlan, ObjectiveConfig, OptimizerConfig
from training.config.style_settings import StyleConfig
from training.objectives.losses import OBJECTIVES


def require_labels(network: FamilyConfig, objective: ObjectiveConfig) -> None:
    """Check the use of classes.

    Raises:
        ConfigError: the family has no such use, or a network with classes has none.
    """
    offered = offer_of(network).labels
    if objective.labels not in offered:
        raise ConfigError(
            f"labels of the family {network.family} is {' or '.join(offered)}, not "
            f"{objective.labels}"
        )
    if network.classes and objective.labels == "none" and not offer_of(network).translates:
        choices = " or ".join(f"labels={name}" for name in offered if name != "none")
        raise ConfigError(f"a network with classes needs {choices}")


def require_objective(
    network: FamilyConfig, objective: ObjectiveConfig, optimizer: OptimizerConfig
) -> None:
    """Check that the family can be trained with the objective, and that weights are clipped for it.

    Raises:
        ConfigError: it cannot, or `weight_clip` is missing or not wanted.
    """
    offered = offer_of(network).objectives or tuple(OBJECTIVES)
    if objective.name not in offered:
        raise ConfigError(
            f"objective of the family {network.family} is {' or '.join(offered)}, not "
            f"{objective.name}"
        )
    clips = OBJECTIVES[objective.name].weight_clip > 0
    if clips and not optimizer.weight_clip:
        raise ConfigError(
            f"objective={objective.name} needs weight_clip above 0; "
            f"{OBJECTIVES[objective.name].weight_clip} is the published bound"
        )
    if optimizer.weight_clip and not clips:
        clipping = ", ".join(name for name, each in OBJECTIVES.items() if each.weight_clip)
        raise ConfigError(
            f"weight_clip is for objective={clipping}, not {objective.name}: set weight_clip=0"
        )


def require_levels(network: FamilyConfig, levels: Sequence[LevelPlan]) -> None:
    """Check that a network that does not grow is trained at its top level only.

    Raises:
        ConfigError: another level shows images, or the top level fades in.
    """
    if offer_of(network).grows:
        return
    growing = [plan.resolution for plan in levels[:-1] if plan.fade_images or plan.stable_images]
    if growing or levels[-1].fade_images:
        raise ConfigError(
            f"a network of the family {network.family} does not grow: all images are shown at "
            f"{levels[-1].resolution} px, so fade_images must be 0 at every level, and "
            "stable_images below the last"
        )


def require_crops(
    network: FamilyConfig, levels: Sequence[LevelPlan], *, begins_with_weights: bool = False
) -> None:
    """Check that each level that is trained on crops can be.

    Args:
        network: of the run.
        levels: of the run.
        begins_with_weights: the run has initial weights, so that levels may be skipped.

    Raises:
        ConfigError: the family or the network cannot, or a crop has no allowed resolution.
    """
    for place, plan in enumerate(levels):
        _require_consistency(plan, levels[:place], begins_with_weights)
    for plan in (plan for plan in levels if plan.crop):
        name = f"levels.{plan.resolution}.crop"
        if not isinstance(network, ProganConfig):
            raise ConfigError(
                f"{name} is for the family progan, not {network.family}: leave it out"
            )
        if network.tiling:
            raise ConfigError(f"{name} cannot be combined with tiling, which joins the edges")
        level = level_of(plan.resolution)
        allowed = [
            each for each in network.resolutions if Crops(each, level, network.base, ()).fits
        ]
        if plan.crop not in allowed:
            choices = f"0 or one of {', '.join(map(str, allowed))}" if allowed else "0"
            raise ConfigError(
                f"{name} must be {choices}, not {plan.crop}: a crop and its margin, which the "
                "features around it need, must fit into the picture"
            )


def _require_consistency(
    plan: LevelPlan, lower: Sequence[LevelPlan], begins_with_weights: bool
) -> None:
    """Check that crops agree with a smaller picture only if that was learned and stays so.

    Raises:
        ConfigError: there are no crops, nothing learns the smaller picture, or a level between
            changes it.
    """
    if not plan.consistency:
        return
    name, crop = f"levels.{plan.resolution}", plan.crop
    if not crop:
        raise ConfigError(
            f"{name}.consistency is for a level that is trained on crops: set {name}.crop to more "
            f"than 0, or {name}.consistency to 0"
        )
    for below in lower:
        images = below.fade_images + below.stable_images
        if below.resolution == crop and not (images or begins_with_weights):
            raise ConfigError(
                f"{name}.consistency needs the picture of {crop} px, which is not learned: set "
                f"levels.{crop}.stable_images to more than 0"
            )
        if images and below.resolution > crop and changes_references(below, crop):
            raise ConfigError(
                f"{name}.consistency needs levels.{below.resolution}.crop={crop} and a "
                f"levels.{below.resolution}.consistency above 0: otherwise that level changes the "
                f"picture of {crop} px that crops are to agree with"
            )


def changes_references(plan: LevelPlan, crop: int) -> bool:
    """True if training by this plan changes pictures of `crop` px, a resolution below its own."""
    return plan.crop < crop or (plan.crop == crop and not plan.consistency)


def require_styles(network: FamilyConfig, style: StyleConfig) -> None:
    """Check that only networks with styles are trained with settings of styles.

    Raises:
        ConfigError: another network has some.
    """
    if style != StyleConfig() and not isinstance(network, StyleganConfig):
        raise ConfigError(
            "style_mixing and path_length_* are for the family stylegan, not "
            f"{network.family}: leave them out"
        )
