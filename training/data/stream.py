"""Reading of prepared pictures: as arrays, and as an endless, shuffled stream.

Owns the opening of a prepared folder and the order in which pictures are shown. That order is a
pure function of a seed and of the number of images shown so far: a resumed run needs no other
state. Knows no preparation (`training.data.prepare`) and no tensor.

**The order.** Position p, counted from 0, is in epoch e = p // N. Word i of Philox-4x64 (Salmon
et al. 2011) with the key (seed, e) belongs to picture i: pictures are shown in ascending order of
the upper 63 bits (the lower number first if equal); the lowest bit decides mirroring.
The stream of one domain d has the same rule for the N pictures of class d, with the key
(seed, e + 2^48 d), so that the orders of two domains are independent.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from tokenize import TokenError  # raised by numpy for a damaged header

import numpy as np
from numpy.typing import NDArray

from models.layout import file_sha256
from models.picture import BitDepth, Pixels
from training.data.manifest import ArrayFile, DataError, Manifest, images_file, read_manifest

MAX_RESIDENT = 256 * 2**20  # bytes; a stream loads a smaller array into memory
ALL = slice(None)
DOMAIN_KEYS = 2**48  # epochs of one domain

Indices = NDArray[np.int64]


@dataclass(frozen=True)
class Prepared:
    """An opened prepared folder; size, shape and type of its files match the manifest."""

    folder: Path
    manifest: Manifest

    @property
    def count(self) -> int:
        """Number of pictures."""
        return self.manifest.count

    @property
    def channels(self) -> int:
        """1 gray, 3 RGB, 4 RGBA."""
        return self.manifest.channels

    @property
    def bit_depth(self) -> BitDepth:
        """Of the pixels: 8, or 16 for gray."""
        return self.manifest.bit_depth

    @property
    def digest(self) -> str:
        """The SHA-256 of the largest array: equal for equal pictures in the same order."""
        return self.manifest.images[-1].sha256

    def images(self, resolution: int) -> Pixels:
        """All pictures at `resolution`, `[N, H, W, C]`, read-only and memory-mapped.

        They are uint8, or uint16 with a bit depth of 16.

        Raises:
            DataError: the folder does not have this resolution.
        """
        if resolution not in self.manifest.resolutions:
            offered = ", ".join(map(str, self.manifest.resolutions))
            raise DataError(f"{self.folder} has pictures of {offered} pixels, not {resolution}")
        return np.load(self.folder / images_file(resolution), mmap_mode="r", allow_pickle=False)

    def labels(self) -> Indices | None:
        """The class number of every picture, `[N]`; None without classes."""
        if self.manifest.labels is None:
            return None
        return np.load(self.folder / self.manifest.labels.name, allow_pickle=False)

    def verify(self) -> None:
        """Compare every file with its digest; reads all bytes.

        Raises:
            DataError: a file has changed since it was written.
        """
        for file in self.manifest.files:
            if file_sha256(self.folder / file.name) != file.sha256:
                raise DataError(
                    f"{self.folder / file.name} is damaged (its SHA-256 differs from the "
                    "manifest): prepare the pictures again with --replace"
                )


def open_prepared(folder: Path) -> Prepared:
    """Open a folder written by `training.data.prepare`; reads no pictures.

    Raises:
        DataError: the manifest is missing or invalid, or a file is missing, truncated or of another
            shape.
    """
    manifest = read_manifest(folder)
    for file in manifest.files:
        _require_whole(folder, file, np.uint16 if manifest.bit_depth == 16 else np.uint8)
    return Prepared(folder, manifest)


class ImageStream:
    """Endless stream of pictures at any resolution; each epoch has its own order.

    Args:
        prepared: the pictures.
        seed: 0 to 2^64 - 1; determines the order.
        mirror: flip about half of the pictures left to right, drawn again in each epoch.
        domain: number of the class whose pictures are shown; None for all pictures.

    Raises:
        DataError: there is no such domain.
    """

    def __init__(
        self, prepared: Prepared, seed: int, mirror: bool = False, domain: int | None = None
    ) -> None:
        if not 0 <= seed < 2**64:
            raise ValueError(f"the seed of a stream lies from 0 to 2^64 - 1, not {seed}")
        self.prepared = prepared
        self.seed = seed
        self.mirror = mirror
        self._epoch: tuple[int, Indices, NDArray[np.bool_]] | None = None
        self._level: tuple[int, Pixels] | None = None
        self._labels = prepared.labels()
        self.domain = domain
        self._members = None if domain is None else self._pictures_of(domain)

    @property
    def count(self) -> int:
        """Number of pictures in an epoch."""
        return self.prepared.count if self._members is None else len(self._members)

    def batch(self, resolution: int, start: int, size: int, share: slice = ALL) -> Pixels:
        """The pictures at `start` to `start + size - 1`, or a share of them: `[n, H, W, C]`.

        They are uint8, or uint16 with a bit depth of 16.

        Args:
            resolution: a prepared one.
            start: images shown so far, at least 0.
            size: at least 1.
            share: slice of the batch; only its pictures are read and returned.
        """
        if start < 0 or size < 1:
            raise ValueError(f"a batch starts at 0 or later and has an image, not {start}, {size}")
        indices, flips = self._places(start, size)
        images = self.gather(resolution, indices[share])
        if self.mirror:
            turned = flips[share]
            images[turned] = images[turned, :, ::-1]
        return images

    def labels(self, start: int, size: int, share: slice = ALL) -> Indices | None:
        """The class numbers of the pictures of `batch`, `[n]`; None without classes."""
        if self._labels is None:
            return None
        return self._labels[self._places(start, size)[0][share]]

    def gather(self, resolution: int, indices: Indices) -> Pixels:
        """Copy the pictures with these indices, in this order: `[len, H, W, C]`."""
        images = self._images_of(resolution)
        ascending = np.argsort(indices, kind="stable")  # sequential reads are faster
        gathered = np.empty((len(indices), *images.shape[1:]), images.dtype)
        gathered[ascending] = images[indices[ascending]]
        return gathered

    def _places(self, start: int, size: int) -> tuple[Indices, NDArray[np.bool_]]:
        indices = np.empty(size, np.int64)
        flips = np.empty(size, np.bool_)
        done = 0
        while done < size:
            epoch, offset = divmod(start + done, self.count)
            order, mirrored = self._epoch_of(epoch)
            part = order[offset : offset + size - done]
            members = part if self._members is None else self._members[part]
            indices[done : done + len(part)] = members
            flips[done : done + len(part)] = mirrored[part]
            done += len(part)
        return indices, flips

    def _epoch_of(self, epoch: int) -> tuple[Indices, NDArray[np.bool_]]:
        if self._epoch is None or self._epoch[0] != epoch:
            key = np.array([self.seed, epoch + DOMAIN_KEYS * (self.domain or 0)], np.uint64)
            words = np.random.Philox(key=key).random_raw(self.count)
            order = np.argsort(words >> np.uint64(1), kind="stable")
            self._epoch = (epoch, order, (words & np.uint64(1)).astype(np.bool_))
        return self._epoch[1:]

    def _pictures_of(self, domain: int) -> Indices:
        if self._labels is None or not (self._labels == domain).any():
            raise DataError(f"{self.prepared.folder} has no pictures of a domain {domain}")
        return np.flatnonzero(self._labels == domain).astype(np.int64)

    def _images_of(self, resolution: int) -> Pixels:
        if self._level is None or self._level[0] != resolution:
            images = self.prepared.images(resolution)
            resident = np.array(images) if images.nbytes < MAX_RESIDENT else np.asarray(images)
            self._level = (resolution, resident)
        return self._level[1]


def _require_whole(folder: Path, file: ArrayFile, kind_of_images: type) -> None:
    path = folder / file.name
    try:
        size = path.stat().st_size
        array = np.lib.format.open_memmap(path, mode="r")
    except (OSError, ValueError, OverflowError, TokenError) as error:
        raise DataError(f"{path} cannot be read ({error}): prepare the pictures again") from error
    kind = kind_of_images if len(file.shape) == 4 else np.int64
    if (size, array.shape, array.dtype) != (file.size, file.shape, kind):
        raise DataError(
            f"{path} has {size} bytes and shape {array.shape}, the manifest says {file.size} and "
            f"{file.shape}: prepare the pictures again"
        )
