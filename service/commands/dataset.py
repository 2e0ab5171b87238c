"""`python -m service dataset --out OUT --model M --count N`: a data set without a running service.

Owns the command line, the progress bar and the exit code: 0 if the data set is complete, 2 if it
cannot be made. A command that was stopped in any way goes on when it is given again.
"""

from __future__ import annotations

import argparse
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from models.picture import Pixels
from models.plain_number import decimal_number, whole_number
from service.batching.recipe import Recipe
from service.batching.translation import require_seeds
from service.commands.local_models import LocalModels
from service.commands.progress import duration_text, end_progress, note, show_progress
from service.credentials.current import CurrentSigner
from service.datasets.archives import ARCHIVE_FORMATS
from service.datasets.dataset import Dataset, DatasetRequest, PictureEntry
from service.datasets.outputs import (
    DatasetOutput,
    archive_output,
    folder_output,
    is_complete,
)
from service.engine_setup import available_cores
from service.env_file import SettingsError
from service.errors import ServiceError
from service.files import picture_file
from service.media.encoding import FORMATS
from service.settings import Settings

COMPLETE, NOT_MADE = 0, 2
FOLDER: Final = "folder"
FORMAT_BY_SUFFIX: Final = {each.extension: name for name, each in ARCHIVE_FORMATS.items()}
BATCHES_AHEAD: Final = 4  # encoded while the next ones are rendered

RenderRecipes = Callable[[Sequence[Recipe]], Sequence[Pixels]]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the pictures and the place to write them."""
    parser.add_argument(
        "--out", required=True, type=Path, metavar="OUT", help="folder, or file.zip, or file.tar"
    )
    parser.add_argument("--model", required=True, help="name of a bundle, or name@digest")
    parser.add_argument("--from-seed", type=whole_number, default=0, help="first seed; else 0")
    parser.add_argument("--count", required=True, type=whole_number, help="number of pictures")
    parser.add_argument(
        "--resolution", type=whole_number, help="else the largest that the model has"
    )
    parser.add_argument("--label", help="class of all pictures; else each seed has its own class")
    parser.add_argument(
        "--psi",
        type=decimal_number,
        help="truncation, for models that take it: 0 to 1, or 1.5; else none",
    )
    parser.add_argument(
        "--edit",
        action="append",
        default=[],
        metavar="NAME:STRENGTH",
        help="a step along a direction, for models that take it; repeatable",
    )
    parser.add_argument(
        "--format",
        choices=[FOLDER, *ARCHIVE_FORMATS],
        help="else by the ending of OUT: .zip, .tar (for WebDataset), or a folder",
    )
    parser.add_argument(
        "--image-format", choices=[*FORMATS], default="png", help="of each picture; else png"
    )


def run(options: argparse.Namespace, settings: Settings) -> int:
    """Write the data set, or the rest of it; returns the exit code."""
    out: Path = options.out
    try:
        models = LocalModels(settings)
        dataset = dataset_of_options(options, models, settings)
        if is_complete(out, dataset):
            note(f"{out}: is complete already")
            return COMPLETE
        archive_format = options.format or FORMAT_BY_SUFFIX.get(out.suffix, FOLDER)
        with opened_output(out, dataset, archive_format) as output:
            write_dataset(dataset, output, models.render, settings)
    except SettingsError as error:
        note("\n".join(error.faults))
        return NOT_MADE
    except (OSError, ServiceError, ValueError) as error:
        note(f"{out}: {error}")
        return NOT_MADE
    return COMPLETE


def dataset_of_options(
    options: argparse.Namespace, models: LocalModels, settings: Settings
) -> Dataset:
    """Load the model and return the data set.

    Raises:
        ServiceError: the model, its resolution, its class or its seeds do not exist.
        SettingsError: key or certificates of Content Credentials cannot be used.
    """
    wanted = DatasetRequest(
        *(options.from_seed, options.count, options.resolution, options.label),
        image_format=options.image_format,
        psi=options.psi,
        edits=options.edit,
    )
    signer = CurrentSigner(settings).file_signer
    served = models.find(options.model)
    require_seeds(served)
    return Dataset.requested(served, wanted, picture_file, signer)


@contextmanager
def opened_output(out: Path, dataset: Dataset, archive_format: str) -> Generator[DatasetOutput]:
    """Open the place to write to, new or unfinished.

    Raises:
        OtherDataset: it holds another data set.
        OSError: it cannot be written.
    """
    if archive_format == FOLDER:
        with folder_output(out, dataset) as output:
            yield output
    else:
        archive = ARCHIVE_FORMATS[archive_format].open(dataset)
        with archive_output(out, dataset, archive) as output:
            yield output


def write_dataset(
    dataset: Dataset, output: DatasetOutput, render: RenderRecipes, settings: Settings
) -> None:
    """Write the missing pictures and the end; a few batches are in memory at a time."""
    seeds = dataset.seeds[output.next_seed - dataset.from_seed :]
    if len(seeds) < dataset.count:
        note(f"going on after {dataset.count - len(seeds):,} pictures, with seed {seeds.start}")
    began, total = time.monotonic(), dataset.count
    try:
        for done, entry in enumerate(made_entries(dataset, seeds, render, settings), 1):
            output.write(entry)
            rate = done / max(time.monotonic() - began, 1e-9)
            show_progress(total - len(seeds) + done, total, rate)
    except KeyboardInterrupt:
        end_progress()
        note(f"stopped before seed {output.next_seed}; the same command goes on")
        raise
    end_progress()
    output.finish()
    took = time.monotonic() - began
    note(f"complete: {total:,} pictures, {len(seeds):,} of them in {duration_text(took)}")


def made_entries(
    dataset: Dataset, seeds: range, render: RenderRecipes, settings: Settings
) -> Iterator[PictureEntry]:
    """Yield the pictures of seeds in order; rendered here, encoded on other threads."""
    waiting: deque[Future[list[PictureEntry]]] = deque()
    with ThreadPoolExecutor(settings.encoders or available_cores(), "encoder") as encoders:
        for first in range(0, len(seeds), settings.max_batch):
            group = seeds[first : first + settings.max_batch]
            images = render(dataset.recipes(group))
            waiting.append(encoders.submit(_entries, dataset, group, images))
            if len(waiting) > BATCHES_AHEAD:
                yield from waiting.popleft().result()
        while waiting:
            yield from waiting.popleft().result()


def _entries(dataset: Dataset, seeds: range, images: Sequence[Pixels]) -> list[PictureEntry]:
    return [dataset.entry_of(seed, image) for seed, image in zip(seeds, images, strict=True)]
