"""The data of a run, collected for one page.

Owns the conversion of a run folder to plain JSON values. Draws nothing, changes nothing.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from training.config.config import CONFIG_FILE, ConfigError, TrainingConfig
from training.data.manifest import as_text
from training.quality.report import QUALITY_FILE, QualityError, direction_of, read_report
from training.run_folder.data_origin import read_origin
from training.run_folder.journal import JOURNAL_FILE, TIMING_FILE, Line, read_lines
from training.run_folder.resume import read_config
from training.run_folder.time_left import Workload

ReportData = dict[str, Any]
Columns = dict[str, list[float | None]]

NOT_PLOTTED = ("alarms", "warnings")


def report_data_of(run: Path) -> ReportData:
    """Collect configuration, origin, journal and measured quality of a run.

    Raises:
        ConfigError: there is no run, or it cannot be read.
    """
    path = run / CONFIG_FILE
    if not path.exists():
        raise ConfigError(f"{run} holds no run: there is no {CONFIG_FILE}; train it first")
    config = read_config(path)
    journal = read_lines(run / JOURNAL_FILE)
    shown = int(str(journal[-1]["images_shown"])) if journal else 0
    timing = [line for line in read_lines(run / TIMING_FILE) if _at(line) <= shown]
    return {
        "name": as_text(run.resolve().name),
        "preset": config.preset,
        "objective": config.objective.name,
        "total_images": config.total_images,
        "images_shown": shown,
        "levels": [asdict(plan) for plan in config.levels],
        "config": json.loads(config.to_json()),
        "data": asdict(read_origin(run)),
        "journal": columns_of(journal),
        "timing": columns_of(timing),
        "seconds_left": seconds_left(config, shown, timing),
        "alarms": alarms_of(journal),
        "quality": quality_of(run),
    }


def seconds_left(config: TrainingConfig, shown: int, timing: Sequence[Line]) -> float | None:
    """Estimate the remaining time from the speed of the last tick and the cost of the levels.

    None if the speed is unknown or the run is finished.
    """
    rate = finite(timing[-1].get("images_per_second")) if timing else None
    if not rate or shown >= config.total_images:
        return None
    return Workload.of(config).seconds_left(shown, rate)


def columns_of(lines: Sequence[dict[str, object]]) -> Columns:
    """One list for each number, as long as the journal; None for missing or non-finite values."""
    names = list(dict.fromkeys(name for line in lines for name in line if name not in NOT_PLOTTED))
    return {name: [finite(line.get(name)) for line in lines] for name in names}


def finite(value: object) -> float | None:
    """Return `value` if it is a finite number, else None; JSON has no other numbers."""
    return value if isinstance(value, int | float) and math.isfinite(value) else None


def alarms_of(lines: Sequence[dict[str, object]]) -> list[ReportData]:
    """Every alarm of the journal, with the images shown when it was raised."""
    found: list[ReportData] = []
    for line in lines:
        alarms: Any = line.get("alarms", [])
        found += [{"images_shown": line["images_shown"], **alarm} for alarm in alarms]
    return found


def quality_of(run: Path) -> ReportData | None:
    """Numbers measured by `evaluate`, or the reason why they cannot be read; None without any."""
    try:
        report = read_report(run / QUALITY_FILE)
    except FileNotFoundError:
        return None
    except (OSError, QualityError) as error:
        return {"problem": f"{error}; evaluate measures again"}
    metrics = {
        name: {**entry, "direction": direction_of(name)} for name, entry in report.metrics.items()
    }
    return {
        "images_shown": report.images_shown,
        "resolution": report.resolution,
        "metrics": metrics,
    }


def _at(line: dict[str, object]) -> int:
    return int(str(line["images_shown"]))
