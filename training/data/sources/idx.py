"""IDX files, the format of MNIST and similar data sets, with or without gzip.

Owns the format and the location of the labels: beside `train-images-idx3-ubyte[.gz]` is
`train-labels-idx1-ubyte[.gz]`. Pictures whose size is not a power of two are padded with black up
to the next one: 28 pixels become 32 (as for MNIST in Karras et al. 2018, appendix F).
"""

from __future__ import annotations

import gzip
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path

import numpy as np
from PIL import Image

from models.resolution import BASE_RESOLUTION, SQUARE, Size
from training.data.decode import Decoded, MemoryLock, shaped_pixels
from training.data.manifest import DataError, Source
from training.data.payload import Payload
from training.data.shape import Shape, largest_within
from training.data.sources.pictures import Entry, require_eight_bits
from training.data.sources.state import SourceState, found_file, state_of

PICTURES_HEAD = struct.Struct(">BBBBIII")  # 0, 0, 8 for unsigned bytes, 3 axes; N, height, width
LABELS_HEAD = struct.Struct(">BBBBI")  # 0, 0, 8, 1 axis; N
BinaryFile = BufferedReader | gzip.GzipFile
UNSIGNED_BYTES = 8
MAX_SIDE = 1024  # pixels
MAX_RECORDS = 100_000_000  # pictures; their labels are kept in memory


@dataclass(frozen=True)
class IdxPictures:
    """An IDX file as a source of pictures; see `PictureSource`."""

    path: Path
    origin: Source
    count: int
    height: int
    width: int
    labels: bytes
    label_names: tuple[str, ...]

    channels = 1

    @property
    def padded(self) -> int:
        """Side of the padded pictures: the smallest power of two not below height and width."""
        longer = max(self.height, self.width, BASE_RESOLUTION)
        return 1 << (longer - 1).bit_length()

    def natural_resolution(self, base: Size = SQUARE) -> int:
        """The largest resolution that fits into the padded pictures; a power of two."""
        return 1 << (largest_within((self.padded, self.padded), base).bit_length() - 1)

    @property
    def state(self) -> SourceState:
        """Sizes and modification times of the file and of the labels beside it."""
        files = [self.path, *filter(None, [labels_beside(self.path)])]
        return state_of(found_file(path) for path in files)

    @property
    def passed_over(self) -> dict[str, int]:
        """Empty: every picture in the file counts."""
        return {}

    def decoder(self, shape: Shape) -> IdxDecoder:
        """The decoder of the pictures.

        Raises:
            DataError: the padded pictures are smaller than the requested ones, or 16 bits are
                requested.
        """
        require_eight_bits(shape, str(self.path))
        if self.padded < max(shape.size):
            raise DataError(
                f"{self.path} has pictures of {self.width}x{self.height}, too small for "
                f"{max(shape.size)}; at most {self.padded} is possible"
            )
        return IdxDecoder(shape, self.height, self.width, self.padded)

    def entries(self) -> Iterator[Entry]:
        """The pictures in the order of the file.

        Raises:
            DataError: the file is truncated or damaged.
        """
        with open_idx(self.path) as file:
            read_exactly(file, PICTURES_HEAD.size, self.path)
            for number in range(self.count):
                row = read_exactly(file, self.height * self.width, self.path)
                label = self.labels[number] if self.labels else -1
                yield Entry(f"{self.path.name}[{number}]", row, label)


@dataclass(frozen=True)
class IdxDecoder:
    """Pads a picture with black and converts it to the target shape."""

    shape: Shape
    height: int
    width: int
    padded: int

    def __call__(self, payload: Payload, memory_lock: MemoryLock) -> Decoded:
        """Decode to pixels `[H, W, C]`; `payload` is one picture, `height * width` bytes."""
        assert isinstance(payload, bytes)
        picture = np.frombuffer(payload, np.uint8).reshape(self.height, self.width)
        top, left = (self.padded - self.height) // 2, (self.padded - self.width) // 2
        square = np.zeros((self.padded, self.padded), np.uint8)
        square[top : top + self.height, left : left + self.width] = picture
        return shaped_pixels(Image.fromarray(square), self.shape, memory_lock)


def open_idx_pictures(location: str) -> IdxPictures:
    """Open an IDX file of pictures, and the labels beside it if there are any.

    Raises:
        DataError: not an IDX file, not pictures of unsigned bytes, or the labels do not match.
    """
    path = Path(location)
    with open_idx(path) as file:
        head = PICTURES_HEAD.unpack(read_exactly(file, PICTURES_HEAD.size, path))
    *magic, count, height, width = head
    if magic != [0, 0, UNSIGNED_BYTES, 3]:
        raise DataError(
            f"{location} is neither a folder, a zip nor an IDX file of pictures (unsigned bytes, "
            "three axes, packed by gzip or not)"
        )
    if not (1 <= height <= MAX_SIDE and 1 <= width <= MAX_SIDE):
        raise DataError(f"{location} has pictures of {width}x{height}; at most {MAX_SIDE} fit")
    if not 1 <= count <= MAX_RECORDS:
        raise DataError(
            f"{location} says it has {count:,} pictures; 1 to {MAX_RECORDS:,} are possible"
        )
    labels = read_labels(path, count)
    names = tuple(map(str, range(max(labels) + 1))) if labels else ()
    name = path.name.removesuffix(".gz")
    return IdxPictures(path, Source("idx", name, location), count, height, width, labels, names)


def read_labels(pictures: Path, count: int) -> bytes:
    """One byte per picture; empty if there is no file of labels.

    Raises:
        DataError: the file beside the pictures contains no labels, or another number of them.
    """
    path = labels_beside(pictures)
    if path is None:
        return b""
    with open_idx(path) as file:
        *magic, found = LABELS_HEAD.unpack(read_exactly(file, LABELS_HEAD.size, path))
        if magic != [0, 0, UNSIGNED_BYTES, 1] or found != count:
            raise DataError(f"{path} does not hold the labels of the {count} pictures beside it")
        return read_exactly(file, count, path)


def labels_beside(pictures: Path) -> Path | None:
    """The file of labels of a file of pictures, if it exists."""
    plain = pictures.name.removesuffix(".gz")
    name = plain.replace("images", "labels").replace("idx3", "idx1")
    if name == plain:
        return None
    beside = (pictures.with_name(name), pictures.with_name(f"{name}.gz"))
    return next((path for path in beside if path.is_file()), None)


def open_idx(path: Path) -> BinaryFile:
    """Open a file for reading; gzip is decompressed.

    Raises:
        DataError: it cannot be opened.
    """
    try:
        with path.open("rb") as file:
            packed = file.read(2) == b"\x1f\x8b"
        return gzip.open(path, "rb") if packed else path.open("rb")
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}") from error


def read_exactly(file: BinaryFile, size: int, path: Path) -> bytes:
    """Read exactly `size` bytes.

    Raises:
        DataError: the file is too short or damaged.
    """
    try:
        found = file.read(size)
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path} is damaged: {error}") from error
    if len(found) != size:
        raise DataError(f"{path} is cut short: it is no IDX file, or not all of it is there")
    return found
