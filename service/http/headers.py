"""The headers of an answer with pictures: provenance, timing, caching.

Owns what `X-Seed`, `Server-Timing`, `ETag` and their like say. Knows no engine.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from urllib.parse import quote, urlencode

from starlette.requests import Request
from starlette.responses import Response

from service.batching.engine import ModelInfo
from service.batching.recipe import Recipe
from service.http.request_log import record_of
from service.pipeline import Timing

FOR_EVER = "max-age=31536000, immutable"
FOR_A_MINUTE = "max-age=60"


def address_of(recipe: Recipe, image_format: str) -> str:
    """Where the picture of a seed is for ever."""
    query = {"model": recipe.model, "resolution": recipe.resolution, "format": image_format}
    if recipe.label is not None:
        query["label"] = recipe.label
    return f"/images/{recipe.point.start}?{urlencode(query, safe='@')}"


def log_request_facts(
    request: Request, seeds: Sequence[int], recipes: Sequence[Recipe], image_format: str
) -> None:
    """Tell the log and the trace what is asked for, so that they know even if it is not made.

    A label that all pictures share is told once.
    """
    first = recipes[0]
    facts = {
        "model": first.model,
        "seed": ",".join(map(str, seeds)),
        "resolution": first.resolution,
        "format": image_format,
        "images": len(recipes),
    }
    if told := _quoted(recipe.label for recipe in recipes):
        facts["label"] = ",".join(told if len(set(told)) > 1 else told[:1])
    record_of(request).facts |= facts


def provenance(
    request: Request,
    served: ModelInfo,
    seeds: Sequence[int],
    resolution: int,
    pixel_sha256: str | None = None,
    timing: Timing | None = None,
    labels: Sequence[str | None] = (),
) -> dict[str, str]:
    """The headers that say what a picture is and where its time went; times are logged, too.

    Several seeds are separated by commas; the digest is then of all images one after another. So
    are labels, percent-encoded; models without labels have none.
    """
    facts = record_of(request).facts
    headers = {
        "X-Seed": ",".join(map(str, seeds)),
        "X-Model": served.pinned_name,
        "X-Resolution": str(resolution),
    }
    if told := _quoted(labels):
        headers["X-Label"] = ",".join(told)
    if pixel_sha256 is not None:
        headers["X-Pixel-SHA256"] = pixel_sha256
    if timing is not None:
        spans = {"queue": timing.queue_s, "generate": timing.generate_s, "encode": timing.encode_s}
        headers["Server-Timing"] = ", ".join(f"{n};dur={s * 1000:.2f}" for n, s in spans.items())
        facts |= {f"{name}_ms": round(s * 1000, 2) for name, s in spans.items()}
        facts["batch_size"] = timing.batch_size
    return headers


def _quoted(labels: Iterable[str | None]) -> list[str]:
    """Labels in a form in which they hold no comma and go into a header."""
    return [quote(label, safe=" ") for label in labels if label is not None]


def caching(etag: str, asked_model: str | None, *, public: bool) -> dict[str, str]:
    """For ever where the client pinned the digest, else as long as a name may mean one model.

    Args:
        etag: of the answer.
        asked_model: as the client wrote it.
        public: whether a shared cache may give the answer to others, who have sent it no key.
    """
    pinned = asked_model is not None and "@" in asked_model
    age = FOR_EVER if pinned else FOR_A_MINUTE
    return {"ETag": etag, "Cache-Control": f"{'public' if public else 'private'}, {age}"}


def is_fresh(request: Request, etag: str) -> bool:
    """Whether the client already holds the bytes of `etag` (RFC 9110, section 13.1.2)."""
    known = request.headers.getlist("if-none-match")
    tags = [tag.strip().removeprefix("W/") for line in known for tag in line.split(",")]
    return etag in tags or "*" in tags


def without_body(headers: dict[str, str], media_type: str) -> Response:
    """The answer to HEAD: the headers that can be known without making the picture."""
    response = Response(headers=headers, media_type=media_type)
    del response.headers["content-length"]
    return response
