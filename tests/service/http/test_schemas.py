"""Answers in JSON."""

from __future__ import annotations

from service.batching.engine import EngineMode, ModelInfo
from service.http.schemas import model_card
from tests.service.painter import card_named


def test_the_card_of_a_model_tells_all_but_its_golden_seeds() -> None:
    """They prove the bundle, and are long."""
    card = card_named("gray-16", 16, channels=1)
    told = model_card(ModelInfo(card, EngineMode("cpu", "fp32", "torch", exact=False)), "other")

    assert (told.name, told.default, told.channels) == ("gray-16", False, 1)
    assert told.resolutions == [4, 8, 16]
    assert told.engine["exact"] is False
    assert [exit_["resolution"] for exit_ in told.exits] == [4, 8, 16]
    known = {"kernels", "hidden", "psnr_db", "multiply_adds", "share_of_path"}
    assert all(set(exit_) == {"resolution", *known} for exit_ in told.exits)
    assert "golden" not in told.model_dump()
