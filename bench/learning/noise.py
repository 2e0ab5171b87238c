"""Random pictures in a prepared folder, sufficient to measure the time of a step.

Owns the writing of that folder, with the functions that `prepare` uses.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from training.data.manifest import MANIFEST_FILE, Manifest, Source
from training.data.pyramid import PyramidWriter, halvings
from training.data.stream import Prepared, open_prepared


def write_noise(folder: Path, resolution: int, count: int, channels: int = 3) -> Prepared:
    """Write `count` pictures of independent pixels at every resolution; creates the folder."""
    folder.mkdir(parents=True)
    random = np.random.default_rng(0)
    pictures = random.integers(0, 256, (count, resolution, resolution, channels), np.uint8)
    with PyramidWriter(folder, resolution, channels) as writer:
        writer.append(halvings(pictures, resolution))
    manifest = Manifest(
        source=Source("folder", "noise", "a seed", "CC0-1.0"),
        count=count,
        channels=channels,
        resolution=resolution,
        images=writer.records(),
        labels=None,
        label_names=(),
        skipped=0,
        skipped_first=(),
        options={},
    )
    (folder / MANIFEST_FILE).write_text(manifest.to_json(), encoding="utf-8")
    return open_prepared(folder)
