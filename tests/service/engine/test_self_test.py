"""The proof at start finds a network that is not the exported one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from models.bundle import BundleError
from models.card import Golden
from models.picture import Pixels, pixel_sha256, thumbnail_of
from service.batching.recipe import Recipe, point_of
from service.engine.self_test import GoldenReport, is_batch_invariant, probes_of, verify_golden
from tests.service.painter import card_named, paint

CARD = card_named("painter-32")


def golden(seed: int) -> Golden:
    """What the painter makes of a seed."""
    pixels = paint(Recipe(CARD.pinned_name, point_of(seed), 32))
    return Golden(seed, 32, pixel_sha256([pixels]), thumbnail_of(pixels))


def render(recipes: Sequence[Recipe]) -> list[Pixels]:
    """The painter without its memory."""
    return [paint(recipe) for recipe in recipes]


def test_golden_seeds_that_come_out_are_counted() -> None:
    """Both of them, byte for byte."""
    card = replace(CARD, golden=(golden(1), golden(2)))

    assert GoldenReport(tried=2, equal=2) == verify_golden(card, render)


def test_another_last_bit_is_told_and_not_refused() -> None:
    """Another processor may round differently."""
    card = replace(CARD, golden=(golden(1), replace(golden(2), pixel_sha256="0" * 64)))

    assert GoldenReport(tried=2, equal=1) == verify_golden(card, render)


def test_a_thumbnail_may_be_two_steps_away() -> None:
    """And no further."""
    near = tuple(value + 2 for value in golden(1).thumbnail)
    far = tuple(value + 3 for value in golden(1).thumbnail)

    assert verify_golden(replace(CARD, golden=(replace(golden(1), thumbnail=near),)), render).equal
    with pytest.raises(BundleError, match=r"seed 1 at 32 px differs from its card by 3 of 255"):
        verify_golden(replace(CARD, golden=(replace(golden(1), thumbnail=far),)), render)


def test_a_picture_with_other_channels_is_refused() -> None:
    """A thumbnail of another length fits nothing."""
    short = replace(golden(1), thumbnail=golden(1).thumbnail[:16])

    with pytest.raises(BundleError, match="Copy or export the bundle again"):
        verify_golden(replace(CARD, golden=(short,)), render)


def test_probes_go_over_all_resolutions_from_the_largest() -> None:
    """A full mixed batch of different seeds."""
    probes = probes_of(CARD, 6)

    assert [32, 16, 8, 4, 32, 16] == [probe.resolution for probe in probes]
    assert len({probe.point for probe in probes}) == 6


def test_an_engine_whose_pictures_depend_on_their_batch_is_found() -> None:
    """One pixel of one picture is enough."""

    def moody(recipes: Sequence[Recipe]) -> list[Pixels]:
        images = render(recipes)
        if len(images) > 1:
            images[-1] = images[-1] ^ np.uint8(1)
        return images

    probes = probes_of(CARD, 4)

    assert is_batch_invariant(probes, render)
    assert not is_batch_invariant(probes, moody)
