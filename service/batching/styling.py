"""The choices of models whose layers have styles: truncation, a second style, and their walks.

Owns the limits of `psi`, the grammar of `mix` and the refusal by models that take neither. Knows no
style.
"""

from __future__ import annotations

from models.families.config import MAX_PSI
from models.latent import parse_seed
from service.batching.engine import ModelInfo
from service.batching.recipe import Method, StyleMix, Styling
from service.errors import OutOfRange

PSI, MIX = "psi", "mix"


def require_styling(served: ModelInfo, psi: float | None, mix: str | None = None) -> Styling:
    """The requested truncation and second style; those that change nothing if none were.

    Args:
        served: the model.
        psi: 0 to `MAX_PSI`; None for 1.
        mix: `SEED@RESOLUTION`; None without a second style.

    Raises:
        OutOfRange: the model takes none, or a value is invalid.
    """
    for name, value in ((PSI, psi), (MIX, mix)):
        if value is not None and name not in served.card.takes:
            takes = " and ".join(served.card.takes)
            message = f"{served.card.name} takes {takes}, and no {name}: leave it out"
            raise OutOfRange(name, message, [])
    if psi is not None and not 0.0 <= psi <= MAX_PSI:  # or it is not a number
        message = f"it is from 0, the mean of all styles, to {MAX_PSI}, not {psi}"
        raise OutOfRange(PSI, message, {"ge": 0, "le": MAX_PSI})
    # -0.0 becomes 0.0, so that each picture has one address.
    return Styling(
        1.0 if psi is None else psi + 0.0, None if mix is None else _style_mix(served, mix)
    )


def require_method(served: ModelInfo, asked: Method | None) -> Method:
    """The interpolation between two seeds: the requested one, else the usual one of the model.

    Between styles there is only the straight line.

    Raises:
        OutOfRange: a great circle between styles was requested.
    """
    if PSI not in served.card.takes:
        return asked or Method.SLERP
    if asked is Method.SLERP:
        message = f"{served.card.name} goes from style to style in a straight line: leave it out"
        raise OutOfRange("method", message, [Method.LERP.value])
    return Method.LERP


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
