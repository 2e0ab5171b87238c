"""`quality.json` of a run: every number, with how it was measured.

Owns the form of the report, its writing, its table, and what of it goes into a card. Measures
nothing.
"""

from __future__ import annotations

import json
import math
import os
import sys
from pathlib import Path
from typing import Any, cast

QUALITY_FILE = "quality.json"
QUALITY_FORMAT = 1
DIGITS = 6

# What a card repeats of the circumstances.
CIRCUMSTANCES = ("resolution", "generated", "data", "seed", "torch")

QualityReport = dict[str, Any]
Metric = dict[str, Any]


def metric_entry(value: float, how: str, **further: object) -> Metric:
    """One entry of the report; no number is written with more than six digits."""
    told = {name: _rounded(inner) for name, inner in further.items()}
    return {"value": _rounded(value), **told, "how": how}


def _rounded(value: object) -> object:
    if isinstance(value, dict):
        return {str(k): _rounded(v) for k, v in cast("dict[object, object]", value).items()}
    if isinstance(value, float):
        return float(f"{value:.{DIGITS}g}") if math.isfinite(value) else None
    return value


def write_whole(path: Path, content: bytes) -> None:
    """Write a file that appears whole or not at all.

    Raises:
        OSError: the disk is full; an older file stays.
    """
    partial = path.with_name(f".{path.name}.partial")
    try:
        with partial.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def write_report(path: Path, report: QualityReport) -> None:
    """Write `quality.json`, whole.

    Raises:
        OSError: the disk is full; an older report stays.
    """
    text = json.dumps(report, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    write_whole(path, text.encode("utf-8"))


def quality_for_card(run_folder: Path, images_shown: int) -> Metric:
    """What a card says of quality: the metrics and their circumstances.

    Empty, with a sentence on the standard error, without a report, and where it is one of another
    moment or cannot be read.
    """
    path = run_folder / QUALITY_FILE
    if not path.exists():
        sys.stderr.write(
            f"the card tells no quality: there is no {path}. `evaluate` writes it, and "
            "`export --replace --keep-exits` takes it over\n"
        )
        return {}
    try:
        report: QualityReport = json.loads(path.read_text(encoding="utf-8"))
        if report["format_version"] != QUALITY_FORMAT or report["images_shown"] != images_shown:
            raise ValueError(
                f"it measured {report['images_shown']:,} images shown, not {images_shown:,}"
            )
        return {**report["metrics"], "measured": {name: report[name] for name in CIRCUMSTANCES}}
    except (OSError, ValueError, TypeError, KeyError) as error:
        sys.stderr.write(f"left out: {path} ({error}); `evaluate` measures again\n")
        return {}


def table_of(report: QualityReport) -> str:
    """The metrics in lines for people."""
    metrics: dict[str, Metric] = report["metrics"]
    drawn, seconds = report["generated"]["images"], report["wall_seconds"]
    shown = report["images_shown"]
    title = f"{report['resolution']} px after {shown:,} images: {drawn:,} drawn, {seconds:,.0f} s"
    lines = [title]
    for name, entry in metrics.items():
        further = {k: v for k, v in entry.items() if k not in ("value", "how")}
        value = "-" if entry["value"] is None else f"{entry['value']:g}"
        lines.append(f"{name.replace('_', ' '):24s} {value:>12s}  {_in_words(further)}")
    return "\n".join(lines)


def _in_words(value: object) -> str:
    if isinstance(value, dict):
        inner = cast("dict[str, object]", value)
        return ", ".join(f"{k.replace('_', ' ')} {_in_words(v)}" for k, v in inner.items())
    return f"{value:,}" if isinstance(value, int) else str(value)
