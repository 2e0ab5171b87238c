"""The `report` command: writes the page of a run on request.

Owns the command line and the output. Reads a run, which may be training at the same time; changes
nothing in it except the page.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from training.progress_bar import progress_bar
from training.report.page import KEPT_FOLDER, REPORT_FILE, write_page


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `report`."""
    parser.add_argument("--run", type=Path, required=True, help="the folder of the run")
    parser.add_argument("--out", type=Path, help=f"the page; {REPORT_FILE} of the run")


def run(options: argparse.Namespace) -> int:
    """Run the `report` command."""
    out: Path = options.out or options.run / REPORT_FILE
    kept = options.run / KEPT_FOLDER if options.out is None else None
    with progress_bar("reading grids", "grids") as on_progress:
        size = write_page(options.run, out, kept, on_progress)
    print(f"written: {out}, {size / 1e6:.1f} MB")
    return 0
