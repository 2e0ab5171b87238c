"""The command `python -m training prepare`.

Owns its arguments and the display of progress. Knows no details of the preparation.
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

from models.plain_number import decimal_number, is_digits, whole_number
from models.resolution import SQUARE, Size
from training.commands.prepare_summary import remarks, summary
from training.data.options import PrepareOptions
from training.data.prepare import PrepareProgress, Report, prepare
from training.data.shape import AUTO, FITS, Range
from training.data.sources.opening import Location

SECONDS_BETWEEN_REPORTS = 10.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `prepare`."""
    parser.description = "Turn pictures into one array for each resolution, ready for training."
    add_source_argument(parser)
    parser.add_argument("out", metavar="OUT", type=Path, help="the folder to make")
    parser.add_argument(
        "--resolution",
        type=whole_number,
        metavar="R",
        help="width and height of the largest array (where --shape is not square, its side that "
        "is 4), a power of two from 8 to 1024 "
        "(default: the size of the drawings, the padded size of IDX pictures, or the largest "
        "power of two within the first picture)",
    )
    parser.add_argument(
        "--channels",
        type=whole_number,
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
    add_value_arguments(parser)
    parser.add_argument(
        "--replace",
        action="store_true",
        help="prepare again, and replace an older prepared folder OUT when that is done",
    )
    parser.add_argument(
        "--workers", type=whole_number, metavar="N", help="processes (default: all cores)"
    )
    parser.add_argument("--licence", default="", help="of the pictures, for the model's card")
    parser.add_argument(
        "--label-names",
        type=lambda text: tuple(name.strip() for name in text.split(",")),
        default=(),
        metavar="NAME,NAME...",
        help="of the classes, in order, where the source only numbers them (IDX); of the domains, "
        "in the order of their sources",
    )
    parser.add_argument("--attribution", default="", help="whom to credit, for the model's card")


def add_source_argument(parser: argparse.ArgumentParser) -> None:
    """Add the argument for one source, or for those of several domains."""
    parser.add_argument(
        "source",
        metavar="SOURCE",
        nargs="+",
        help="a folder or zip of pictures, an IDX file, or "
        "dicebear:STYLE?count=20000&size=256&seed=0&background=ffffff,d0c8ee, also with options of "
        "the style such as hairColor=f27d65; several are the domains of a data set for "
        "translation, each named by its source or by --label-names",
    )


def add_value_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments for the values of pixels."""
    parser.add_argument(
        "--depth",
        type=whole_number,
        choices=(8, 16),
        default=8,
        help="bits of a prepared pixel and channel; 16 keeps the numbers of gray pictures of more "
        "than 8 bits, in one --range for all (default: %(default)s)",
    )
    parser.add_argument(
        "--range",
        type=range_of,
        metavar="LOW:HIGH",
        help="the numbers that become black and white in gray pictures of more than 8 bits, "
        "such as --range=-1000:1500, or auto: the least and greatest of each picture (default: "
        "all that the type holds; signed and floating-point pictures are skipped); with --depth "
        "16 those that become 0 and 65,535 (default: 0:65535, which keeps unsigned numbers)",
    )
    parser.add_argument(
        "--keep-profile",
        action="store_true",
        help="do not convert pictures with a colour profile to sRGB",
    )


def run(args: argparse.Namespace) -> int:
    """Prepare the pictures that the arguments name.

    Returns:
        The exit status: 0, or 130 if it was interrupted.

    Raises:
        DataError: the pictures cannot be prepared; the message is for the user.
    """
    console = Console(stderr=True, highlight=False)
    started = time.monotonic()
    source: Location = args.source[0] if len(args.source) == 1 else tuple(args.source)
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
        value_range=args.range,
        keep_profile=args.keep_profile,
        bit_depth=args.depth,
    )
    try:
        with bar(console) if console.is_terminal else lines(console) as report:
            manifest = prepare(source, args.out, options, report, replace=args.replace)
    except KeyboardInterrupt:
        console.print("stopped; nothing was kept")
        return 130
    console.print(summary(manifest, args.out, time.monotonic() - started), markup=False)
    for line in remarks(manifest, args.out):
        console.print(line, markup=False, soft_wrap=True)
    return 0


def shape_of(text: str) -> Size:
    """Parse the value of `--shape`."""
    height, _, width = text.partition("x")
    if not (is_digits(height) and is_digits(width)):
        raise argparse.ArgumentTypeError(f"height x width is needed, as in 4x6, not {text!r}")
    return int(height), int(width)


def range_of(text: str) -> Range | str:
    """Parse the value of `--range`."""
    low, _, high = text.partition(":")
    try:
        return AUTO if text == AUTO else (decimal_number(low), decimal_number(high))
    except ValueError as error:
        raise argparse.ArgumentTypeError(
            f"LOW:HIGH is needed, as in --range=-1000:1500, or auto, not {text!r}"
        ) from error


@contextmanager
def bar(console: Console) -> Generator[Report]:
    """Show progress as a bar."""
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
    """Show progress as plain lines, one every ten seconds."""
    printed = clock()

    def report(now: PrepareProgress) -> None:
        nonlocal printed
        if now.note:
            console.print(now.note, markup=False, soft_wrap=True)
        elif clock() - printed >= SECONDS_BETWEEN_REPORTS or now.done == now.total:
            printed = clock()
            line = f"{now.done:,} of {now.total:,} pictures, {now.skipped:,} skipped"
            console.print(line, markup=False)

    yield report
