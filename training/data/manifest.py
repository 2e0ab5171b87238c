"""The manifest of a prepared folder: its content, its origin and the skipped pictures.

Owns `Manifest`, its JSON form and its strict validation: pydantic checks keys and types, `Manifest`
checks that the values are consistent. Knows no picture: `training.data.stream` checks the files
against the manifest. Does not import torch, so that decoding processes stay small.
"""

from __future__ import annotations

import json
import shlex
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Self, cast

from pydantic import TypeAdapter, ValidationError

from models.picture import BitDepth, ValueRange, require_depth
from models.resolution import (
    IMAGE_CHANNELS,
    SQUARE,
    Size,
    level_of,
    require_base,
    resolution_of,
    size_of,
)
from models.strict_json import STRICT
from training.interpreter import python_command

MANIFEST_VERSION = 1
MANIFEST_FILE = "manifest.json"
LABELS_FILE = "labels.npy"
SKIPPED_FILE = "skipped.jsonl"
SKIPPED_LISTED = 100  # at most this many are listed in the manifest
AGAIN = "prepare the pictures again, with --replace"


class DataError(ValueError):
    """Unusable data; the message states the problem and the remedy."""


def images_file(resolution: int) -> str:
    """File name of the array of pictures at `resolution`."""
    return f"images-{resolution:04d}.npy"


@dataclass(frozen=True)
class Source:
    """The origin of the pictures, with licence and attribution.

    Attributes:
        kind: folder, zip, idx or dicebear.
        name: a short display name, such as `personas`.
        location: the source as given on the command line.
        licence: of the pictures; empty if unknown.
        attribution: the credit that the licence requires, or empty.
    """

    __pydantic_config__: ClassVar = STRICT

    kind: str
    name: str
    location: str
    licence: str = ""
    attribution: str = ""


@dataclass(frozen=True)
class ArrayFile:
    """One `.npy` file of the folder; `size` is that of the whole file in bytes."""

    __pydantic_config__: ClassVar = STRICT

    name: str
    shape: tuple[int, ...]
    size: int
    sha256: str


@dataclass(frozen=True)
class Skipped:
    """A skipped picture and the reason."""

    __pydantic_config__: ClassVar = STRICT

    name: str
    reason: str


