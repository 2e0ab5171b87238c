"""From a folder of bundles to an engine: good ones are served, bad ones named."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from models.config import NetworkConfig
from service.engine import loading
from service.engine.opening import Opened, open_engine
from service.recipe import Recipe, point_of
from tests.conftest import MakeBundle


def opened(folder: Path, learned: list[float] | None = None) -> Opened:
    """The engine of `folder`."""

    def learn(_recipes: Sequence[Recipe], seconds: float) -> None:
        if learned is not None:
            learned.append(seconds)

    return open_engine(folder, device="cpu", threads=1, max_batch=4, learn=learn)


def change_card(bundle: Path, **values: Any) -> None:
    """Write other values into a card."""
    path = bundle / "card.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


def test_every_good_bundle_is_served(make_bundle: MakeBundle) -> None:
    """Two models of different sizes and channels."""
    folder = make_bundle().parent
    make_bundle("gray-16", NetworkConfig(16, 1, 16, 128, 16))
    engine = opened(folder)

    assert [("gray-16", True), ("tiny-32", True)] == [
        (model.card.name, model.mode.exact) for model in engine.served()
    ]
    for model in engine.served():
        (image,) = engine.render([Recipe(model.pinned_name, point_of(3), 16)])
        assert image.shape == (16, 16, model.card.network.channels)


def test_the_same_recipe_gives_the_same_bytes_in_any_company(make_bundle: MakeBundle) -> None:
    """Alone, in every size of batch, at every place in it."""
    engine = opened(make_bundle().parent)
    model = engine.served()[0].pinned_name
    wanted = Recipe(model, point_of(42), 32)
    (alone,) = engine.render([wanted])
    others = [Recipe(model, point_of(n), 4 << n % 4) for n in range(7)]
    for place in range(8):
        batch = [*others[:place], wanted, *others[place:]]
        assert np.array_equal(alone, engine.render(batch)[place])
        assert np.array_equal(alone, engine.render(batch[: place + 1])[place])


def test_start_up_teaches_how_long_batches_take(make_bundle: MakeBundle) -> None:
    """The first prediction is not a guess."""
    learned: list[float] = []
    opened(make_bundle().parent, learned)

    assert len(learned) == 5  # four probes together, and each alone
    assert all(seconds > 0 for seconds in learned)


@pytest.mark.parametrize(
    ("harm", "reason"),
    [
        (lambda b: truncate(b / "generator.safetensors"), "truncated or changed"),
        (lambda b: flip_a_bit(b / "generator.safetensors"), "truncated or changed"),
        (lambda b: (b / "generator.safetensors").unlink(), "has no generator.safetensors"),
        (lambda b: (b / "card.json").write_text("{"), "cannot be read"),
        (lambda b: change_card(b, format_version=99), "format version 99"),
        (lambda b: change_card(b, family="unheard-of"), "unheard-of"),
        (lambda b: change_card(b, labels=["cat"]), "models with labels need a newer release"),
        (lambda b: change_card(b, golden=[bad_golden()]), "differs from its card"),
    ],
    ids=["truncated", "flipped", "bare", "no-card", "newer", "family", "labels", "golden"],
)
def test_a_bad_bundle_is_refused_with_a_reason_and_the_others_are_served(
    make_bundle: MakeBundle,
    caplog: pytest.LogCaptureFixture,
    harm: Any,
    reason: str,
) -> None:
    """In the log, too."""
    bad = make_bundle("bad-32")
    make_bundle("good-32")
    harm(bad)
    with caplog.at_level(logging.ERROR):
        engine = opened(bad.parent)

    assert ["good-32"] == [model.card.name for model in engine.served()]
    assert list(engine.refused) == ["bad-32"]
    assert reason in engine.refused["bad-32"]
    assert "bundle bad-32 is refused" in caplog.text


def test_a_name_can_be_taken_once(make_bundle: MakeBundle) -> None:
    """Two folders with one model name would be a lottery."""
    first = make_bundle("a-32")
    second = make_bundle("b-32")
    change_card(second, name="a-32")
    engine = opened(first.parent)

    assert len(engine.served()) == 1
    assert "already loaded from another folder" in engine.refused["b-32"]


def test_a_network_that_cannot_be_made_exact_is_served_in_batches_of_one(
    make_bundle: MakeBundle, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """And it is said."""
    monkeypatch.setattr(loading, "is_batch_invariant", lambda probes, render: False)
    with caplog.at_level(logging.ERROR):
        engine = opened(make_bundle().parent)
    (model,) = engine.served()

    assert not model.mode.exact
    assert "a picture depends on its batch here; serving batches of one" in caplog.text
    assert len(engine.render([Recipe(model.pinned_name, point_of(n), 8) for n in range(3)])) == 3


def test_no_memory_is_told_in_a_word_that_other_rooms_know(
    make_bundle: MakeBundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They do not import torch."""
    engine = opened(make_bundle().parent)

    def exhausted(*_: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(loading, "render", exhausted)
    with pytest.raises(MemoryError, match="CUDA out of memory"):
        engine.render([Recipe(engine.served()[0].pinned_name, point_of(1), 8)])


def test_a_folder_without_bundles_gives_an_empty_engine(tmp_path: Path) -> None:
    """Also one that does not exist; the service says so."""
    (tmp_path / "not-a-bundle").mkdir()

    for folder in (tmp_path, tmp_path / "nowhere"):
        engine = opened(folder)
        assert ([], {}) == (engine.served(), engine.refused)


def truncate(path: Path) -> None:
    """Cut the last quarter off."""
    content = path.read_bytes()
    path.write_bytes(content[: len(content) * 3 // 4])


def flip_a_bit(path: Path) -> None:
    """One bit, in the middle of the weights."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def bad_golden() -> dict[str, Any]:
    """A promise that the network does not keep."""
    return {"seed": 1, "resolution": 32, "pixel_sha256": "", "thumbnail": [255, 0] * 24}
