"""The settings of networks whose layers have styles: mixing and path length regularization.

Owns `StyleConfig`; what they do is in `training.game.styles` and `training.game.regularise`.
Source: Karras et al. 2019 (StyleGAN), section 3.1; Karras et al. 2020 (StyleGAN2), section 3.2.
"""

from __future__ import annotations

from pydantic import Field
from pydantic.dataclasses import dataclass

from models.strict_json import STRICT
from training.config.groups import MOST


@dataclass(frozen=True, config=STRICT)
class StyleConfig:
    """Styles in training, for the family stylegan."""

    mixing: float = Field(
        default=0.0,
        ge=0,
        le=1,
        description="share of images that have a second style from a random layer on; 0.9 in the "
        "paper",
    )
    path_length_weight: float = Field(
        default=0.0,
        ge=0,
        description="weight of path length regularization; 2 in the paper, 0 for none",
    )
    path_length_interval: int = Field(
        default=4, ge=1, le=MOST, description="steps from one computation of it to the next"
    )
    path_length_share: float = Field(
        default=0.5, gt=0, le=1, description="of a batch that it is computed on"
    )
    path_length_decay: float = Field(
        default=0.01,
        gt=0,
        le=1,
        description="share by which each computation moves the mean path length",
    )
