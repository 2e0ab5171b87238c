"""Networks judged by a reader of parts: a row for real data, for destroyed data, for each network.

Owns the rows, their JSON file and their table. `training.quality.parts` reads and scores; the
command is `training.commands.benchmark_parts`. Loads no network.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from pydantic.dataclasses import dataclass

from models.pixels import from_pixels, to_pixels
from models.strict_json import STRICT
from training.atomic_folder import write_file
from training.data.stream import Prepared
from training.progress_bar import OnProgress, counted, ignore_progress
from training.quality.parts.distortions import DESTRUCTIONS
from training.quality.parts.keeping import split_of
from training.quality.parts.reader import SURE, PartReader, Reading, Trust
from training.quality.parts.score import PartScore, score_parts
from training.quality.pictures import PictureSet

PARTS_FILE, PARTS_TABLE = "parts.json", "parts.txt"
REAL_DATA = "real data, held out"


@dataclass(frozen=True, config=STRICT)
class PartsRow:
    """A row of the table: pictures of one origin.

    Attributes:
        name: of the origin.
        resolution: of the pictures, in pixels, before they are reduced for the reader.
        images_shown: in the training of the network; None where there is none.
        score: by the reader.
    """

    name: str
    resolution: int
    images_shown: int | None
    score: PartScore


@dataclasses.dataclass(frozen=True)
class PartsJudge:
    """A reader, and what it reads in the real pictures that others are compared with."""

    prepared: Prepared
    reader: PartReader
    reference: Reading
    seed: int = 0

    def row(
        self, name: str, pictures: PictureSet, resolution: int, images_shown: int | None = None
    ) -> PartsRow:
        """Read and score pictures."""
        score = score_parts(self.reader, self.reference, self.reader.read(pictures), self.seed)
        return PartsRow(name, resolution, images_shown, score)


def judge_of(prepared: Prepared, reader: PartReader, pictures: int, seed: int = 0) -> PartsJudge:
    """Read the first held-out pictures, at most `pictures`, for comparison."""
    split = split_of(prepared.count)
    array = prepared.images(reader.resolution)
    reference = reader.read(PictureSet(array, split.reference).first(pictures))
    return PartsJudge(prepared, reader, reference, seed)


def rows_of_data(judge: PartsJudge, on_progress: OnProgress = ignore_progress) -> list[PartsRow]:
    """Rows of the other held-out pictures: as they are, and destroyed in several ways."""
    advance = counted(1 + len(DESTRUCTIONS), on_progress)
    reader = judge.reader
    numbers = split_of(judge.prepared.count).apart[: len(judge.reference.values)]
    real = PictureSet(judge.prepared.images(reader.resolution), numbers)
    rows = [judge.row(REAL_DATA, real, reader.resolution)]
    advance()
    images = from_pixels(torch.from_numpy(real.at(range(len(real)))))
    for name, destroy in DESTRUCTIONS.items():
        pixels = to_pixels(destroy(images, torch.Generator().manual_seed(judge.seed))).numpy()
        rows.append(judge.row(name, PictureSet(pixels, np.arange(len(pixels))), reader.resolution))
        advance()
    return rows


def write_rows(folder: Path, judge: PartsJudge, rows: Sequence[PartsRow]) -> str:
    """Write the table as JSON and as text, and return the text.

    Raises:
        OSError: the disk is full; older files are kept.
    """
    reader, prepared = judge.reader, judge.prepared
    facts = {
        "data": prepared.manifest.source.name,
        "data_sha256": prepared.digest,
        "reader": {
            "resolution": reader.resolution,
            "sure": SURE,
            "held_out": reader.held_out,
            "parts": {
                part.name: {"values": len(part.values), **asdict(trust)}
                for part, trust in zip(reader.parts, reader.trust, strict=True)
            },
            "judged": [reader.parts[n].name for n in reader.judged],
        },
        "torch": torch.__version__,
        "rows": [asdict(row) for row in rows],
    }
    text = table_of_rows(judge, rows)
    write_file(folder / PARTS_FILE, (json.dumps(facts, indent=2) + "\n").encode())
    write_file(folder / PARTS_TABLE, f"{text}\n".encode())
    return text


def table_of_rows(judge: PartsJudge, rows: Sequence[PartsRow]) -> str:
    """Format two tables: what the reader gets right, and the rows."""
    reader = judge.reader
    judged = [reader.parts[n].name for n in reader.judged]
    lines = [
        (
            f"{judge.prepared.manifest.source.name}: parts read at {reader.resolution} px, sure "
            f"from {SURE:.0%}; measured on {reader.held_out:,} held-out pictures"
        ),
        "",
        "| part | values | right | sure | right of the sure |",
        "|---|---|---|---|---|",
    ]
    for n, (part, trust) in enumerate(zip(reader.parts, reader.trust, strict=True)):
        note = "" if n in reader.judged else " (not judged)"
        lines.append(f"| {part.name}{note} | {len(part.values)} | {_shares_of(trust)} |")
    lines += [
        "",
        (
            "| pictures | px | images shown | all sure | shapes sure | distance of shares | "
            f"combinations of {rows[0].score.pictures:,} | KID | recall |"
        ),
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        score = row.score
        shown = "-" if row.images_shown is None else f"{row.images_shown:,}"
        lines.append(
            f"| {row.name} | {row.resolution} | {shown} | {score.all_sure:.1%} | "
            f"{score.shapes_sure:.1%} | {score.distance:.3f} | {score.combinations:,} | "
            f"{score.kid:.3f} ± {score.kid_deviation:.3f} | {score.recall:.2f} |"
        )
    lines += ["", f"| sure of | {' | '.join(judged)} |", f"|---|{'---|' * len(judged)}"]
    for row in rows:
        cells = " | ".join(f"{row.score.sure[name]:.1%}" for name in judged)
        lines.append(f"| {row.name}, {row.resolution} px | {cells} |")
    return "\n".join(lines)


def _shares_of(trust: Trust) -> str:
    return " | ".join(f"{share:.1%}" for share in (trust.accuracy, trust.sure, trust.right))
