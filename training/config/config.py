"""The configuration of a run: frozen, grouped by the part that reads it, and checked as a whole.

Owns `TrainingConfig`, the checks between its groups, and its JSON form. The settings themselves are
in `groups.py`, presets in `presets.py`, `--set name=value` in `overrides.py`; values that depend on
images shown are in `training.game.schedule`.
"""

from __future__ import annotations

import json
from dataclasses import asdict, field
from typing import Annotated, Self, cast

from pydantic import Field, PlainValidator, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from models.families.config import FamilyConfig
from models.families.configs import read_network
from training.config.groups import (
    BF16,
    MOST,
    STRICT,
    AugmentationConfig,
    AverageConfig,
    Change,
    ConfigError,
    LevelPlan,
    ObjectiveConfig,
    OptimizerConfig,
    PenaltyConfig,
    Precision,
)
from training.config.names import FLAT_NAMES, nested
from training.config.offered import (
    require_crops,
    require_labels,
    require_levels,
    require_objective,
    require_styles,
)
from training.config.style_settings import StyleConfig
from training.config.translation import TranslationConfig, require_translation
from training.objectives.gradient_penalty import BF16_SIGMA, survives_bf16
from training.objectives.losses import OBJECTIVES

CONFIG_FILE = "config.json"  # in the folder of a run


@dataclass(frozen=True, config=STRICT)
class TrainingConfig:
    """All settings of a run; together with the pictures they determine it."""

    preset: str = Field(description="the preset it started from")
    network: Annotated[FamilyConfig, PlainValidator(read_network)] = Field(
        description="the shapes of both networks"
    )
    levels: tuple[LevelPlan, ...] = Field(description="one for each resolution, smallest first")
    objective: ObjectiveConfig = field(default_factory=ObjectiveConfig)
    penalty: PenaltyConfig = field(default_factory=PenaltyConfig)
    optimizer: OptimizerConfig = field(default_factory=OptimizerConfig)
    average: AverageConfig = field(default_factory=AverageConfig)
    augmentation: AugmentationConfig = field(default_factory=AugmentationConfig)
    style: StyleConfig = field(default_factory=StyleConfig)
    translation: TranslationConfig = field(default_factory=TranslationConfig)
    tick_images: int = Field(
        default=4_000,
        ge=1,
        le=MOST,
        description="images between two journal lines, each with a picture grid and a checkpoint",
    )
    precision: Precision = Field(
        default="fp32",
        description="bf16 is autocast: statistics and scores stay fp32; auto is decided by "
        "training.run_folder.precision when the run begins",
    )
    seed: int = Field(default=0, ge=0, le=2**63 - 1, description="of weights, latents and order")
    init_from: str = Field(
        default="",
        description="what --init-from began it with, name@digest; empty for random weights",
    )
    changes: tuple[Change, ...] = Field(
        default=(), description="settings that changed while the run was trained, oldest first"
    )

    def __post_init__(self) -> None:
        if tuple(plan.resolution for plan in self.levels) != self.network.resolutions:
            raise ConfigError(f"one level plan is needed for each of {self.network.resolutions}")
        if self.levels[0].fade_images:
            raise ConfigError("the first level has nothing to fade from: fade_images must be 0")
        require_labels(self.network, self.objective)
        require_objective(self.network, self.objective, self.optimizer)
        require_levels(self.network, self.levels)
        require_crops(self.network, self.levels, begins_with_weights=bool(self.init_from))
        require_styles(self.network, self.style)
        require_translation(self.network, self.objective, self.augmentation, self.translation)
        _require_penalty(self)
        _require_signs(self)
        if self.total_images < 1:
            raise ConfigError("the levels must show at least one image between them")

    @property
    def total_images(self) -> int:
        """Real images shown in the whole run."""
        return sum(plan.fade_images + plan.stable_images for plan in self.levels)

    def to_json(self) -> str:
        """JSON text, as stored in a run folder; groups that do not concern a run are left out."""
        values = asdict(self) | {"network": self.network.to_dict()}
        usual = {"changes": (), "style": StyleConfig(), "translation": TranslationConfig()}
        for name, default in usual.items():
            if getattr(self, name) == default:
                del values[name]
        for plan in cast("list[dict[str, object]]", values["levels"]):
            for name in ("crop", "consistency"):
                if not plan[name]:
                    del plan[name]
        return json.dumps(values, indent=2) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Parse the output of `to_json`, or the flat form of earlier releases.

        Raises:
            ConfigError: a key is unknown or missing, or a value is not allowed.
        """
        cannot = "the configuration of the run cannot be read"
        try:
            values = nested(json.loads(text))
            return TypeAdapter(cls).validate_json(json.dumps(values))
        except ValidationError as error:
            raise ConfigError(f"{cannot}: {'; '.join(sentences(error))}") from error
        except (ValueError, TypeError, ConfigError) as error:
            raise ConfigError(f"{cannot}: {error}") from error


def sentences(error: ValidationError) -> list[str]:
    """Describe the error of each value in a sentence."""
    flat = {path: name for name, path in FLAT_NAMES.items()}
    found: list[str] = []
    for each in error.errors(include_url=False):
        path = tuple(map(str, each["loc"]))
        name, given = flat.get(path, ".".join(path)), each["input"]
        told = each["msg"].removeprefix("Value error, ").replace("Input should", "should")
        unknown = each["type"] == "unexpected_keyword_argument"
        shown = "" if isinstance(given, dict | list) or path == () else f", not {given!r}"
        found.append(f"{name} is no setting" if unknown else f"{name} {told}{shown}".strip())
    return found


def _require_penalty(config: TrainingConfig) -> None:
    penalty, name = config.penalty, config.objective.name
    offered = OBJECTIVES[name].penalties
    if penalty.kind not in offered:
        raise ConfigError(f"penalty of {name} is {' or '.join(offered)}, not {penalty.kind}")
    if penalty.interval > 1 and not OBJECTIVES[name].lazy:
        lazy = ", ".join(each for each, objective in OBJECTIVES.items() if objective.lazy)
        raise ConfigError(
            f"penalty_interval is for objective={lazy}, not {name}: set penalty_interval=1"
        )
    if config.precision == BF16 and not survives_bf16(penalty.kind, penalty.sigma):
        raise ConfigError(
            f"with bf16, penalty_sigma must be at least {BF16_SIGMA}, not {penalty.sigma}: "
            "rounding errors would be taken for a gradient"
        )


def _require_signs(config: TrainingConfig) -> None:
    if config.augmentation.target and not OBJECTIVES[config.objective.name].has_zero:
        having = ", ".join(name for name, objective in OBJECTIVES.items() if objective.has_zero)
        raise ConfigError(
            "augment_target needs scores whose sign separates real from fake: objective is one of "
            f"{having}, not {config.objective.name}; or set augment_target=0"
        )
