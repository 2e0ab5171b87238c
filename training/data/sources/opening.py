"""Opening the source at a location, of whichever kind it is.

Owns that choice alone.
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
    """Whether a location can be opened now; drawings always can."""
    return location.startswith(SCHEME) or Path(location).exists()


def open_source(location: str) -> PictureSource:
    """Open whatever `location` means: a folder, a zip, an IDX file or `dicebear:STYLE?...`.

    Raises:
        DataError: there is no such thing, or it holds no pictures.
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
