"""`python -m service manifest FILE...`: the manifest of data sets, and what is missing of them.

Owns the output and the exit code: 0 if every data set is complete, 1 if one was cut, 2 if one
cannot be read. A part that was cut counts as complete if the rest of it follows.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from urllib.parse import urlencode

from service.commands.progress import note
from service.commands.verify import printable
from service.datasets.reading import DatasetReader
from service.settings import Settings

CUT, UNREADABLE = 1, 2


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the files."""
    parser.add_argument(
        "files", nargs="+", type=Path, metavar="FILE", help="ZIP or tar files, or folders"
    )


def run(options: argparse.Namespace, settings: Settings) -> int:  # noqa: ARG001 - as all commands
    """Print a line for each picture, and tell of each file how far it goes."""
    code, cut = 0, None
    for path in options.files:
        try:
            reader = DatasetReader(path)
            for record in reader.records():
                sys.stdout.write(record.as_json().decode() + "\n")
        except (OSError, ValueError) as error:
            note(f"{path}: {error}")
            code = UNREADABLE
            continue
        note(printable(f"{path}: {told_of(reader)}"))
        if (cut and not goes_on(cut, reader)) or (reader.completion and not reader.is_complete):
            code = max(code, CUT)
        cut = None if reader.completion else reader
    return max(code, CUT) if cut else code


def goes_on(cut: DatasetReader, rest: DatasetReader) -> bool:
    """True if `rest` begins with the first picture that `cut` lacks, and is of the same kind."""
    place = {"from_seed", "count"}
    kind = cut.description.model_dump(exclude=place)
    return kind == rest.description.model_dump(exclude=place) and (
        rest.description.from_seed == str(cut.next_seed)
    )


def told_of(reader: DatasetReader) -> str:
    """Return one sentence on a data set whose records were read."""
    whole = reader.description
    if reader.is_complete:
        return f"complete: {whole.count:,} pictures of {whole.model}"
    if reader.completion is not None:
        return "its closing record is that of other pictures: the file was changed"
    if reader.count == whole.count:
        return f"all {whole.count:,} pictures are there; the end of the file is missing"
    rest = {"model": whole.model, "resolution": whole.resolution, "label": whole.label}
    rest |= {"psi": whole.psi, "edit": whole.edit}
    rest |= {"from_seed": reader.next_seed, "count": whole.count - reader.count}
    query = urlencode({k: v for k, v in rest.items() if v is not None}, safe="@")
    return f"cut after {reader.count:,} of {whole.count:,} pictures; the rest: /datasets?{query}"