@dataclass(frozen=True)
class Manifest:
    """The description of a prepared folder.

    Attributes:
        count: number of pictures in every array.
        channels: 1 gray, 3 RGB, 4 RGBA.
        resolution: of the largest array.
        images: one array `[count, H, W, channels]` for each resolution, 4 first.
        labels: the array `[count]` of class numbers, None without classes.
        label_names: class names in order of their numbers; empty without classes.
        skipped: number of skipped pictures.
        skipped_first: the first of them; `skipped.jsonl` lists all.
        options: the settings of the preparation.
        base: height and width at resolution 4; not written if square.
        notes: irregularity -> number of pictures that were used in spite of it; this and the next
            two are not written if empty.
        passed_over: reason -> number of files in the source that do not count as pictures.
        empty_classes: classes that were dropped because no picture of them is usable.
        bit_depth: of the pixels: 8, which is not written, or 16.
        value_range: values of the pixels 0 and 65,535; None and not written with 8 bits.
    """

    __pydantic_config__: ClassVar = STRICT

    source: Source
    count: int
    channels: int
    resolution: int
    images: tuple[ArrayFile, ...]
    labels: ArrayFile | None
    label_names: tuple[str, ...]
    skipped: int
    skipped_first: tuple[Skipped, ...]
    options: dict[str, Any]
    format_version: int = MANIFEST_VERSION
    base: Size = SQUARE
    notes: dict[str, int] = field(default_factory=dict[str, int])
    passed_over: dict[str, int] = field(default_factory=dict[str, int])
    empty_classes: tuple[str, ...] = ()
    bit_depth: BitDepth = 8
    value_range: ValueRange | None = None

    def __post_init__(self) -> None:
        require_base(self.base)
        require_depth(self.bit_depth, self.channels, self.value_range)
        if self.count < 1 or self.channels not in IMAGE_CHANNELS:
            raise DataError(f"{self.count} pictures of {self.channels} channels are no data set")
        sizes = self.resolutions
        expected = {
            images_file(r): (self.count, *size_of(r, self.base), self.channels) for r in sizes
        }
        if {file.name: file.shape for file in self.images} != expected:
            raise DataError(f"the manifest must list one array for each of {sizes} pixels")
        if self.labels and (self.labels.name, self.labels.shape) != (LABELS_FILE, (self.count,)):
            raise DataError(f"the labels must be {self.count} numbers in {LABELS_FILE}")

    @property
    def resolutions(self) -> tuple[int, ...]:
        """Every resolution that was prepared, smallest first."""
        return tuple(resolution_of(level) for level in range(level_of(self.resolution) + 1))

    @property
    def files(self) -> tuple[ArrayFile, ...]:
        """All arrays of the folder."""
        return (*self.images, self.labels) if self.labels else self.images

    def to_json(self) -> str:
        """The text of `manifest.json`."""
        values = asdict(self)
        optional: dict[str, Any] = {"base": SQUARE, "bit_depth": 8, "value_range": None}
        optional |= {"notes": {}, "passed_over": {}, "empty_classes": ()}
        written = {k: v for k, v in values.items() if k not in optional or v != optional[k]}
        return json.dumps(written, indent=2, ensure_ascii=False) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read the output of `to_json`.

        Raises:
            DataError: no JSON, another format version, a missing or unknown key, a value of the
                wrong type or out of range; the message names the key.
        """
        values = _parse(text)
        version = values.get("format_version")
        if version != MANIFEST_VERSION:
            raise DataError(
                f"the manifest has format version {version!r}, this release reads "
                f"{MANIFEST_VERSION}: {AGAIN}"
            )
        try:
            return TypeAdapter(cls).validate_json(json.dumps(values))
        except ValidationError as error:
            raise DataError(f"the manifest does not fit: {_fault(error)}: {AGAIN}") from error


def read_manifest(folder: Path) -> Manifest:
    """Read the manifest of the prepared `folder`.

    Raises:
        DataError: the manifest is missing or invalid; the message names the folder.
    """
    try:
        return Manifest.from_json((folder / MANIFEST_FILE).read_text(encoding="utf-8"))
    except OSError as error:
        raise DataError(
            f"{folder} is no prepared folder ({MANIFEST_FILE}: {error.strerror}): "
            f"{_how_to_prepare(folder)}"
        ) from error
    except ValueError as error:
        raise DataError(f"{folder / MANIFEST_FILE}: {error}") from error


def _how_to_prepare(folder: Path) -> str:
    """The command that makes a prepared folder; it never writes into an existing `folder`."""
    source, out = "SOURCE", str(folder)
    if folder.exists():
        source, out = out, f"{folder.resolve().parent / folder.resolve().name}-prepared"
    command = shlex.join([python_command(), "-m", "training", "prepare", source, out])
    return f"make one with `{command}`" + (", and use that" if folder.exists() else "")


def _parse(text: str) -> dict[str, Any]:
    """Parse a JSON object; its strings are escaped by `as_text`."""
    try:
        values: Any = json.loads(text)
    except ValueError as error:
        raise DataError(f"the manifest is no JSON ({error}): {AGAIN}") from error
    if not isinstance(values, dict):
        raise DataError(f"the manifest is no JSON object: {AGAIN}")
    return cast("dict[str, Any]", _escaped(values))


def _escaped(value: Any) -> Any:  # noqa: ANN401  # any JSON value
    """Escape lone surrogates in the strings of a JSON value; strict JSON does not allow them."""
    if isinstance(value, str):
        return as_text(value)
    if isinstance(value, list):
        return [_escaped(part) for part in cast("list[Any]", value)]
    if isinstance(value, dict):
        return {as_text(k): _escaped(v) for k, v in cast("dict[str, Any]", value).items()}
    return value


def _fault(error: ValidationError) -> str:
    """The first error that pydantic found, with its key."""
    fault = error.errors(include_url=False)[0]
    key = ".".join(map(str, fault["loc"]))
    if fault["type"] == "missing":
        return f"{key} is missing"
    if fault["type"] == "unexpected_keyword_argument":
        return f"{key} is unknown"
    found = "" if fault["type"] == "value_error" else f", not {fault['input']!r:.60}"
    message = fault["msg"].removeprefix("Value error, ").removeprefix("Input should be ")
    return f"{key} must be {message}{found}" if key else message


def as_text(name: str) -> str:
    """Escape the bytes of a file name that are not UTF-8, so that it can be written anywhere."""
    return name.encode("utf-8", "backslashreplace").decode("utf-8")
