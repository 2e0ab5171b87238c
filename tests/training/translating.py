"""A tiny CycleGAN, and pictures of two domains that differ, for tests of translations."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from models.families.cyclegan.config import CycleganConfig
from models.layout import file_sha256
from tests.training.prepared import write_prepared
from tests.training.settings import with_values
from training.config.config import TrainingConfig
from training.config.dcgan_presets import at_once
from training.config.presets import PRESETS
from training.data.manifest import LABELS_FILE, ArrayFile
from training.data.stream import Prepared, open_prepared

TINY = CycleganConfig(16, 3, 4, 1, 4, 2)
DARK, LIGHT = 0, 1


def tiny_translation(images: int = 24, **values: object) -> TrainingConfig:
    """16 px, batches of 2, a tick every 8 images, a pool of 3, without rounding to bf16."""
    config = replace(PRESETS["cyclegan-64"], network=TINY, levels=at_once(16, images, 2, 0.001))
    settings = {"pool_size": 3, "cool_down_images": images // 2, "tick_images": 8}
    return with_values(config, precision="fp32", **{**settings, **values})


def two_domains(folder: Path, count: int = 12, resolution: int = 16) -> Prepared:
    """Dark noise and light noise, in turn; no picture occurs twice."""
    write_prepared(folder, resolution, count, classes=2)
    labels = np.arange(count) % 2
    np.save(folder / LABELS_FILE, labels)
    manifest = open_prepared(folder).manifest
    files: list[ArrayFile] = []
    for file in manifest.images:
        array = np.load(folder / file.name) // 2 + 127 * labels[:, None, None, None].astype(
            np.uint8
        )
        np.save(folder / file.name, array.astype(np.uint8))
        files.append(replace(file, sha256=file_sha256(folder / file.name)))
    assert manifest.labels is not None
    of_labels = replace(manifest.labels, sha256=file_sha256(folder / LABELS_FILE))
    named = replace(manifest, images=tuple(files), labels=of_labels, label_names=("dark", "light"))
    (folder / "manifest.json").write_text(named.to_json())
    return open_prepared(folder)
