"""`python -m service search FILE --model M --from 0 --count 100000`: the seed of a picture.

Owns the progress bar, the cost that is stated in advance, and the exit code: 0 if a seed was found,
1 if none was, 2 if the file, the model or a range cannot be used. A range that was stopped tells
where to go on.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from models.latent import MAX_SEED
from models.plain_number import whole_number
from service.batching.engine import ModelInfo
from service.batching.translation import require_seeds
from service.commands.local_models import LocalModels
from service.commands.progress import duration_text, end_progress, note, show_progress
from service.errors import RequestError
from service.settings import Settings
from service.uploads.decoding import decode, open_upload
from service.verification.seed_search import KEPT_CANDIDATES, Candidate, SeedSearch, is_found

FOUND, NOT_FOUND, UNUSABLE = 0, 1, 2
CHUNK = 256  # seeds between two updates of the progress bar
SHOWN = 3  # candidates
EVERY_LABEL = "all"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the picture, the model and the range."""
    parser.add_argument("file", type=Path, metavar="FILE")
    parser.add_argument("--model", required=True, help="name of a bundle, or name@digest")
    parser.add_argument("--from", dest="start", type=whole_number, default=0, help="first seed")
    parser.add_argument("--count", type=whole_number, default=100_000, help="number of seeds")
    parser.add_argument(
        "--label", help="class of the picture, or all; else each seed has its own class"
    )
    parser.add_argument(
        "--first",
        type=whole_number,
        help="resolution of the first comparison; else the least from 16 px on",
    )
    parser.add_argument("--json", action="store_true", help="the result as one JSON object")


def run(options: argparse.Namespace, settings: Settings) -> int:
    """Search a range of seeds and print the best; returns the exit code."""
    models = LocalModels(settings)
    try:
        seeds = seed_range(options.start, options.count)
        upload = open_upload(options.file.read_bytes(), settings.max_upload_pixels)
        seen = decode(upload).pixels
        served = models.find(options.model)
        require_seeds(served)
        labels = labels_of(served, options.label)
        first = None if options.first is None else served.resolution_for(options.first)
        search = SeedSearch(seen, served, models.render, labels, first)
    except (OSError, RequestError, ValueError) as error:
        print(f"{options.file}: {error}", file=sys.stderr)  # noqa: T201 - for a person
        return UNUSABLE
    done = search_range(search, seeds, len(labels), served)
    if done < len(seeds):
        rest = f"--from {seeds.start + done} --count {len(seeds) - done}"
        note(f"stopped after {done:,} seeds; go on with {rest}")
    candidates = search.candidates()
    print(_as_json(candidates) if options.json else "\n".join(_lines(candidates)))  # noqa: T201 - its output
    return FOUND if is_found(candidates) else NOT_FOUND


def seed_range(start: int, count: int) -> range:
    """Return a range of seeds.

    Raises:
        ValueError: it is empty, or leaves 0 to 2^63 - 1.
    """
    if count < 1 or start < 0 or start + count - 1 > MAX_SEED:
        raise ValueError(f"seeds lie from 0 to {MAX_SEED}, and --count is 1 or more")
    return range(start, start + count)


def labels_of(served: ModelInfo, asked: str | None) -> list[str | None]:
    """Return the classes to try.

    Raises:
        OutOfRange: the model has no such class.
    """
    if asked == EVERY_LABEL and served.card.labels:
        return [*served.card.labels]
    return [served.label_for(asked)]


def search_range(search: SeedSearch, seeds: range, labels: int, served: ModelInfo) -> int:
    """Search `seeds`, or until Ctrl-C; returns the number of seeds that were searched.

    The first chunk measures the speed, which is stated before the rest is begun.
    """
    done, began = 0, time.monotonic()
    try:
        for chunk in _chunks(seeds):
            search.look_at(chunk)
            done += len(chunk)
            rate = done / max(time.monotonic() - began, 1e-9)
            if done == len(chunk) and done < len(seeds):
                top, needed = served.card.resolutions[-1], duration_text(len(seeds) / rate)
                note(
                    f"{len(seeds):,} seeds{f' in {labels} classes' if labels > 1 else ''} at "
                    f"{search.first} px: {rate:,.0f} seeds a second, about "
                    f"{needed}; then the best {KEPT_CANDIDATES} at {top} px"
                )
            show_progress(done, len(seeds), rate)
    except KeyboardInterrupt:
        pass
    finally:
        end_progress()
    return done


def _chunks(seeds: range) -> Iterator[range]:
    for start in range(0, len(seeds), CHUNK):
        yield seeds[start : start + CHUNK]


def _lines(candidates: list[Candidate]) -> Iterator[str]:
    found = is_found(candidates)
    yield "found:" if found else "no seed of this range makes this picture; the most similar:"
    for each in candidates[:SHOWN]:
        measured, label = each.comparison, each.recipe.label
        yield (
            f"  seed {each.recipe.point.start}{f', class {label}' if label else ''}: PSNR "
            f"{measured.psnr_db:.1f} dB, SSIM {measured.ssim:.2f} at {measured.width} x "
            f"{measured.height}{', equal' if measured.equal else ''}"
        )


def _as_json(candidates: list[Candidate]) -> str:
    found = [
        {
            "seed": str(each.recipe.point.start),
            "label": each.recipe.label,
            "model": each.recipe.model,
            "equal": each.comparison.equal,
            "similar": each.comparison.equal or each.comparison.is_similar,
            "psnr_db": round(each.comparison.psnr_db, 2),
            "ssim": round(each.comparison.ssim, 4),
        }
        for each in candidates[:SHOWN]
    ]
    return json.dumps({"found": is_found(candidates), "candidates": found}, ensure_ascii=False)
