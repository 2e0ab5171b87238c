"""Opening of a source of any kind by its location.

Owns only the choice of the kind.
"""

from __future__ import annotations

import zipfile
from pathlib import Path

from training.data.manifest import DataError
from training.data.sources.archive import open_archive
from training.data.sources.avatars import open_avatars
from training.data.sources.folder import open_folder
from training.data.sources.idx import open_idx_pictures
from training.data.sources.pictures import PictureSource
from training.data.sources.request import SCHEME


def is_there(location: str) -> bool:
    """True if a location exists; drawings always do."""
    return location.startswith(SCHEME) or Path(location).exists()


def open_source(location: str) -> PictureSource:
    """Open the source at `location`: a folder, a zip, an IDX file or `dicebear:STYLE?...`.

    Raises:
        DataError: it does not exist, or contains no pictures.
    """
    if location.startswith(SCHEME):
        return open_avatars(location)
    path = Path(location)
    if not path.exists():
        raise DataError(
            f"{location} does not exist; a source is a folder, a zip, an IDX file, or {SCHEME}STYLE"
        )
    if path.is_dir():
        return open_folder(location)
    if zipfile.is_zipfile(path):
        return open_archive(location)
    return open_idx_pictures(location)
