"""The settings of a translation between domains, and their checks.

Owns the group `translation` and the checks that only concern families that translate.
"""

from __future__ import annotations

from pydantic import Field
from pydantic.dataclasses import dataclass

from models.families.config import FamilyConfig
from models.families.table import offer_of
from models.strict_json import STRICT
from training.config.groups import AugmentationConfig, ConfigError, ObjectiveConfig

MOST_POOLED = 10_000  # images


@dataclass(frozen=True, config=STRICT)
class TranslationConfig:
    """Losses of a translation beside the adversarial one, and earlier fakes."""

    cycle_weight: float = Field(
        default=10.0,
        ge=0,
        description="weight of the L1 distance between a picture and itself, translated to "
        "another domain and back",
    )
    identity_weight: float = Field(
        default=0.5,
        ge=0,
        description="weight of the L1 distance between a picture and its translation into its own "
        "domain, in times cycle_weight; keeps colours; 0 leaves it out, and a third of the work",
    )
    pool_size: int = Field(
        default=50,
        ge=0,
        le=MOST_POOLED,
        description="earlier fake images of each domain, from which discriminators are updated; 0 "
        "for none",
    )


USUAL = TranslationConfig()  # what configurations of other families leave out


def require_translation(
    network: FamilyConfig,
    objective: ObjectiveConfig,
    augmentation: AugmentationConfig,
    translation: TranslationConfig,
) -> None:
    """Check the settings that a translation has, and those it has not.

    Raises:
        ConfigError: a setting has no meaning in this family.
    """
    if not offer_of(network).translates:
        if translation != USUAL:
            raise ConfigError(
                f"cycle_weight, identity_weight and pool_size are for translation, which a network "
                f"of the family {network.family} does not do: leave them out"
            )
        return
    if augmentation.policy:
        raise ConfigError(
            f"a network of the family {network.family} is trained without augment: its cycle term "
            "compares whole pictures. Leave it out; mirror=true is possible"
        )
    if offer_of(network).many_domains:
        if translation.identity_weight or translation.pool_size:
            raise ConfigError(
                f"a network of the family {network.family} has no identity term and no earlier "
                "fakes: set identity_weight=0 and pool_size=0"
            )
        return
    if objective.critic_steps != 1:
        raise ConfigError(
            f"a network of the family {network.family} has critic_steps=1, not "
            f"{objective.critic_steps}: all networks are updated in each step"
        )
