"""Headers of an answer with pictures: metadata, timing, validators, caching, file name.

Owns the content of `X-Seed`, `Server-Timing`, `ETag` and similar headers. Knows no engine.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import quote

from starlette.requests import Request

from models.card import Card
from service.batching.engine import EngineMode
from service.batching.recipe import Recipe
from service.batching.styling import text_of_edits
from service.credentials.signing import FileSigner
from service.facts import FACTS
from service.files import file_bit_depth
from service.pipeline import Timing

FOR_EVER: Final = "max-age=31536000, immutable"
FOR_A_MINUTE: Final = "max-age=60"
WEAK: Final = "W/"
LONGEST_FILE_NAME: Final = 100  # characters, without the extension

# Every header that an answer with pictures may carry beyond the common ones, for OpenAPI and for
# scripts of other sites.
PICTURE_HEADERS: Final = {fact.header: fact.about for fact in FACTS if fact.header} | {
    "X-Pixel-SHA256": "Of the raw bytes of all images one after another; of 16 bits, big-endian.",
    "X-File-Bit-Depth": "Bits of the pixels in the file, where the model's have 16.",
    "X-Frames": "Number of frames of an interpolation.",
    "X-Request-ID": "As sent, or a new one.",
    "Server-Timing": "queue, generate and encode in milliseconds.",
    "Content-Disposition": "A file name for whoever saves the answer.",
}
CACHE_HEADERS: Final = ("ETag", "Cache-Control", "Accept-Ranges")
DATASET_HEADERS: Final = {
    "X-Model": PICTURE_HEADERS["X-Model"],
    "X-Resolution": PICTURE_HEADERS["X-Resolution"],
    "X-Label": "Class of all pictures, percent-encoded, if one was asked for.",
    "X-Psi": PICTURE_HEADERS["X-Psi"],
    "X-Edit": PICTURE_HEADERS["X-Edit"],
    "X-Watermark": PICTURE_HEADERS["X-Watermark"],
    "X-From-Seed": "First seed.",
    "X-Count": "Number of pictures.",
    "X-Request-ID": PICTURE_HEADERS["X-Request-ID"],
    "Content-Disposition": PICTURE_HEADERS["Content-Disposition"],
    "ETag": "Of the whole archive.",
    "Cache-Control": "An archive is not cached.",
    "Accept-Ranges": "none: ask for the rest with from_seed.",
}


def etag_of(
    recipes: Sequence[Recipe],
    mode: EngineMode,
    encoding: str,
    facts: Mapping[str, str],
    signer: FileSigner | None,
) -> str:
    """Return a validator for the bytes of an answer, quotes included; nothing is rendered.

    It is strong, unless the signer's signatures never repeat: then it is weak (RFC 9110, section
    8.8.1), since equal requests have equal pictures in files of other bytes.

    Args:
        recipes: every picture of the answer, in order.
        mode: mode of the engine; its platform enters the ETag.
        encoding: the file format with its options and the version of its encoder.
        facts: metadata in the file.
        signer: signer of the file; None if it is not signed.
    """
    made = map(_validated_form, recipes)
    parts = (*made, mode.platform, encoding, *([signer.version] if signer else []))
    text = "|".join((*parts, repr(sorted(facts.items()))))
    weak = WEAK if signer and not signer.is_repeatable else ""
    return f'{weak}"{hashlib.sha256(text.encode()).hexdigest()[:32]}"'


def _validated_form(recipe: Recipe) -> str:
    """Return the text of a recipe for validators; without edits it is that of earlier releases."""
    return f"{recipe!r}{text_of_edits(recipe.edits) or ''}"


def file_depth_headers(card: Card, format_name: str) -> dict[str, str]:
    """Return the header that tells a file of 16 bits from an 8-bit view; none for models of 8."""
    if card.bit_depth == 8:
        return {}
    return {"X-File-Bit-Depth": str(file_bit_depth(card, format_name))}


def caching(etag: str, asked_model: str | None, *, public: bool) -> dict[str, str]:
    """Return headers for caches: one year for a model with a digest, else one minute.

    Args:
        etag: ETag of the answer.
        asked_model: as the client wrote it; a name without a digest may later mean another model.
        public: True if a shared cache may give the answer to clients that have sent no key.
    """
    pinned = asked_model is not None and "@" in asked_model
    age = FOR_EVER if pinned else FOR_A_MINUTE
    return {
        "ETag": etag,
        "Cache-Control": f"{'public' if public else 'private'}, {age}",
        "Accept-Ranges": "none" if etag.startswith(WEAK) else "bytes",
    }


def is_fresh(request: Request, etag: str) -> bool:
    """True if the client already holds the bytes of `etag` (RFC 9110, section 13.1.2)."""
    tags = [tag.removeprefix(WEAK) for tag in _listed(request, "if-none-match")]
    return etag.removeprefix(WEAK) in tags or "*" in tags


def is_other_than_wanted(request: Request, etag: str) -> bool:
    """True if `If-Match` requires other bytes than those of `etag` (section 13.1.1)."""
    tags = _listed(request, "if-match")
    same = etag in tags and not etag.startswith(WEAK)
    return bool(tags) and not same and "*" not in tags


def server_timing(timing: Timing) -> str:
    """Return `Server-Timing` (W3C): queue, generate and encode in milliseconds."""
    spans = {"queue": timing.queue_s, "generate": timing.generate_s, "encode": timing.encode_s}
    return ", ".join(f"{name};dur={seconds * 1000:.2f}" for name, seconds in spans.items())


def disposition(stem: str, extension: str, *, attachment: bool = False) -> str:
    """Return `Content-Disposition` with a file name (RFC 6266): ASCII, and UTF-8 if it differs.

    Args:
        stem: any text; characters that file systems do not allow are replaced by `_`.
        extension: file extension, with its dot.
        attachment: True if the file is to be saved instead of displayed.
    """
    name = re.sub(r'[\x00-\x1f\x7f/\\:*?"<>|%]', "_", stem).strip(". ")[:LONGEST_FILE_NAME] or "_"
    plain = re.sub(r"[^ -~]", "_", name)
    kind = "attachment" if attachment else "inline"
    wide = f"; filename*=UTF-8''{quote(name + extension, safe='')}" if plain != name else ""
    return f'{kind}; filename="{plain}{extension}"{wide}'


def _listed(request: Request, header: str) -> list[str]:
    lines = request.headers.getlist(header)
    return [item.strip() for line in lines for item in line.split(",") if item.strip()]
