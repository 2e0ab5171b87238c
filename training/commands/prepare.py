"""`python -m training prepare`: what a person types and sees.

Owns arguments, progress and the closing table. Knows nothing of how pictures are prepared.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    TextColumn,
    TimeRemainingColumn,
)
from rich.progress import Progress as ProgressBar
from rich.table import Table

from models.families.progan.config import SQUARE, Size
from training.data.decode import FITS
from training.data.manifest import Manifest
from training.data.prepare import PrepareOptions, PrepareProgress, Report, prepare

SECONDS_BETWEEN_LINES = 10.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what `prepare` understands."""
    parser.description = "Turn pictures into one array for each resolution, ready for training."
    parser.add_argument(
        "source",
        metavar="SOURCE",
        help="a folder or zip of pictures, an IDX file, or "
        "dicebear:STYLE?count=20000&size=256&seed=0&background=ffffff,d0c8ee",
    )
    parser.add_argument("out", metavar="OUT", type=Path, help="the folder to make")
    parser.add_argument(
        "--resolution",
        type=int,
        metavar="R",
        help="width and height of the largest array (where --shape is not square, its side that "
        "is 4), a power of two from 8 to 1024 "
        "(default: the size of the drawings, the padded size of IDX pictures, or the largest "
        "power of two within the first picture)",
    )
    parser.add_argument(
        "--channels",
        type=int,
        choices=(1, 3, 4),
        help="gray, RGB or RGBA (default: 1 for IDX, else 3)",
    )
    parser.add_argument(
        "--fit",
        choices=FITS,
        default="square",
        help="accept square pictures (or those of --shape) of R pixels or more; only those of "
        "exactly R; or crop the middle of any that is large enough (default: %(default)s)",
    )
    parser.add_argument(
        "--shape",
        type=shape_of,
        default=SQUARE,
        metavar="HxW",
        help="proportions, height x width, of which one is 4 and the other from 2 to 16, such as "
        "4x6 or 6x4; pictures measure a power of two times that (default: square)",
    )
    parser.add_argument(
        "--strict", action="store_true", help="refuse the first unusable picture, skip none"
    )
    parser.add_argument("--workers", type=int, metavar="N", help="processes (default: all cores)")
    parser.add_argument("--licence", default="", help="of the pictures, for the model's card")
    parser.add_argument(
        "--label-names",
        type=lambda text: tuple(name.strip() for name in text.split(",")),
        default=(),
        metavar="NAME,NAME...",
        help="of the classes, in order, where the source only numbers them (IDX)",
    )
    parser.add_argument("--attribution", default="", help="whom to credit, for the model's card")


def run(args: argparse.Namespace) -> int:
    """Do what the arguments say.

    Returns:
        The exit status: 0, or 130 if it was interrupted.

    Raises:
        DataError: the pictures cannot be prepared; the message is for the person.
    """
    console = Console(stderr=True, highlight=False)
    started = time.monotonic()
    options = PrepareOptions(
        resolution=args.resolution,
        channels=args.channels,
        fit=args.fit,
        strict=args.strict,
        workers=args.workers,
        licence=args.licence,
        attribution=args.attribution,
        label_names=args.label_names,
        shape=args.shape,
    )
    try:
        with bar(console) if console.is_terminal else lines(console) as report:
            manifest = prepare(args.source, args.out, options, report)
    except KeyboardInterrupt:
        console.print("stopped; nothing was kept")
        return 130
    console.print(summary(manifest, args.out, time.monotonic() - started), markup=False)
    return 0


def shape_of(text: str) -> Size:
    """The value of `--shape`."""
    height, _, width = text.partition("x")
    if not (height.isdecimal() and width.isdecimal()):
        raise argparse.ArgumentTypeError(f"height x width is needed, as in 4x6, not {text!r}")
    return int(height), int(width)


def summary(manifest: Manifest, out: Path, seconds: float) -> Table:
    """What there is now."""
    megabytes = sum(file.size for file in manifest.files) / 1e6
    table = Table(show_header=False, box=None)
    rows = {
        "folder": str(out),
        "pictures": f"{manifest.count:,}",
        "skipped": f"{manifest.skipped:,}" + (" (see skipped.jsonl)" if manifest.skipped else ""),
        "sizes": f"{sizes_told(manifest)} px, {megabytes:,.1f} MB",
        "channels": str(manifest.channels),
        "classes": str(len(manifest.label_names) or "none"),
        "licence": manifest.source.licence or "unknown",
        "seconds": f"{seconds:.1f}",
    }
    for name, value in rows.items():
        table.add_row(name, value)
    return table


def sizes_told(manifest: Manifest) -> str:
    """The size of every array; width x height where they are not square."""
    if manifest.base == SQUARE:
        return ", ".join(map(str, manifest.resolutions))
    return ", ".join(f"{file.shape[2]}x{file.shape[1]}" for file in manifest.images)


@contextmanager
def bar(console: Console) -> Generator[Report]:
    """Reports as a moving bar."""
    columns = (
        TextColumn("decoding"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[skipped]} skipped"),
        TimeRemainingColumn(),
    )
    with ProgressBar(*columns, console=console, transient=True) as progress:
        task = progress.add_task("", total=None, skipped=0)

        def report(now: PrepareProgress) -> None:
            if now.note:
                progress.console.print(now.note, markup=False)
            progress.update(task, completed=now.done, total=now.total, skipped=now.skipped)

        yield report


@contextmanager
def lines(console: Console, clock: Callable[[], float] = time.monotonic) -> Generator[Report]:
    """Reports as plain lines, one in ten seconds."""
    printed = clock()

    def report(now: PrepareProgress) -> None:
        nonlocal printed
        if now.note:
            console.print(now.note, markup=False, soft_wrap=True)
        elif clock() - printed >= SECONDS_BETWEEN_LINES or now.done == now.total:
            printed = clock()
            line = f"{now.done:,} of {now.total:,} pictures, {now.skipped:,} skipped"
            console.print(line, markup=False)

    yield report
