"""The card of the bundle that a run is exported to.

Owns what is told of the run in it. Writes no file.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from models.card import Card, Data
from training.exits.finishing import FinishedGenerator
from training.quality.report import quality_for_card
from training.run_folder.commit import commit_of
from training.run_folder.data_origin import Origin, read_origin
from training.run_folder.golden import golden_of
from training.run_folder.loaded import LoadedRun


def card_of(
    run_folder: Path,
    loaded: LoadedRun,
    names: tuple[str, str, str],
    finished: FinishedGenerator,
) -> Card:
    """Build the card of a generator; `names` are name, title and description."""
    origin, network = read_origin(run_folder), finished.generator.config
    facts = describe_training(loaded, network.resolution, origin)
    return Card(
        *names,
        licence=origin.licence or "not stated",
        network=network,
        family=network.family,
        exits=finished.exits,
        data=Data(origin.name, origin.licence, origin.attribution, origin.images),
        weights_sha256="",
        golden=golden_of(finished.generator, origin.bit_depth),
        labels=origin.labels if network.classes else (),
        training=facts | {"exit_steps": finished.exit_steps},
        quality=quality_at(run_folder, loaded.progress.images_shown, network.resolution),
        bit_depth=origin.bit_depth,
        value_range=origin.value_range,
    )


def quality_at(run_folder: Path, images_shown: int, resolution: int) -> dict[str, Any]:
    """Measured quality of this network; empty if there is none, or another one was measured."""
    quality = quality_for_card(run_folder, images_shown)
    measured: dict[str, Any] = quality.get("measured") or {}
    return quality if measured.get("resolution", resolution) == resolution else {}


def describe_training(loaded: LoadedRun, resolution: int, origin: Origin) -> dict[str, Any]:
    """Describe the run for the card; `resolution` is that of the exported network."""
    config, progress = loaded.config, loaded.progress
    planned, images = config.network.resolution, config.total_images
    note = f"{resolution} of {planned} px, {progress.images_shown:,} of {images:,} images"
    return {
        "preset": config.preset,
        "objective": config.objective.name,
        "labels": config.objective.labels,
        "precision": config.precision,
        "init_from": config.init_from,
        "images_shown": progress.images_shown,
        "training_seconds": round(progress.seconds),
        "seed": config.seed,
        "data_sha256": origin.digest,
        "commit": commit_of(Path(__file__).parent),
        "torch": torch.__version__,
        "exit_fidelity": "PSNR against the box-downsampled finished picture, 128 held-out seeds",
        **({} if loaded.is_complete and resolution == planned else {"unfinished": note}),
    }
