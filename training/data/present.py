"""Checks of an existing output folder: it may be reused, replaced, or neither.

Owns that decision. Knows no picture.
"""

from __future__ import annotations

import shlex
from pathlib import Path

from training.data.manifest import (
    LABELS_FILE,
    MANIFEST_FILE,
    SKIPPED_FILE,
    DataError,
    Manifest,
    as_text,
)
from training.data.options import PrepareOptions
from training.data.sources.opening import Location, is_there, open_source
from training.data.sources.state import STATE_FILE, difference, read_state
from training.data.stream import open_prepared

READERS = "parts-????.safetensors"  # trained for these pictures, and kept beside them
OURS = {MANIFEST_FILE, LABELS_FILE, SKIPPED_FILE, STATE_FILE}


def find_present(
    source: Location, out: Path, options: PrepareOptions
) -> tuple[Manifest, str] | None:
    """The manifest of `out` if it was prepared by the same request, and a message about it.

    Returns:
        None if `out` does not exist or is empty.

    Raises:
        DataError: `out` has other content, one of its files is damaged, or its source has changed
            since.
    """
    if not out.exists() or (out.is_dir() and not any(out.iterdir())):
        return None
    if not (out / MANIFEST_FILE).exists():
        raise DataError(f"{out} exists and is no prepared folder: name another one")
    prepared = open_prepared(out)
    manifest = prepared.manifest
    if not _same_source(manifest.source.location, source) or manifest.options != options.to_dict():
        raise DataError(
            f"{out} was prepared from {manifest.source.location} with {manifest.options}, which is "
            "not what is asked for now: name another folder, or add --replace"
        )
    prepared.verify()
    return manifest, f"{out} is already there and whole{compared(source, out, manifest)}"


def location_text(source: Location) -> str:
    """The location of a source as one text; those of domains as on a command line."""
    return source if isinstance(source, str) else shlex.join(source)


def _same_source(before: str, source: Location) -> bool:
    """True if the recorded text names this source; domains by their texts alone."""
    same_text = before == as_text(location_text(source))
    return same_text or (isinstance(source, str) and _same_place(before, source))


def _same_place(before: str, source: str) -> bool:
    """True if both name one file or folder: relative, by a link, with a slash at the end."""
    try:
        return Path(before).samefile(source)
    except (OSError, ValueError):
        return False


def compared(source: Location, out: Path, manifest: Manifest) -> str:
    """Compare the source with its recorded state; return the end of the message about `out`.

    Raises:
        DataError: the source has changed since the folder was prepared.
    """
    if not is_there(source):
        return f"; {location_text(source)} is not, so nobody knows whether it has changed"
    pictures = open_source(source)
    before = read_state(out)
    if before and pictures.state:
        changes = difference(before, pictures.state)
    else:  # prepared before states were recorded, or drawn on demand
        count = manifest.count + manifest.skipped
        changes = f"{count:,} then, {pictures.count:,} now" if count != pictures.count else ""
    if changes:
        raise DataError(
            f"the pictures of {location_text(source)} have changed since {out} was prepared "
            f"({changes}): add --replace to prepare them again, or name another folder"
        )
    return ", and its pictures have not changed"


def require_replaceable(out: Path) -> None:
    """Check that `out` may be replaced: missing, empty, or a prepared folder.

    Raises:
        DataError: `out` is no prepared folder, or contains other files, too.
    """
    if not out.exists() or (out.is_dir() and not any(out.iterdir())):
        return
    if not (out / MANIFEST_FILE).is_file():
        raise DataError(f"{out} exists and is no prepared folder, so nothing replaces it")
    others = sorted(path.name for path in out.iterdir() if not is_ours(path))
    if others:
        raise DataError(
            f"{out} holds other things, too ({', '.join(others[:3])}), which --replace would "
            "delete: move them, or name another folder"
        )


def is_ours(path: Path) -> bool:
    """True for a file with a name that a preparation, or the reader of parts, writes."""
    return path.is_file() and (
        path.name in OURS or path.match("images-????.npy") or path.match(READERS)
    )


def require_apart(source: Location, out: Path) -> None:
    """Check that `out` is outside the source, and outside each of several.

    Raises:
        DataError: `out` is the folder of the source, or inside it.
    """
    if isinstance(source, tuple):
        for each in source:
            require_apart(each, out)
        return
    place = Path(source)
    if place.is_dir() and out.resolve().is_relative_to(place.resolve()):
        beside = place.resolve().with_name(f"{place.resolve().name}-prepared")
        raise DataError(
            f"{out} lies among the pictures of {source}, which stay as they are: name a folder "
            f"outside, such as {beside}"
        )
