"""Summary printed by `prepare`: a table, warnings, and the next command.

Owns these texts. Knows no details of the preparation.
"""

from __future__ import annotations

import json
import shlex
from collections import Counter
from pathlib import Path

import numpy as np
from rich.table import Table

from models.families.configs import CYCLEGAN, PROGAN, STARGAN
from models.picture import number_text
from models.resolution import SQUARE
from training.commands.few_pictures import AUGMENT
from training.config.presets import PRESETS
from training.data.manifest import SKIPPED_FILE, Manifest
from training.data.skipped import reason_group
from training.data.stream import open_prepared
from training.interpreter import python_command

MUCH_SKIPPED = 0.2  # of all pictures
FEW = 5000  # pictures; with fewer, a discriminator soon memorises them
NAMED_CLASSES = 20


def summary(manifest: Manifest, out: Path, seconds: float) -> Table:
    """Build the table of the summary."""
    megabytes = sum(file.size for file in manifest.files) / 1e6
    table = Table(show_header=False, box=None)
    table.add_column()
    table.add_column(overflow="fold")  # a path that is cut off cannot be pasted
    rows = {
        "folder": str(out),
        "pictures": f"{manifest.count:,}",
        "skipped": skipped_text(manifest, out),
        "passed over": in_numbers(manifest.passed_over) or "nothing",
        "noted": in_numbers(manifest.notes) or "nothing",
        "sizes": f"{sizes_text(manifest)} px, {megabytes:,.1f} MB",
        "channels": str(manifest.channels),
        **depth_rows(manifest),
        "classes": classes_text(manifest, out),
        "licence": manifest.source.licence or "unknown",
        "seconds": f"{seconds:.1f}",
    }
    for name, value in rows.items():
        if (name, value) not in {("passed over", "nothing"), ("noted", "nothing")}:
            table.add_row(name, value)
    return table


def skipped_text(manifest: Manifest, out: Path) -> str:
    """Number of skipped pictures, and the reasons, the most frequent first."""
    if not manifest.skipped:
        return "0"
    share = manifest.skipped / (manifest.count + manifest.skipped)
    lines = [f"{manifest.skipped:,} ({share:.0%}), each of them named in {out / SKIPPED_FILE}"]
    lines += [f"  {count:,} {group}" for group, count in skipped_groups(out).most_common()]
    return "\n".join(lines)


def skipped_groups(out: Path) -> Counter[str]:
    """Reasons, without the details of single pictures -> number of pictures skipped for them."""
    try:
        with (out / SKIPPED_FILE).open(encoding="utf-8") as file:
            return Counter(reason_group(json.loads(line)["reason"]) for line in file)
    except (OSError, ValueError, KeyError):
        return Counter()


def in_numbers(counts: dict[str, int]) -> str:
    """Format counts and reasons, one line for each."""
    return "\n".join(f"{count:,} {reason}" for reason, count in counts.items())


def classes_text(manifest: Manifest, out: Path) -> str:
    """Names of the classes, with the number of pictures of each."""
    labels = open_prepared(out).labels()
    if labels is None:
        return "none"
    counts = np.bincount(labels, minlength=len(manifest.label_names)).tolist()
    pairs = list(zip(manifest.label_names, counts, strict=True))
    named = [f"{name} ({count:,})" for name, count in pairs[:NAMED_CLASSES]]
    more = len(pairs) - len(named)
    return f"{len(pairs)}: {', '.join(named)}" + (f" and {more} more" if more else "")


def depth_rows(manifest: Manifest) -> dict[str, str]:
    """Rows on the values of pixels of 16 bits; none for pictures of 8."""
    if manifest.value_range is None:
        return {}
    low, high = map(number_text, manifest.value_range)
    return {"depth": "16 bits", "values": f"{low} to {high} are the pixels 0 to 65,535"}


def sizes_text(manifest: Manifest) -> str:
    """Size of every array; width x height if they are not square."""
    if manifest.base == SQUARE:
        return ", ".join(map(str, manifest.resolutions))
    return ", ".join(f"{file.shape[2]}x{file.shape[1]}" for file in manifest.images)


def remarks(manifest: Manifest, out: Path) -> list[str]:
    """Lines below the table: warnings first, then advice and the next command."""
    lines: list[str] = []
    whole = manifest.count + manifest.skipped
    if manifest.skipped > MUCH_SKIPPED * whole:
        lines.append(
            f"warning: {manifest.skipped:,} of {whole:,} pictures were skipped; the reasons above "
            "say what may be done about it"
        )
    if manifest.empty_classes:
        names = ", ".join(manifest.empty_classes)
        left = "" if manifest.label_names else ", so that there are no classes any more"
        lines.append(f"warning: left out, since they have no usable picture: {names}{left}")
    if manifest.count < FEW and manifest.source.kind != "domains":
        lines.append(
            f"{manifest.count:,} pictures are few: train with augmentation (--set {AUGMENT}), and "
            "with --set mirror=true where left and right do not matter; docs/training.md, Few"
        )
    if command := next_command(manifest, out):
        lines += ["next:", f"  {command}"]
    return lines


def next_command(manifest: Manifest, out: Path) -> str:
    """Command that trains on these pictures, ready to paste; empty if no preset fits them."""
    family = PROGAN
    if manifest.source.kind == "domains":
        family = CYCLEGAN if len(manifest.label_names) == 2 else STARGAN
    fitting = [
        (config.network.resolution, name, config)
        for name, config in PRESETS.items()
        if config.network.resolution <= manifest.resolution
        and max(plan.batch_size for plan in config.levels) <= manifest.count
        and not (name.startswith("paper-") or name.endswith("-paper"))
        and config.network.family == family
        and (config.objective.labels == "none" or family == STARGAN)
    ]
    if not fitting:
        return ""
    largest = max(resolution for resolution, _, _ in fitting)
    best = [(name, config) for resolution, name, config in fitting if resolution == largest]
    few = manifest.count < FEW
    name, config = next(
        ((name, config) for name, config in best if few and name.startswith("few-")), best[0]
    )
    words = [
        python_command(),
        "-m",
        "training",
        "train",
        "--data",
        str(out),
        "--run",
        f"runs/{out.name}",
    ]
    words += ["--preset", name]
    if config.network.channels != manifest.channels:
        words += ["--set", f"network.channels={manifest.channels}"]
    if few and not config.augmentation.policy and family == PROGAN:
        words += ["--set", AUGMENT]
    return shlex.join(words)
