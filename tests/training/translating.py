"""A tiny CycleGAN and a tiny StarGAN, and pictures of domains that differ."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from models.families.cyclegan.config import CycleganConfig
from models.families.stargan.config import StarganConfig
from models.layout import file_sha256
from tests.training.prepared import write_prepared
from tests.training.settings import with_values
from training.config.config import TrainingConfig
from training.config.dcgan_presets import at_once
from training.config.presets import PRESETS
from training.data.manifest import LABELS_FILE, ArrayFile
from training.data.stream import Prepared, open_prepared

TINY = CycleganConfig(16, 3, 4, 1, 4, 2)
TINY_STARGAN = StarganConfig(16, 3, 4, 1, 4, 2, 3)
DARK, LIGHT = 0, 1


def tiny_translation(images: int = 24, **values: object) -> TrainingConfig:
    """16 px, batches of 2, a tick every 8 images, a pool of 3, without rounding to bf16."""
    config = replace(PRESETS["cyclegan-64"], network=TINY, levels=at_once(16, images, 2, 0.001))
    settings = {"pool_size": 3, "cool_down_images": images // 2, "tick_images": 8}
    return with_values(config, precision="fp32", **{**settings, **values})


def tiny_stargan(images: int = 24, **values: object) -> TrainingConfig:
    """16 px, three domains, batches of 4, two critic steps, a tick every 8 images, fp32."""
    levels = at_once(16, images, 4, 0.001)
    config = replace(PRESETS["stargan-64"], network=TINY_STARGAN, levels=levels)
    settings = {"cool_down_images": images // 2, "tick_images": 8}
    return with_values(config, precision="fp32", **{**settings, **values})


def two_domains(folder: Path, count: int = 12, resolution: int = 16) -> Prepared:
    """Dark noise and light noise, in turn; no picture occurs twice."""
    return shaded_domains(folder, ("dark", "light"), count, resolution)


def three_domains(folder: Path, count: int = 12, resolution: int = 16) -> Prepared:
    """Dark, gray and light noise, in turn."""
    return shaded_domains(folder, ("dark", "gray", "light"), count, resolution)


def shaded_domains(folder: Path, names: tuple[str, ...], count: int, resolution: int) -> Prepared:
    """Noise that is lighter in each domain than in the one before."""
    write_prepared(folder, resolution, count, classes=len(names))
    labels, width = np.arange(count) % len(names), 255 // len(names)
    np.save(folder / LABELS_FILE, labels)
    manifest = open_prepared(folder).manifest
    files: list[ArrayFile] = []
    for file in manifest.images:
        shades = width * labels[:, None, None, None].astype(np.uint8)
        array = np.load(folder / file.name) // len(names) + shades
        np.save(folder / file.name, array.astype(np.uint8))
        files.append(replace(file, sha256=file_sha256(folder / file.name)))
    assert manifest.labels is not None
    of_labels = replace(manifest.labels, sha256=file_sha256(folder / LABELS_FILE))
    named = replace(manifest, images=tuple(files), labels=of_labels, label_names=names)
    (folder / "manifest.json").write_text(named.to_json())
    return open_prepared(folder)
