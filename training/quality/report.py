"""`quality.json` of a run: every number, with a description of its measurement.

Owns the format of the report, writing and strict reading, its table, and the part of it that goes
into a card. Measures nothing.
"""

from __future__ import annotations

import json
import math
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, Literal, cast

from pydantic import AfterValidator, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from models.strict_json import STRICT
from training.atomic_folder import write_file

QUALITY_FILE = "quality.json"
QUALITY_FORMAT = 1
DIGITS = 6

# Good values of each metric; the page of a run shows the same texts.
METRIC_DIRECTIONS = {
    "swd": "lower is better",
    "ms_ssim": "best as that of real pictures; 1: all alike",
    "kid": "lower is better",
    "fd_efficientnet_lite0": "lower is better",
    "precision": "higher is better, at most 1",
    "recall": "higher is better, at most 1",
    "neighbour_ratio": "good near 1 and above; near 0: copies",
    "fid": "lower is better",
    "parts_sure": "best as that of real pictures; higher is better",
    "parts_distance": "best as that of real pictures; lower is better",
    "parts_combinations": "best as that of real pictures; higher is better",
    "parts_kid": "lower is better",
    "parts_recall": "best as that of real pictures; higher is better",
}

# Metrics into one domain of a translation have its name at the end.
INTO_DOMAIN = "kid_to_"
INTO_DOMAIN_DIRECTION = "lower is better; should be below untranslated"

# Fields of the report that a card repeats.
CIRCUMSTANCES = ("resolution", "generated", "data", "seed", "torch")

Metric = dict[str, Any]  # "value", "how", and further numbers
MetricValue = float | int | None


class QualityError(ValueError):
    """Raised for a report that cannot be used; the message gives the reason and the remedy."""


def require_value_and_how(metric: Metric) -> Metric:
    """Raise `ValueError` for a metric without a value or a description of its measurement."""
    if not isinstance(metric.get("value", ""), float | int | None):
        raise ValueError("a metric needs a number as its value")  # noqa: TRY004 - for pydantic
    if not isinstance(metric.get("how"), str):
        raise ValueError("a metric needs a text: how it was measured")  # noqa: TRY004 - for pydantic
    return metric


StrictMetric = Annotated[
    dict[str, MetricValue | str | dict[str, MetricValue]], AfterValidator(require_value_and_how)
]


@dataclass(frozen=True, config=STRICT)
class GeneratedPictures:
    """Generated pictures: their number, and the first of their consecutive seeds."""

    images: int
    first_seed: int


@dataclass(frozen=True, config=STRICT)
class RealPictures:
    """Data set of the real pictures; `trained_on` is True if the run was trained on it."""

    name: str
    pictures: int
    sha256: str
    trained_on: bool


@dataclass(frozen=True, config=STRICT)
class QualityReport:
    """The whole report.

    Attributes:
        format_version: of this file.
        preset: of the run.
        images_shown: of the checkpoint that was measured.
        resolution: of the checkpoint, in pixels.
        alpha: fade-in of this resolution, 0 to 1.
        generated: the generated pictures.
        data: the real pictures.
        seed: of every random choice.
        torch: version of PyTorch.
        device: used for the computation.
        metrics: by name.
        wall_seconds: duration of the measurement.
    """

    format_version: Literal[1]
    preset: str
    images_shown: int
    resolution: int
    alpha: float
    generated: GeneratedPictures
    data: RealPictures
    seed: int
    torch: str
    device: str
    metrics: dict[str, StrictMetric]
    wall_seconds: float


def metric_entry(value: float, how: str, **further: object) -> Metric:
    """Build one metric of the report; numbers are rounded to six significant digits."""
    rounded = {name: _rounded(inner) for name, inner in further.items()}
    return {"value": _rounded(value), **rounded, "how": how}


def _rounded(value: object) -> object:
    if isinstance(value, dict):
        return {str(k): _rounded(v) for k, v in cast("dict[object, object]", value).items()}
    if isinstance(value, float):
        return float(f"{value:.{DIGITS}g}") if math.isfinite(value) else None
    return value


def write_report(path: Path, report: QualityReport) -> None:
    """Write `quality.json` atomically.

    Raises:
        OSError: the disk is full; an older report is kept.
    """
    text = json.dumps(asdict(report), indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    write_file(path, text.encode("utf-8"))


def read_report(path: Path) -> QualityReport:
    """Read `quality.json`, strict in keys and types.

    Raises:
        QualityError: it is damaged, or has another format version.
        OSError: it cannot be read.
    """
    try:
        return TypeAdapter(QualityReport).validate_json(path.read_bytes())
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "the file"
        raise QualityError(f"{path} is damaged: {place}: {first['msg']}") from error


def quality_for_card(run_folder: Path, images_shown: int) -> Metric:
    """Quality for a card: the metrics, and the circumstances of the measurement.

    Empty if `missing_quality` returns a reason, which is written to the standard error.
    """
    if reason := missing_quality(run_folder, images_shown):
        sys.stderr.write(f"{reason}\n")
        return {}
    report = asdict(read_report(run_folder / QUALITY_FILE))
    return {**report["metrics"], "measured": {name: report[name] for name in CIRCUMSTANCES}}


def missing_quality(run_folder: Path, images_shown: int) -> str:
    """Reason why a card of this checkpoint cannot have a quality, and the remedy; else empty."""
    path = run_folder / QUALITY_FILE
    remedy = "`evaluate` writes it, and `export --replace --keep-exits` takes it over"
    try:
        measured = read_report(path).images_shown
    except FileNotFoundError:
        return f"the card tells no quality: there is no {path}. {remedy}"
    except (OSError, QualityError) as error:
        return f"the card tells no quality: {error}. {remedy}"
    if measured != images_shown:
        return (
            f"the card tells no quality: {path} is of {measured:,} images shown, the bundle of "
            f"{images_shown:,}. {remedy}"
        )
    return ""


def direction_of(metric: str) -> str:
    """Good values of a metric, in words; empty for one that is not known."""
    if metric.startswith(INTO_DOMAIN):
        return INTO_DOMAIN_DIRECTION
    return METRIC_DIRECTIONS.get(metric, "")


def table_of(report: QualityReport) -> str:
    """Format the metrics as a text table: value, good values, and further numbers."""
    title = f"{report.resolution} px after {report.images_shown:,} images"
    lines = [f"{title}: {report.generated.images:,} drawn, {report.wall_seconds:,.0f} s"]
    for name, entry in report.metrics.items():
        further = {k: v for k, v in entry.items() if k not in ("value", "how")}
        value = "-" if entry["value"] is None else f"{entry['value']:g}"
        direction = direction_of(name)
        numbers = f"; {_in_words(further)}" if further else ""
        lines.append(f"{name.replace('_', ' '):24s} {value:>12s}  {direction}{numbers}")
    return "\n".join(lines)


def _in_words(value: object) -> str:
    if isinstance(value, dict):
        inner = cast("dict[str, object]", value)
        return ", ".join(f"{k.replace('_', ' ')} {_in_words(v)}" for k, v in inner.items())
    return f"{value:,}" if isinstance(value, int) else str(value)
