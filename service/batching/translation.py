"""Models that translate uploaded pictures, beside those that make pictures of seeds.

Owns the refusal of a request that a model does not take. Knows no pixels and no upload.
"""

from __future__ import annotations

from collections.abc import Iterable

from service.batching.engine import ModelInfo
from service.errors import OutOfRange


def translates(served: ModelInfo) -> bool:
    """True if the model takes a picture, and no seed."""
    return "source" in served.card.takes


def require_seeds(served: ModelInfo) -> None:
    """Check that the model makes pictures of seeds.

    Raises:
        OutOfRange: it translates pictures.
    """
    if not translates(served):
        return
    card = served.card
    message = (
        f"{card.name} has no pictures of seeds, it translates pictures: send one to "
        f"POST /translate?model={card.name}&to={card.labels[0]}"
    )
    raise OutOfRange("model", message, [])


def domain_for(served: ModelInfo, asked: str | None, others: Iterable[ModelInfo] = ()) -> str:
    """Check the requested domain of a translation and return it.

    Args:
        served: the model.
        asked: the domain; None if none was requested.
        others: models to name where this one has no such domain, if the request named none.

    Raises:
        OutOfRange: none was requested, the model has no such domain, or it translates nothing.
    """
    name, domains = served.card.name, served.card.labels
    if not translates(served):
        message = f"{name} makes pictures of seeds and translates none: name another model"
        raise OutOfRange("model", message, [])
    if asked not in domains:
        has = f"{name} translates to {' or '.join(domains)}"
        told = f"{has}; say to=" if asked is None else f"{has}, not to {asked!r}"
        able = [each.card for each in others if translates(each) and asked in each.card.labels]
        if able:
            told += f"; {able[0].name} does: say model={able[0].name}"
        raise OutOfRange("to", told, domains)
    return asked
