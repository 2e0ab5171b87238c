"""The validated settings of a preparation.

Owns `PrepareOptions` and the selection of its values for the manifest.
"""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass
from typing import Any

from models.picture import BitDepth
from models.resolution import IMAGE_CHANNELS, MIN_RESOLUTION, SQUARE, Size, level_of, require_base
from training.data.manifest import DataError
from training.data.shape import AUTO, FITS, Fit, Range


@dataclass(frozen=True)
class PrepareOptions:
    """The settings of a preparation.

    Attributes:
        resolution: of the largest array, a power of two, 8 to 1024; None: suggested by the source.
        channels: 1 gray, 3 RGB, 4 RGBA; None: suggested by the source.
        fit: rule for accepted pictures, see `training.data.shape.Shape`.
        strict: refuse the source at the first unusable picture, instead of skipping it.
        workers: decoding processes; None: one per core. Does not affect the result.
        licence: of the pictures, if the source does not know it.
        attribution: the credit that the licence requires.
        label_names: class names, if the source only numbers the classes.
        shape: the base (`models.resolution`), height and width; pictures have its
            aspect ratio.
        value_range: values that become black and white in gray pictures of more than 8 bits,
            (low, high), `auto`, or None: see `training.data.depth`.
        keep_profile: do not convert pictures with a colour profile to sRGB.
        bit_depth: of the prepared pixels: 8, or 16 for gray, see `training.data.gray16`.
    """

    resolution: int | None = None
    channels: int | None = None
    fit: Fit = "square"
    strict: bool = False
    workers: int | None = None
    licence: str = ""
    attribution: str = ""
    label_names: tuple[str, ...] = ()
    shape: Size = SQUARE
    value_range: Range | str | None = None
    keep_profile: bool = False
    bit_depth: BitDepth = 8

    def __post_init__(self) -> None:
        try:
            require_base(self.shape)
        except ValueError as error:
            raise DataError(f"--shape: {error}") from error
        if self.resolution is not None:
            require_resolution(self.resolution)
        if self.channels not in (None, *IMAGE_CHANNELS):
            raise DataError(f"channels must be one of {IMAGE_CHANNELS}, not {self.channels}")
        if self.fit not in FITS:
            raise DataError(f"fit must be one of {', '.join(FITS)}, not {self.fit!r}")
        if self.workers is not None and self.workers < 1:
            raise DataError(f"workers must be at least 1, not {self.workers}")
        require_range(self.value_range)
        if self.bit_depth == 16:
            self._require_gray16()

    def _require_gray16(self) -> None:
        """Reject options that pictures of 16 bits cannot have."""
        if self.channels not in (None, 1):
            raise DataError(
                f"--depth 16 is for gray, not for {self.channels} channels: leave --channels out"
            )
        if self.value_range == AUTO:
            raise DataError(
                "--range=auto scales each picture by itself, so that a pixel of 16 bits would "
                "stand for no value: state one --range=LOW:HIGH for all pictures, or leave it out "
                "to keep the numbers of unsigned 16-bit pictures"
            )

    def to_dict(self) -> dict[str, Any]:
        """Convert the values that may affect the result to plain values, for the manifest.

        Options added after the first release are omitted if they have their default value.
        """
        later = {
            "label_names": (),
            "shape": SQUARE,
            "value_range": None,
            "keep_profile": False,
            "bit_depth": 8,
        }
        values: dict[str, Any] = asdict(self)
        del values["workers"]
        kept = {k: v for k, v in values.items() if k not in later or v != later[k]}
        return json.loads(json.dumps(kept))  # tuples become lists, as when read back


def require_resolution(resolution: int) -> None:
    """Reject a resolution that no network can have.

    Raises:
        DataError: not a power of two from 8 to 1024.
    """
    try:
        low_enough = level_of(resolution) < level_of(MIN_RESOLUTION)
    except ValueError:
        low_enough = True
    if low_enough:
        raise DataError(f"resolution must be a power of two from 8 to 1024, not {resolution}")


def require_range(value_range: Range | str | None) -> None:
    """Reject an invalid range of values.

    Raises:
        DataError: neither None, `auto`, nor two finite numbers, the lower one first.
    """
    if value_range is None or value_range == AUTO:
        return
    if isinstance(value_range, str) or not -math.inf < value_range[0] < value_range[1] < math.inf:
        raise DataError(f"--range must be LOW:HIGH with LOW below HIGH, or auto, not {value_range}")
