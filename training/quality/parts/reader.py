"""A reader of parts: names the parts of pictures, and says how sure it is of each.

Owns the reading of pictures and what is known of the reader's own errors, on pictures that it was
not trained on. Knows no file and no training.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic.dataclasses import dataclass as checked

from models.pixels import from_pixels
from models.resolution import BASE_RESOLUTION, Size
from models.strict_json import STRICT
from training.data.pyramid import halvings
from training.progress_bar import OnProgress, ignore_progress
from training.quality.features import Features
from training.quality.parts.known import Part
from training.quality.parts.network import PART_FEATURES, PartNetwork
from training.quality.pictures import PictureSet

SURE = 0.9  # probability of a value from which the reader is sure of it
READABLE = 0.8  # accuracy on held-out pictures below which a part is not judged
READING_BATCH = 128


@dataclass(frozen=True)
class Reading:
    """Parts as read in n pictures with P parts.

    Attributes:
        values: `[n, P]`, number of the likeliest value.
        confidence: `[n, P]`, its probability, 0 to 1.
        features: `[n, 128]` of the last layer before the heads, at least 0.
    """

    values: NDArray[np.int64]
    confidence: NDArray[np.float32]
    features: Features

    @property
    def sure(self) -> NDArray[np.bool_]:
        """True where the reader is sure of a part, `[n, P]`."""
        return self.confidence >= SURE

    def first(self, count: int) -> Reading:
        """The reading of the first `count` pictures."""
        return Reading(self.values[:count], self.confidence[:count], self.features[:count])


@checked(frozen=True, config=STRICT)
class Trust:
    """Accuracy for one part on held-out pictures; shares from 0 to 1.

    Attributes:
        accuracy: share of pictures whose value it names.
        sure: share of pictures of whose value it is sure.
        right: share of these in which it is right; 1 if it is never sure.
    """

    accuracy: float
    sure: float
    right: float


@dataclass(frozen=True)
class PartReader:
    """A trained network with its parts.

    Attributes:
        network: in evaluation mode.
        parts: the known parts, in the order of the network's heads.
        shares: for each part, the share of each of its values in the data.
        trust: for each part.
        held_out: pictures on which it was measured.
        resolution: of the pictures that it reads.
        size: height and width of these.
    """

    network: PartNetwork
    parts: tuple[Part, ...]
    shares: tuple[NDArray[np.float64], ...]
    trust: tuple[Trust, ...]
    held_out: int
    resolution: int
    size: Size

    @property
    def judged(self) -> tuple[int, ...]:
        """Places of the parts that the reader can read: accuracy 0.8 or more; all if none is."""
        able = tuple(n for n, trust in enumerate(self.trust) if trust.accuracy >= READABLE)
        return able or tuple(range(len(self.parts)))

    def read(self, pictures: PictureSet, on_progress: OnProgress = ignore_progress) -> Reading:
        """Read pictures of the reader's resolution or a larger one, in order."""
        return read_parts(self.network, pictures, self.size, on_progress)


@torch.no_grad()
def read_parts(
    network: PartNetwork,
    pictures: PictureSet,
    size: Size,
    on_progress: OnProgress = ignore_progress,
) -> Reading:
    """Read pictures with a network; larger ones are averaged over blocks of pixels first.

    Args:
        network: in evaluation mode.
        pictures: of `size`, or larger by a power of two.
        size: height and width that the network reads.
        on_progress: called with the number of pictures read and the total.
    """
    n, parts = len(pictures), len(network.heads)
    factor = pictures.shorter // min(size)
    values, confidence = np.empty((n, parts), np.int64), np.empty((n, parts), np.float32)
    features = np.empty((n, PART_FEATURES), np.float32)
    device = next(network.parameters()).device
    done = 0
    for batch in pictures.batches(READING_BATCH):
        images = from_pixels(torch.from_numpy(halvings(batch, factor * BASE_RESOLUTION)[0])).to(
            device
        )
        found, logits = network(images.contiguous(memory_format=torch.channels_last))
        rows = slice(done, done + len(batch))
        features[rows] = found.cpu().numpy()
        for part, logit in enumerate(logits):
            probability, value = logit.softmax(dim=1).max(dim=1)
            values[rows, part] = value.cpu().numpy()
            confidence[rows, part] = probability.cpu().numpy()
        done += len(batch)
        on_progress(done, n)
    return Reading(values, confidence, features)
