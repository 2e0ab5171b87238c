"""Kinds of files: recognition of pictures by ending or signature, and of other files.

Owns signatures, endings and the messages for files that cannot be read. Knows no pixels.
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath

HEAD = 64  # bytes that suffice to recognise a kind
SUFFIXES = (
    *(".apng", ".avif", ".bmp", ".dib", ".gif", ".j2k", ".jfif", ".jif", ".jp2", ".jpe", ".jpeg"),
    *(".jpf", ".jpg", ".jpx", ".mpo", ".pbm", ".pgm", ".pjp", ".pjpeg", ".png", ".pnm", ".ppm"),
    *(".qoi", ".tga", ".tif", ".tiff", ".webp"),
    *(".heic", ".heics", ".heif", ".hif"),  # read where pi-heif is installed
)
RAW_SUFFIXES = (  # many are TIFF inside, and the first picture is a thumbnail
    *(".3fr", ".arw", ".cr2", ".cr3", ".crw", ".dng", ".erf", ".iiq", ".kdc", ".mef", ".mos"),
    *(".mrw", ".nef", ".nrw", ".orf", ".pef", ".raf", ".raw", ".rw2", ".rwl", ".srw", ".x3f"),
)
CLOUD_SUFFIXES = (".icloud", ".nextcloud", ".owncloud")  # placeholders for files not downloaded yet
SYSTEM_NAMES = {  # added by file managers, NAS devices and operating systems; lower case
    *("__macosx", "@eadir", "#recycle", "$recycle.bin", "system volume information", "lost+found"),
    *("thumbs.db", "ehthumbs.db", "desktop.ini", "icon\r"),
}
SIGNATURES = re.compile(
    rb"""  \xff\xd8\xff                                # JPEG, MPO
    | \x89PNG\r\n\x1a\n                                # PNG, APNG
    | GIF8[79]a
    | RIFF....WEBP
    | II\*\x00 | MM\x00\* | II\+\x00\x08 | MM\x00\+\x00  # TIFF, BigTIFF
    | qoif
    | \xff\x4f\xff\x51 | \x00\x00\x00\x0cjP            # JPEG 2000
    | ....ftypavi[fs]
    | BM.{4}\x00{4}....[\x0c\x28\x34\x38\x40\x6c\x7c]\x00\x00\x00  # BMP: the size of its header
    | P[1-6]\s+[#0-9]                                  # PBM, PGM, PPM
    """,
    re.VERBOSE | re.DOTALL,
)
HEIF = re.compile(rb"....ftyp(hei[cfxms]|hev[cxms]|mif[12]|msf1)", re.DOTALL)
OTHERS: tuple[tuple[re.Pattern[bytes], str], ...] = (
    (re.compile(rb"version https://git-lfs"), "is a Git LFS pointer; `git lfs pull` fetches it"),
    (re.compile(rb"/annex/objects/"), "is a git-annex pointer; `git annex get` fetches it"),
    (re.compile(rb"\s*<(!doctype html|html)", re.IGNORECASE), "is a web page, and no picture"),
    (re.compile(rb"\s*<(\?xml|svg)", re.IGNORECASE), "is XML or SVG, and no picture of pixels"),
    (re.compile(rb"%PDF"), "is a PDF, and no picture"),
    (re.compile(rb"8BPS"), "is a Photoshop file; save it as PNG first"),
    (re.compile(rb"PK\x03\x04"), "is a zip, and no picture"),
    (re.compile(rb"\x00*\Z"), "holds nothing but zeros: its content was never written"),
)
HEIC_ADVICE = (
    "is HEIC; `.venv/bin/pip install pi-heif` lets it be read, or convert it to JPEG or PNG first"
)
UNKNOWN = "is no picture of a known kind"
UNREADABLE = (
    "begins like a picture that Pillow cannot read, of an unusual kind or damaged; save it anew as "
    "PNG"
)


def is_picture(name: str, head: bytes | None = None) -> bool:
    """True if a file counts as a picture, by its ending or else by its first `HEAD` bytes."""
    if PurePosixPath(name).suffix.lower() in SUFFIXES:
        return True
    return head is not None and bool(SIGNATURES.match(head) or HEIF.match(head))


def reason_to_pass(name: str) -> str:
    """Reason to pass over a file or folder by its path, independent of its content; else empty."""
    path = PurePosixPath(name)
    if path.suffix.lower() in CLOUD_SUFFIXES:
        return "not downloaded from the cloud yet"
    if any(part.startswith(".") or part.lower() in SYSTEM_NAMES for part in path.parts):
        return "hidden, or of the system"
    if path.suffix.lower() in RAW_SUFFIXES:
        return f"camera raw ({path.suffix.lower()}), to be converted first"
    return ""


def reason_of_kind(name: str) -> str:
    """Reason to pass over a file that is no picture; contains its ending."""
    suffix = PurePosixPath(name).suffix.lower()
    return f"no picture ({suffix})" if 1 < len(suffix) <= 12 else "no picture (no ending)"


def why_unreadable(head: bytes) -> str:
    """Reason why Pillow cannot identify a file, derived from its first bytes."""
    if not head:
        return "is empty"
    if HEIF.match(head):
        return HEIC_ADVICE
    if SIGNATURES.match(head):
        return UNREADABLE
    return next((reason for pattern, reason in OTHERS if pattern.match(head)), UNKNOWN)
