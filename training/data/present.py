"""A prepared folder that is already there: does it answer the request, may it be replaced?

Owns that decision. Knows no picture.
"""

from __future__ import annotations

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
from training.data.sources.opening import is_there, open_source
from training.data.sources.state import STATE_FILE, difference, read_state
from training.data.stream import open_prepared

OURS = {MANIFEST_FILE, LABELS_FILE, SKIPPED_FILE, STATE_FILE}


def find_present(source: str, out: Path, options: PrepareOptions) -> tuple[Manifest, str] | None:
    """The manifest of `out` if it answers the same request, and a sentence about it.

    Returns:
        None if there is no `out` yet.

    Raises:
        DataError: `out` is something else, or its source has changed since.
    """
    if not out.exists() or (out.is_dir() and not any(out.iterdir())):
        return None
    if not (out / MANIFEST_FILE).exists():
        raise DataError(f"{out} exists and is no prepared folder: name another one")
    manifest = open_prepared(out).manifest
    if (manifest.source.location, manifest.options) != (as_text(source), options.to_dict()):
        raise DataError(
            f"{out} was prepared from {manifest.source.location} with {manifest.options}, which is "
            "not what is asked for now: name another folder, or add --replace"
        )
    return manifest, f"{out} is already there{compared(source, out, manifest)}"


def compared(source: str, out: Path, manifest: Manifest) -> str:
    """The end of the sentence about a folder that is already there.

    Raises:
        DataError: the source has changed since the folder was prepared.
    """
    if not is_there(source):
        return f"; {source} is not, so nobody knows whether it has changed"
    pictures = open_source(source)
    before = read_state(out)
    if before and pictures.state:
        changes = difference(before, pictures.state)
    else:  # prepared before states were kept, or drawn on demand
        count = manifest.count + manifest.skipped
        changes = f"{count:,} then, {pictures.count:,} now" if count != pictures.count else ""
    if changes:
        raise DataError(
            f"the pictures of {source} have changed since {out} was prepared ({changes}): add "
            "--replace to prepare them again, or name another folder"
        )
    return ", and its pictures have not changed"


def require_replaceable(out: Path) -> None:
    """Refuse to replace anything but a prepared folder.

    Raises:
        DataError: `out` is something else, or holds something else, too.
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
    """Whether a preparation writes files of this name."""
    return path.is_file() and (path.name in OURS or path.match("images-????.npy"))


def require_apart(source: str, out: Path) -> None:
    """Refuse to write among the pictures themselves.

    Raises:
        DataError: `out` is the folder of the source, or lies in it.
    """
    place = Path(source)
    if place.is_dir() and out.resolve().is_relative_to(place.resolve()):
        beside = place.resolve().with_name(f"{place.resolve().name}-prepared")
        raise DataError(
            f"{out} lies among the pictures of {source}, which stay as they are: name a folder "
            f"outside, such as {beside}"
        )
