"""The manifest of a prepared folder: what lies in it, where it came from, what was left out.

Owns `Manifest`, its JSON form, and the strictness with which it is read. Knows no picture: that
the files are as the manifest says is the business of `training.data.stream`. Free of torch, so that
the processes that decode pictures stay small.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, Self, TypeVar, cast

from models.families.progan.config import (
    IMAGE_CHANNELS,
    SQUARE,
    Size,
    level_of,
    require_base,
    resolution_of,
    size_of,
)

T = TypeVar("T")

FORMAT_VERSION = 1
MANIFEST_FILE = "manifest.json"
LABELS_FILE = "labels.npy"
SKIPPED_FILE = "skipped.jsonl"
SKIPPED_LISTED = 100  # at most so many are named in the manifest itself


class DataError(ValueError):
    """Data that cannot be used; the message says what was wrong and what to do."""


def images_file(resolution: int) -> str:
    """The name of the array that holds the pictures at `resolution`."""
    return f"images-{resolution:04d}.npy"


@dataclass(frozen=True)
class Source:
    """Where the pictures came from, and whom to thank.

    Attributes:
        kind: folder, zip, idx or dicebear.
        name: a short name for people, such as `personas`.
        location: what was asked for, as it was written.
        licence: as far as the source knows it, else empty.
        attribution: the credit the licence asks for, else empty.
    """

    kind: str
    name: str
    location: str
    licence: str = ""
    attribution: str = ""


@dataclass(frozen=True)
class ArrayFile:
    """One `.npy` file of the folder; `size` counts the bytes of the whole file."""

    name: str
    shape: tuple[int, ...]
    size: int
    sha256: str


@dataclass(frozen=True)
class Skipped:
    """A picture that was left out, and why."""

    name: str
    reason: str


@dataclass(frozen=True)
class Manifest:
    """Everything a prepared folder says of itself.

    Attributes:
        count: pictures in every array.
        channels: 1 gray, 3 RGB, 4 RGBA.
        resolution: of the largest array.
        images: one array `[count, H, W, channels]` for each resolution, 4 first.
        labels: the array `[count]` of class numbers, None without classes.
        label_names: class names in order of their numbers; empty without classes.
        skipped: how many pictures were left out.
        skipped_first: the first of them; all of them are in `skipped.jsonl`.
        options: the settings of the preparation.
        base: height and width at resolution 4; not written where it is square.
    """

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
    format_version: int = FORMAT_VERSION
    base: Size = SQUARE

    def __post_init__(self) -> None:
        require_base(self.base)
        if type(self.count) is not int or self.count < 1 or self.channels not in IMAGE_CHANNELS:
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
        if self.base == SQUARE:
            del values["base"]
        return json.dumps(values, indent=2, ensure_ascii=False) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what `to_json` wrote.

        Raises:
            DataError: no JSON, another format, a missing or unknown key, or a value out of range.
        """
        values = _parse(text)
        version = values.get("format_version")
        if version != FORMAT_VERSION:
            raise DataError(
                f"the manifest has format version {version!r}, this release reads "
                f"{FORMAT_VERSION}: prepare the pictures again"
            )
        values.setdefault("base", SQUARE)
        _require_keys("manifest", values, cls)
        try:
            values["base"] = tuple(values["base"])
            values["source"] = _read_source(values["source"])
            values["images"] = tuple(_read_file(file) for file in values["images"])
            values["labels"] = _read_file(values["labels"]) if values["labels"] else None
            values["label_names"] = tuple(map(as_text, values["label_names"]))
            values["skipped_first"] = tuple(
                _read(Skipped, "skipped picture", picture) for picture in values["skipped_first"]
            )
            return cls(**values)
        except (AttributeError, TypeError, ValueError) as error:
            raise DataError(f"the manifest does not fit: {error}") from error


def read_manifest(folder: Path) -> Manifest:
    """The manifest of the prepared `folder`.

    Raises:
        DataError: there is none, or it cannot be used; the message names the folder.
    """
    try:
        return Manifest.from_json((folder / MANIFEST_FILE).read_text(encoding="utf-8"))
    except OSError as error:
        raise DataError(
            f"{folder} is no prepared folder ({MANIFEST_FILE}: {error.strerror}): "
            f"make one with `python -m training prepare SOURCE {folder}`"
        ) from error
    except ValueError as error:
        raise DataError(f"{folder / MANIFEST_FILE}: {error}") from error


def _parse(text: str) -> dict[str, Any]:
    try:
        values: Any = json.loads(text)
    except ValueError as error:
        raise DataError(f"the manifest is no JSON ({error}): prepare the pictures again") from error
    if not isinstance(values, dict):
        raise DataError("the manifest is no JSON object: prepare the pictures again")
    return cast("dict[str, Any]", values)


def _require_keys(what: str, values: dict[str, Any], kind: type) -> None:
    odd = sorted({f.name for f in fields(kind)} ^ set(values))
    if odd:
        raise DataError(
            f"the {what} has missing or unknown keys ({', '.join(odd)}): prepare the pictures again"
        )


def _read(kind: type[T], what: str, values: dict[str, Any]) -> T:
    _require_keys(what, values, kind)
    return kind(**values)


def _read_source(values: dict[str, Any]) -> Source:
    source = _read(Source, "source", values)
    told = {name: as_text(getattr(source, name)) for name in ("name", "licence", "attribution")}
    return replace(source, **told)


def as_text(name: str) -> str:
    """A name that can be written anywhere: bytes of a file name that are no text are escaped."""
    return name.encode("utf-8", "backslashreplace").decode("utf-8")


def _read_file(values: dict[str, Any]) -> ArrayFile:
    file = _read(ArrayFile, "array", values)
    return ArrayFile(file.name, tuple(file.shape), file.size, file.sha256)
