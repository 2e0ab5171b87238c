"""The known parts of prepared pictures: what each picture shows, from what it was made of.

Owns two kinds of parts: the options that DiceBear chose for a drawing (variants of components, and
colours), computed again from the location in the manifest, and the classes of data with labels.
Positions, rotations and sizes are continuous and no parts. Knows no network.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Literal, cast

import numpy as np
from numpy.typing import NDArray

from training.data.manifest import AGAIN, DataError
from training.data.shape import Shape
from training.data.sources.avatars import AvatarDecoder, chosen_options
from training.data.sources.request import SCHEME, AvatarRequest, parse_request
from training.data.stream import Indices, Prepared
from training.progress_bar import OnProgress, ignore_progress, tracked

SHAPE, COLOUR = "shape", "colour"
Kind = Literal["shape", "colour"]
ENDINGS: dict[str, Kind] = {"Variant": SHAPE, "Color": COLOUR}
ABSENT = "none"
CLASS = "class"
MOST_DIFFERENCE = 2.0  # of 255, mean over a picture


@dataclass(frozen=True)
class Part:
    """A part of pictures.

    Attributes:
        name: such as `hair`, `hair colour` or `class`.
        kind: a shape, which blurring destroys, or a colour, which it does not.
        values: names of its values, at least two; `none` is a part that is absent.
    """

    name: str
    kind: Kind
    values: tuple[str, ...]


@dataclass(frozen=True)
class KnownParts:
    """Parts of some pictures.

    Attributes:
        parts: at least one.
        codes: `[n, P]`, number of the value of each part of each picture.
    """

    parts: tuple[Part, ...]
    codes: NDArray[np.int64]


def reason_without_parts(prepared: Prepared) -> str:
    """Reason why the parts of these pictures are unknown; empty if they are known."""
    manifest = prepared.manifest
    if manifest.source.kind == SCHEME.removesuffix(":"):
        if manifest.skipped:
            return f"{prepared.folder} lacks {manifest.skipped} of its drawings"
        return ""
    if manifest.labels is None:
        return f"the parts of {prepared.folder} are unknown: it has neither drawings nor classes"
    return ""


def known_parts(
    prepared: Prepared, numbers: Indices, on_progress: OnProgress = ignore_progress
) -> KnownParts:
    """Tell the parts of the pictures `numbers`.

    Raises:
        DataError: they are unknown, no part has two values, or DiceBear draws other pictures now.
    """
    if reason := reason_without_parts(prepared):
        raise DataError(reason)
    labels = prepared.labels()
    if labels is not None:
        names = prepared.manifest.label_names
        return KnownParts((Part(CLASS, SHAPE, names),), labels[numbers][:, None].astype(np.int64))
    request = parse_request(prepared.manifest.source.location)
    require_same_drawing(prepared, request, int(numbers[0]))
    chosen = [
        parts_of_options(chosen_options(request, number))
        for number in tracked(numbers.tolist(), on_progress)
    ]
    return table_of_parts(chosen, prepared)


def require_same_drawing(prepared: Prepared, request: AvatarRequest, number: int) -> None:
    """Draw one picture again, and compare it with the prepared one.

    Raises:
        DataError: they differ by more than rounding, so the options are not those of the pictures.
    """
    manifest = prepared.manifest
    fit = manifest.options.get("fit", "square")
    shape = Shape(manifest.resolution, manifest.channels, fit, manifest.base)
    drawn = AvatarDecoder(request, shape)(number, nullcontext()).pixels
    kept = prepared.images(manifest.resolution)[number]
    if np.abs(drawn.astype(np.int16) - kept).mean() > MOST_DIFFERENCE:
        raise DataError(
            f"the installed DiceBear draws other pictures than those in {prepared.folder}, so "
            f"their parts are unknown: {AGAIN}"
        )


def parts_of_options(options: Mapping[str, object]) -> dict[str, str]:
    """Part -> value of one drawing, from its resolved options; absent parts are left out."""
    found: dict[str, str] = {}
    for key, value in options.items():
        for ending, kind in ENDINGS.items():
            name = key.removesuffix(ending)
            if name != key and value:
                first = value if isinstance(value, str) else cast("list[str]", value)[0]
                found[name if kind == SHAPE else f"{name} {COLOUR}"] = first
    return found


def table_of_parts(chosen: Sequence[dict[str, str]], prepared: Prepared) -> KnownParts:
    """Number the values of every part that varies.

    Raises:
        DataError: none does.
    """
    columns: list[Indices] = []
    parts: list[Part] = []
    for name in sorted({name for picture in chosen for name in picture}):
        values, codes = np.unique(
            [picture.get(name, ABSENT) for picture in chosen], return_inverse=True
        )
        if len(values) > 1:
            kind = COLOUR if name.endswith(f" {COLOUR}") else SHAPE
            parts.append(Part(name, kind, tuple(map(str, values))))
            columns.append(codes.astype(np.int64))
    if not parts:
        raise DataError(f"no part of the drawings in {prepared.folder} varies")
    order = sorted(range(len(parts)), key=lambda place: parts[place].kind == COLOUR)
    return KnownParts(tuple(parts[n] for n in order), np.stack([columns[n] for n in order], axis=1))
