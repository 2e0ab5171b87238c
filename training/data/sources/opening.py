"""Opening of a source of any kind by its location.

Owns only the choice of the kind; several locations together are domains.
"""

from __future__ import annotations

import zipfile
from pathlib import Path

from training.data.manifest import DataError
from training.data.sources.archive import open_archive
from training.data.sources.avatars import open_avatars
from training.data.sources.domains import open_domains
from training.data.sources.folder import open_folder
from training.data.sources.idx import open_idx_pictures
from training.data.sources.pictures import PictureSource
from training.data.sources.request import SCHEME

Location = str | tuple[str, ...]  # of one source, or of the domains of a data set


def is_there(location: Location) -> bool:
    """True if a location exists; drawings always do."""
    if isinstance(location, tuple):
        return all(map(is_there, location))
    return location.startswith(SCHEME) or Path(location).exists()


def open_source(location: Location) -> PictureSource:
    """Open the source at `location`: a folder, a zip, an IDX file or `dicebear:STYLE?...`.

    Several locations are opened as domains.

    Raises:
        DataError: it does not exist, or contains no pictures.
    """
    if isinstance(location, tuple):
        return open_domains(location, open_source)
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
