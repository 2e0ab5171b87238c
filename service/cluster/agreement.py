"""The agreement of replicas on pictures: all of one model are made alike, or a replica is refused.

Owns the facts on which the bytes of a picture depend and the sentence for a difference. Knows no
Ray.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from service.batching.engine import ModelInfo

PICTURE_FACTS: Final = (
    "processor",
    "precision",
    "libraries",
    "exactness",
    "watermark",
    "self-test",
)


def picture_facts(info: ModelInfo) -> list[str]:
    """The facts of a loaded model on which its pictures depend, in the order of `PICTURE_FACTS`.

    The last one is the digest of the pictures of the start-up test. The number of a device and the
    node are not among them.
    """
    mode = info.mode
    exact = "exact" if mode.exact else "not exact"
    marked = info.watermark or "off"
    return [mode.processor, mode.precision, mode.libraries, exact, marked, info.self_test]


def first_facts(pinned: str, replicas: Sequence[Mapping[str, list[str]]]) -> list[str] | None:
    """The facts of a model at the first replica that serves it; None if none does.

    Args:
        pinned: pinned name of the model.
        replicas: models of each replica, the oldest first.
    """
    return next((models[pinned] for models in replicas if pinned in models), None)


def picture_difference(pinned: str, first: Sequence[str], other: Sequence[str]) -> str | None:
    """The sentence for a replica that makes other pictures of a model than the first; else None."""
    pairs = zip(PICTURE_FACTS, first, other, strict=True)
    differing = [f"{name} {there!r}, here {here!r}" for name, there, here in pairs if there != here]
    if not differing:
        return None
    return (
        f"{pinned}: this replica would make other pictures than the first one, which has "
        f"{'; '.join(differing)}. Run all replicas on processors of one kind with the same "
        "libraries and settings; to let this kind be the first, take the application away and "
        "deploy it again"
    )
