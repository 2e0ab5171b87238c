"""Requests that an engine has not answered: sizes, predicted work, images."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest

from service.batching.engine import ModelInfo
from service.batching.queue import Rendered
from service.batching.recipe import Recipe, point_of
from service.errors import QueueFull
from service.processes.asked_images import (
    PRIOR_SECONDS,
    AskedImages,
    PictureForm,
    form_of,
    predicted_seconds,
)
from service.processes.messages import ImageTiming, RefusedAnswer, RenderAnswer
from service.processes.shared_blocks import create_pixel_memory
from service.refusal import refusal_of
from tests.service.painter import MODE, card_named

pytestmark = pytest.mark.anyio


def test_the_form_of_a_picture_is_that_of_its_model() -> None:
    """Gray pictures of 16 bits take two bytes a pixel."""
    colour = ModelInfo(card_named("a"), MODE)
    gray = ModelInfo(card_named("b", channels=1, value_range=(0.0, 1.0)), MODE)
    recipe = Recipe("m", point_of(1), 16)

    assert (form_of(recipe, colour).shape, form_of(recipe, colour).size) == ((16, 16, 3), 768)
    assert (form_of(recipe, gray).shape, form_of(recipe, gray).size) == ((16, 16, 1), 512)


def test_work_is_predicted_from_what_the_engine_has_reported() -> None:
    """And guessed for what it has not."""
    recipes = [Recipe(model, point_of(1), 16) for model in ("known", "known", "unknown")]

    assert predicted_seconds(recipes, {"known": (9.0, {16: 0.5})}) == 1.0 + PRIOR_SECONDS


async def test_an_answer_sets_images_once_and_only_if_somebody_waits() -> None:
    """The memory may be reused at once: the pixels are a copy."""
    memory, pixels = create_pixel_memory(4096), np.full((4, 4, 3), 7, np.uint8)
    memory.write(64, pixels.nbytes, pixels)
    loop, answer = asyncio.get_running_loop(), RenderAnswer(1, [ImageTiming(0.1, 0.2, 3, 4.0)])
    futures = [loop.create_future() for _ in range(3)]
    asked = [AskedImages(each, [PictureForm((4, 4, 3), 8)], [64], 0.0) for each in futures]
    futures[2].cancel()
    asked[0].settle(answer, memory)
    asked[1].settle(RefusedAnswer(1, refusal_of(QueueFull("full"))), memory)
    asked[2].settle(answer, memory)
    memory.write(64, pixels.nbytes, np.zeros_like(pixels))
    memory.close()
    (image,) = await futures[0]

    assert image == Rendered(image.pixels, 0.1, 0.2, 3, 4.0)
    assert np.array_equal(image.pixels, pixels)
    with pytest.raises(QueueFull):
        await futures[1]
