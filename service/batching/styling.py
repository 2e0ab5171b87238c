"""The choices of some models: truncation, a second style, edits, and walks from style to style.

Owns the limits of `psi`, the grammars of `mix` and `edit`, and the refusal by models that take none
of them. Knows neither styles nor directions, only their names.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from models.direction import MAX_EDITS, MAX_STRENGTH
from models.latent import parse_seed
from models.plain_number import decimal_number
from service.batching.engine import ModelInfo
from service.batching.recipe import Edit, Method, StyleMix, Styling
from service.errors import OutOfRange

PSI, MIX, EDIT = "psi", "mix", "edit"
SEPARATOR = ","  # of edits in one text


def require_styling(
    served: ModelInfo, psi: float | None, mix: str | None = None, edits: Sequence[str] = ()
) -> Styling:
    """The requested truncation, second style and edits; those that change nothing if none were.

    Args:
        served: the model.
        psi: 0 to the largest of the model; None for 1.
        mix: `SEED@RESOLUTION`; None without a second style.
        edits: texts with one `NAME:STRENGTH` or several, separated by commas; empty ones count as
            left out.

    Raises:
        OutOfRange: the model takes none, or a value is invalid.
    """
    steps = [step for text in edits for step in text.split(SEPARATOR) if step]
    for name, value in ((PSI, psi), (MIX, mix), (EDIT, steps or None)):
        if value is not None and name not in served.card.takes:
            takes = " and ".join(served.card.takes)
            message = f"{served.card.name} takes {takes}, and no {name}: leave it out"
            raise OutOfRange(name, message, [])
    largest = served.card.network.max_psi
    if psi is not None and not 0.0 <= psi <= largest:  # or it is not a number
        least = "the mean of all styles" if has_styles(served) else "one latent for all seeds"
        message = f"it is from 0, {least}, to {largest:g}, not {psi}"
        raise OutOfRange(PSI, message, {"ge": 0, "le": largest})
    # -0.0 becomes 0.0, so that each picture has one address.
    return Styling(
        1.0 if psi is None else psi + 0.0,
        None if mix is None else _style_mix(served, mix),
        _edits(served, steps),
    )


def text_of_edits(edits: Sequence[Edit]) -> str | None:
    """Edits as one text, as `require_styling` reads it; None without any."""
    return SEPARATOR.join(map(str, edits)) or None


def has_styles(served: ModelInfo) -> bool:
    """True for a model that goes from style to style, and not from latent to latent."""
    return MIX in served.card.takes


def require_method(served: ModelInfo, asked: Method | None) -> Method:
    """The interpolation between two seeds: the requested one, else the usual one of the model.

    Between styles there is only the straight line.

    Raises:
        OutOfRange: a great circle between styles was requested.
    """
    if not has_styles(served):
        return asked or Method.SLERP
    if asked is Method.SLERP:
        message = f"{served.card.name} goes from style to style in a straight line: leave it out"
        raise OutOfRange("method", message, [Method.LERP.value])
    return Method.LERP


def _edits(served: ModelInfo, steps: Sequence[str]) -> tuple[Edit, ...]:
    """Read edits in any order; those of strength 0 are left out, so each picture has one address.

    Raises:
        OutOfRange: a name is unknown or repeated, a strength invalid, or there are too many.
    """
    if len(steps) > MAX_EDITS:
        raise OutOfRange(EDIT, f"up to {MAX_EDITS} edits are made, not {len(steps)}", MAX_EDITS)
    names = [direction.name for direction in served.card.directions]
    strengths: dict[str, float] = {}
    for step in steps:
        name, _, text = step.partition(":")
        if name not in names:
            message = f"{served.card.name} has no direction {name!r:.80}; it has {', '.join(names)}"
            raise OutOfRange(EDIT, message, names)
        if name in strengths:
            raise OutOfRange(EDIT, f"{name} is there twice: add both strengths", names)
        strengths[name] = _strength(name, text)
    return tuple(Edit(name, strengths[name]) for name in names if strengths.get(name))


def _strength(name: str, text: str) -> float:
    try:
        strength = decimal_number(text)
    except ValueError:
        strength = math.nan
    if not -MAX_STRENGTH <= strength <= MAX_STRENGTH:  # or it is not a number
        limit = f"{MAX_STRENGTH:g}"
        message = f"the strength of {name} is a number from -{limit} to {limit}, as in {name}:2"
        raise OutOfRange(EDIT, message, {"ge": -MAX_STRENGTH, "le": MAX_STRENGTH})
    return strength


def _style_mix(served: ModelInfo, text: str) -> StyleMix:
    seed, _, resolution = text.rpartition("@")
    levels = {str(each): each for each in served.card.resolutions[1:]}
    allowed = [f"SEED@{each}" for each in levels]
    if resolution not in levels:
        names = ", ".join(levels)
        message = f"it is SEED@RESOLUTION, with a resolution of {names}, not {text!r:.80}"
        raise OutOfRange(MIX, message, allowed)
    try:
        return StyleMix(parse_seed(seed), levels[resolution])
    except ValueError as error:
        raise OutOfRange(MIX, f"the seed before @{resolution}: {error}", allowed) from error
