"""Truncation and a second style: their limits, and models that take neither."""

from __future__ import annotations

import math

import pytest

from models.latent import parse_seed
from service.batching.engine import ModelInfo
from service.batching.recipe import UNSTYLED, Method, StyleMix, Styling
from service.batching.styling import require_method, require_styling
from service.errors import OutOfRange
from tests.service.painter import MODE, card_named
from tests.service.styled_models import styled_card
from tests.service.truncated_models import truncated_card

STYLED = ModelInfo(styled_card(), MODE)
TRUNCATED = ModelInfo(truncated_card(), MODE)
PLAIN = ModelInfo(card_named("plain"), MODE)


@pytest.mark.parametrize(
    ("psi", "mix", "expected"),
    [
        (None, None, UNSTYLED),
        (1.0, None, UNSTYLED),
        (0.0, "7@8", Styling(0.0, StyleMix(7, 8))),
        (1.5, "ada@home@16", Styling(1.5, StyleMix(parse_seed("ada@home"), 16))),
    ],
)
def test_what_was_asked_for_is_one_canonical_value(
    psi: float | None, mix: str | None, expected: Styling
) -> None:
    """Text of the second seed is hashed, as that of the first; what changes nothing is left out."""
    assert require_styling(STYLED, psi, mix) == expected


def test_minus_zero_is_zero() -> None:
    """Otherwise one picture had two addresses."""
    assert math.copysign(1.0, require_styling(STYLED, -0.0).psi) == 1.0


@pytest.mark.parametrize("psi", [-0.1, 1.51, math.inf, math.nan])
def test_psi_has_limits(psi: float) -> None:
    """Which the message tells."""
    with pytest.raises(OutOfRange, match=r"from 0, the mean of all styles, to 1\.5"):
        require_styling(STYLED, psi)


@pytest.mark.parametrize("mix", ["7", "7@", "7@4", "7@32", "7@08", "@", "7@8 ", "7@\u0668"])
def test_the_level_of_a_second_style_is_one_of_the_model(mix: str) -> None:
    """Above the lowest: from there on, all of the picture would be of the second seed."""
    with pytest.raises(OutOfRange, match="it is SEED@RESOLUTION, with a resolution of 8, 16, not"):
        require_styling(STYLED, None, mix)


def test_the_second_seed_is_a_seed() -> None:
    """By the rules of the first."""
    with pytest.raises(OutOfRange, match="the seed before @8: a seed is 1 to 128 characters"):
        require_styling(STYLED, None, "@8")
    with pytest.raises(OutOfRange, match="lies from 0 to"):
        require_styling(STYLED, None, "-1@8")


def test_a_model_without_styles_may_take_psi() -> None:
    """Up to 1, and no second style; it goes from latent to latent by either method."""
    assert require_styling(TRUNCATED, 0.25) == Styling(0.25)
    assert require_method(TRUNCATED, None) == Method.SLERP
    with pytest.raises(OutOfRange, match=r"from 0, one latent for all seeds, to 1, not 1\.01"):
        require_styling(TRUNCATED, 1.01)
    with pytest.raises(OutOfRange, match="big-16 takes seed and psi, and no mix: leave it out"):
        require_styling(TRUNCATED, None, "7@8")


def test_a_model_without_styles_refuses_both() -> None:
    """With what it takes."""
    assert require_styling(PLAIN, None) == UNSTYLED
    for psi, mix, name in ((0.5, None, "psi"), (1.0, None, "psi"), (None, "7@8", "mix")):
        with pytest.raises(OutOfRange, match=f"plain takes seed, and no {name}: leave it out"):
            require_styling(PLAIN, psi, mix)


def test_between_styles_there_is_only_the_straight_line() -> None:
    """Other models have both ways, and go along the great circle unless told."""
    assert [require_method(PLAIN, asked) for asked in (None, *Method)] == [
        Method.SLERP,
        Method.SLERP,
        Method.LERP,
    ]
    assert require_method(STYLED, None) == require_method(STYLED, Method.LERP) == Method.LERP
    with pytest.raises(OutOfRange, match="in a straight line: leave it out"):
        require_method(STYLED, Method.SLERP)
