"""Several pictures in one response: a ZIP file or a contact sheet.

Owns the layout of the file and of the sheet; the same pictures give the same bytes. Knows no image
format.
"""

from __future__ import annotations

import io
import json
import math
import zipfile
from collections.abc import Sequence
from typing import Final

import numpy as np

from models.picture import Pixels, checked
from service.media.provenance import Facts

FACTS_FILE: Final = "facts.json"
OLDEST_DATE: Final = (1980, 1, 1, 0, 0, 0)  # the earliest in a ZIP, never the current time
ORDINARY_FILE: Final = 0o100644 << 16
UNIX: Final = 3


def zip_images(named: Sequence[tuple[str, bytes]], facts: Facts) -> bytes:
    """Store a `facts.json` and then the files in a ZIP, without compression.

    Args:
        named: name and content of each file, in order; pictures are compressed already.
        facts: provenance of the pictures.

    Raises:
        ValueError: two files have the same name.

    """
    text = json.dumps(dict(sorted(facts.items())), indent=2, ensure_ascii=False) + "\n"
    entries = [(FACTS_FILE, text.encode("utf-8", "replace")), *named]
    if len({name for name, _ in entries}) < len(entries):
        raise ValueError(f"file names in a ZIP must differ, also from {FACTS_FILE}")
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for name, content in entries:
            entry = zipfile.ZipInfo(name, OLDEST_DATE)
            entry.external_attr, entry.create_system = ORDINARY_FILE, UNIX
            archive.writestr(entry, content)
    return file.getvalue()


def contact_sheet(images: Sequence[Pixels]) -> Pixels:
    """Arrange pictures of one shape `[H, W, C]` row by row on a white sheet of their bit depth.

    The grid is nearly square, with at least as many columns as rows, and has margins of 1/32 of the
    shorter side of a picture, at least one pixel.

    Raises:
        ValueError: no pictures, or pictures of several shapes.

    """
    if len({image.shape for image in images}) != 1:
        raise ValueError("a contact sheet needs one or more pictures, all of one shape")
    kind = checked(images[0]).dtype
    height, width, channels = images[0].shape
    columns = math.ceil(math.sqrt(len(images)))
    rows = math.ceil(len(images) / columns)
    margin = max(1, min(height, width) // 32)
    size = (rows * (height + margin) + margin, columns * (width + margin) + margin, channels)
    sheet: Pixels = np.full(size, np.iinfo(kind).max, kind)  # white, in RGBA also opaque
    for number, image in enumerate(images):
        row, column = divmod(number, columns)
        top, left = margin + row * (height + margin), margin + column * (width + margin)
        sheet[top : top + height, left : left + width] = image
    return sheet
