"""Opening a search: its lock, its request, and the measurements that a new one needs.

Owns the decision if a folder holds the same search. Knows no study and starts no trial.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from training.config.config import TrainingConfig
from training.config.groups import ConfigError
from training.data.stream import Prepared
from training.run.validation import check_data, with_base, with_classes
from training.run_folder.lock import run_lock
from training.run_folder.precision import precision_for
from training.tuning.outcome import (
    PARTS_SCORE,
    TUNING_FILE,
    TuningRequest,
    keep_request,
    read_request,
    require_same_request,
)
from training.tuning.plan import (
    TRIAL_DEVICE,
    measure_costs,
    plan_at,
    reached_resolution,
    shown_resolutions,
)
from training.tuning.score import require_parts, score_pictures, swd_of_real


@dataclass(frozen=True)
class AskedSearch:
    """The search that a command asks for.

    Attributes:
        search: the searched settings, as for `--search`.
        resolution: in pixels; None for the one that the preset reaches.
        trial_seconds: processor seconds of each trial.
        named_time: True if the command names them; else a search that was begun keeps its own.
        score: of the trials.
    """

    search: tuple[str, ...]
    resolution: int | None
    trial_seconds: float
    named_time: bool
    score: Literal["quick", "parts"] = "quick"


@contextmanager
def search_lock(out: Path) -> Generator[None]:
    """Lock the folder of a search; inside the context no other command can use it.

    Raises:
        ConfigError: another one does.
    """
    with run_lock(out, "let it come to its end or stop it, or choose another --out"):
        yield


def fitted(config: TrainingConfig, prepared: Prepared) -> TrainingConfig:
    """Configuration with shape and classes of the pictures, and the precision of this machine."""
    config = with_base(with_classes(config, prepared), prepared)
    return precision_for(config, TRIAL_DEVICE, prepared.bit_depth)


def check_with(prepared: Prepared) -> Callable[[TrainingConfig], None]:
    """Check that raises a ConfigError for a configuration that the pictures cannot train."""
    return lambda config: check_data(fitted(config, prepared), prepared)


def opened_request(
    out: Path, asked: AskedSearch, base: TrainingConfig, prepared: Prepared
) -> TuningRequest:
    """Request of the search in a folder; a new one is measured and written.

    Raises:
        ConfigError: the folder holds another search or something else, or the resolution is not
            one of the preset.
        OSError: the disk is full.
    """
    if (out / TUNING_FILE).exists():
        begun = read_request(out)
        fields: dict[str, object] = {"data": prepared.digest, "search": asked.search}
        fields |= {"score": asked.score}
        fields |= {"resolution": asked.resolution} if asked.resolution else {}
        fields |= {"trial_seconds": asked.trial_seconds} if asked.named_time else {}
        require_same_request(out, begun, fields, base)
        return begun[0]
    if any(out.iterdir()):
        raise ConfigError(f"{out} is not empty and holds no search: choose another --out")
    config = fitted(base, prepared)
    check_data(config, prepared)
    resolution = asked.resolution or reached_resolution(
        config, measure_costs(config, prepared, shown_resolutions(config)), asked.trial_seconds
    )
    plan_at(config, resolution)
    if asked.score == PARTS_SCORE:
        require_parts(prepared, resolution)
    pictures = score_pictures(prepared, resolution)
    request = TuningRequest(
        data=prepared.digest,
        search=asked.search,
        resolution=resolution,
        trial_seconds=asked.trial_seconds,
        real_swd=swd_of_real(prepared, resolution, pictures),
        pictures=pictures,
        score=asked.score,
    )
    keep_request(out, request, base)
    return request
