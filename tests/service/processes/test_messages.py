"""Messages between front ends and engines: what arrives is what was sent."""

from __future__ import annotations

from typing import cast

import msgspec
import pytest

from service.batching.engine import EngineMode, ModelInfo
from service.batching.recipe import Method, Point, Recipe
from service.errors import NotReady
from service.processes.messages import (
    FromEngine,
    FromFrontEnd,
    RenderRequest,
    catalogue_in,
    not_ready_of,
    report_of_catalogue,
)
from service.refusal import refusal_of
from service.registry.catalogue import Catalogue
from tests.service.painter import card_named


def test_a_request_arrives_as_it_was_sent() -> None:
    """The largest seed, a point between two, a label: to the last bit."""
    point = Point(2**63 - 1, 7, 0.1 + 0.2, Method.LERP)
    recipe = Recipe("m@0", point, 64, "a label", "none")
    request = RenderRequest(3, [recipe], [64], [12288], 1 / 3, 16, 0.5, 0.25)
    decoder = msgspec.msgpack.Decoder(cast("type[FromFrontEnd]", FromFrontEnd))

    assert decoder.decode(msgspec.msgpack.encode(request)) == request


def test_what_is_no_message_is_refused() -> None:
    """Nothing is guessed."""
    decoder = msgspec.msgpack.Decoder(cast("type[FromEngine]", FromEngine))
    for bad in (b"", b"\x80", msgspec.msgpack.encode(["RenderAnswer", "one", []])):
        with pytest.raises(msgspec.DecodeError):
            decoder.decode(bad)


def test_a_catalogue_arrives_whole() -> None:
    """Cards of classes and of 16 bits, too."""
    cards = [
        card_named("a"),
        card_named("b", channels=1, value_range=(0.0, 1.0)),
        card_named("c", labels=("x", "y")),
    ]
    mode = EngineMode("cuda:1", "bf16", "digests 1", exact=False, processor="kind")
    infos = [ModelInfo(card, mode, "none", "digest") for card in cards]
    models = {info.card.name: info for info in infos[:2]}
    retiring = {infos[2].pinned_name: infos[2]}
    catalogue = Catalogue(models, {"bad": "reason"}, None, retiring, "no default")

    assert catalogue_in(report_of_catalogue(catalogue)) == catalogue


def test_the_reason_of_an_engine_that_is_not_ready_arrives() -> None:
    """As an error of that kind, with its members."""
    again = not_ready_of(refusal_of(NotReady("none", retry_after_s=3, refused={"folder": "why"})))

    assert (str(again), again.retry_after_s) == ("none", 3)
    assert again.members == {"refused": {"folder": "why"}}
