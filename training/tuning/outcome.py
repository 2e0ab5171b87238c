"""The files of a search: what was asked for, each trial, and what came of it.

Owns the request (`tuning.json`, `base.json`), the settings of a trial (`trial.json`) and its result
(`outcome.json`), read strictly. Trains nothing, draws nothing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Literal, TypeVar

from pydantic import TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from models.strict_json import STRICT, explain
from training.atomic_folder import write_file
from training.config.config import TrainingConfig
from training.config.groups import ConfigError
from training.config.overrides import with_settings
from training.run_folder.resume import read_config

TUNING_FILE, BASE_FILE = "tuning.json", "base.json"
TRIAL_SETTINGS_FILE, OUTCOME_FILE = "trial.json", "outcome.json"
PRESET_FILE = "preset.json"

QUICK_SCORE, PARTS_SCORE = "quick", "parts"
State = Literal["finished", "pruned", "diverged", "failed", "impossible"]
SettingValue = str | int | float | bool
T = TypeVar("T")


@dataclass(frozen=True, config=STRICT)
class TuningRequest:
    """All that makes two trials comparable; the same in every session of a search.

    Attributes:
        data: SHA-256 of the largest array of the data.
        search: the searched settings, as for `--search`.
        resolution: in pixels, at which trials are compared.
        trial_seconds: processor seconds of each trial.
        real_swd: the quick distance between two sets of real pictures at that resolution.
        pictures: number of pictures in each of these sets, and of generated ones.
        score: `quick` or `parts` (`training.tuning.score`).
    """

    data: str
    search: tuple[str, ...]
    resolution: int
    trial_seconds: float
    real_swd: float
    pictures: int
    score: Literal["quick", "parts"] = "quick"


@dataclass(frozen=True, config=STRICT)
class TrialSettings:
    """Settings of one trial.

    Attributes:
        settings: those that differ from the base, by name.
        seed: of the run.
        prunable: True if the trial may end early.
    """

    settings: dict[str, SettingValue]
    seed: int
    prunable: bool

    def config(self, base: TrainingConfig) -> TrainingConfig:
        """Apply the settings to the base, with its whole plan.

        Raises:
            ConfigError: they do not fit together.
        """
        return with_settings(base, {**self.settings, "seed": self.seed})


@dataclass(frozen=True, config=STRICT)
class Measurement:
    """The score of a trial at one time, and what it is made of.

    Attributes:
        percent: of the processor time of the trial.
        images_shown: real images so far.
        processor_seconds: used so far.
        score: 1 is as good as real pictures; lower is better.
        swd: quick sliced Wasserstein distance x1000.
        diversity: mean distance between pictures, relative to real ones.
        distinctness: median distance to the nearest other picture, relative to real ones.
        all_sure: share of pictures whose every part is recognised; None without a reader.
        parts_distance: mean distance of the shares of values of parts; None without a reader.
        parts_kid: KID over the features of the reader; None without one.
    """

    percent: int
    images_shown: int
    processor_seconds: float
    score: float
    swd: float
    diversity: float
    distinctness: float
    all_sure: float | None = None
    parts_distance: float | None = None
    parts_kid: float | None = None


@dataclass(frozen=True, config=STRICT)
class TrialOutcome:
    """Result of a trial.

    Attributes:
        state: pruned trials ended early, diverged ones had a loss that was not finite, failed ones
            ended with an error, impossible ones had settings that no run can have.
        settings: of the trial, by name.
        seed: of its run.
        images_shown: real images in all.
        processor_seconds: in all.
        measurements: oldest first; that of a finished trial is the last one.
        reason: of a trial that is neither finished nor pruned.
    """

    state: State
    settings: dict[str, SettingValue]
    seed: int
    images_shown: int
    processor_seconds: float
    measurements: tuple[Measurement, ...]
    reason: str = ""

    @property
    def score(self) -> float | None:
        """Score at the end of a finished trial, else None."""
        return self.measurements[-1].score if self.state == "finished" else None


def read_values(path: Path, kind: type[T]) -> T:
    """Read a file of a search.

    Raises:
        ConfigError: it is missing or damaged.
    """
    try:
        return TypeAdapter(kind).validate_json(path.read_bytes())
    except ValidationError as error:
        raise ConfigError(
            f"{path} is damaged ({explain(error)}): choose another --out, or delete its folder"
        ) from error
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error}") from error


def write_values(path: Path, values: TuningRequest | TrialSettings | TrialOutcome) -> None:
    """Write a file for `read_values` atomically.

    Raises:
        OSError: the disk is full.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    write_file(path, (json.dumps(asdict(values), indent=2) + "\n").encode("utf-8"))


def keep_request(out: Path, request: TuningRequest, base: TrainingConfig) -> None:
    """Write the request of a new search.

    Raises:
        OSError: the disk is full.
    """
    out.mkdir(parents=True, exist_ok=True)
    write_file(out / BASE_FILE, base.to_json().encode("utf-8"))
    write_values(out / TUNING_FILE, request)  # the last one: with it the search has begun


def read_request(out: Path) -> tuple[TuningRequest, TrainingConfig]:
    """Read the request of a search that was begun.

    Raises:
        ConfigError: a file is missing or damaged.
    """
    return read_values(out / TUNING_FILE, TuningRequest), read_config(out / BASE_FILE)


def require_same_request(
    out: Path,
    begun: tuple[TuningRequest, TrainingConfig],
    asked: Mapping[str, object],
    base: TrainingConfig,
) -> None:
    """Refuse to go on with another search in the same folder.

    Args:
        out: the folder.
        begun: the search that lies in it.
        asked: fields of the request that the command gives.
        base: the preset with its settings.

    Raises:
        ConfigError: the message names what differs.
    """
    request, own = begun
    names = {
        "data": "--data",
        "search": "--search",
        "resolution": "--resolution",
        "trial_seconds": "--trial-minutes",
        "score": "--score",
    }
    differing = [names[name] for name, value in asked.items() if value != getattr(request, name)]
    differing += ["--preset or --set"] if own != base else []
    if differing:
        raise ConfigError(
            f"{out} was begun with another {', '.join(differing)}, so its trials cannot be "
            "compared with new ones: repeat the command that began it (--hours and --processes "
            "may differ), or choose another --out"
        )
