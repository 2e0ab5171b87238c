"""Files of points: exactly as written, of one model alone, and never trusted."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy

from models.card import Card
from tests.service.painter import card_named
from training.projection.point_file import PointError, PointFacts, read_point, write_point

CARD = replace(card_named("m", labels=("cat", "dog")), weights_sha256="a" * 64)
SIZE = CARD.network.direction_size
VECTOR = np.linspace(-1, 1, SIZE, dtype=np.float32)
FACTS = PointFacts(
    model="m",
    weights_sha256="a" * 64,
    space="latent",
    label="dog",
    resolution=32,
    loss=0.75,
    pixel_error=0.25,
    feature_distance=0.5,
    seed=1,
    picture_sha256="b" * 64,
)


def write_by_hand(path: Path, tensors: dict[str, Any], facts: object) -> None:
    """A file that `write_point` would not write."""
    safetensors.numpy.save_file(tensors, path, {"point": json.dumps(facts)})


def test_a_point_is_read_as_it_was_written(tmp_path: Path) -> None:
    """The same bytes each time, with its class as the number of the model."""
    for name in ("one.safetensors", "two.safetensors"):
        write_point(tmp_path / name, VECTOR, FACTS)

    point = read_point(tmp_path / "one.safetensors", CARD)

    assert np.array_equal(point.vector, VECTOR)
    assert point.label == 1
    assert (tmp_path / "one.safetensors").read_bytes() == (
        tmp_path / "two.safetensors"
    ).read_bytes()


@pytest.mark.parametrize(
    ("card", "message"),
    [
        (replace(CARD, weights_sha256="c" * 64), "is a point of m@aaaaaaaaaaaa, not of m@ccc"),
        (replace(CARD, labels=("cat", "owl")), "is of the class dog, which m does not have"),
        (card_named("m", 32), "is a point of m@"),
    ],
)
def test_a_point_of_another_model_is_refused(tmp_path: Path, card: Card, message: str) -> None:
    """Its picture would be any picture."""
    path = tmp_path / "a.safetensors"
    write_point(path, VECTOR, FACTS)

    with pytest.raises(PointError, match=message):
        read_point(path, card)


@pytest.mark.parametrize(
    ("vector", "message"),
    [
        (VECTOR[:-1], f"does not hold {SIZE} numbers from -1,000,000 to 1,000,000"),
        (VECTOR.astype(np.float64), "not of float32"),
        (VECTOR[None], "does not hold"),
        (np.full(SIZE, np.nan, np.float32), "does not hold"),
        (np.full(SIZE, 3e38, np.float32), "does not hold"),
    ],
)
def test_a_vector_that_does_not_fit_is_refused(
    tmp_path: Path, vector: np.ndarray, message: str
) -> None:
    """Before it reaches the network."""
    path = tmp_path / "a.safetensors"
    write_point(path, vector, FACTS)

    with pytest.raises(PointError, match=message):
        read_point(path, CARD)


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        ({**asdict(FACTS), "space": "dream"}, "space"),
        ({**asdict(FACTS), "format_version": 2}, "format_version"),
        ({**asdict(FACTS), "more": 1}, "more: unknown"),
        ([], "not a JSON object"),
    ],
)
def test_facts_that_do_not_fit_are_refused(tmp_path: Path, facts: object, message: str) -> None:
    """Each is named."""
    path = tmp_path / "a.safetensors"
    write_by_hand(path, {"point": VECTOR}, facts)

    with pytest.raises(PointError, match=message):
        read_point(path, CARD)


@pytest.mark.parametrize("number_type", ["BF16", "F8_E4M3", "I64"])
def test_types_that_numpy_lacks_are_refused(tmp_path: Path, number_type: str) -> None:
    """In words, as any other file that is no point."""
    path = tmp_path / "a.safetensors"
    size = {"BF16": 2, "F8_E4M3": 1, "I64": 8}[number_type]
    tensor = {"dtype": number_type, "shape": [1], "data_offsets": [0, size]}
    metadata = {"point": json.dumps(asdict(FACTS))}
    header = json.dumps({"point": tensor, "__metadata__": metadata}).encode()
    path.write_bytes(len(header).to_bytes(8, "little") + header + bytes(size))

    with pytest.raises(PointError, match="its numbers are not of float32"):
        read_point(path, CARD)


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        (replace(FACTS, space="style"), "is a style, and the points of m are latents"),
        (replace(FACTS, label=None), "has no class, and m has 2"),
        (replace(FACTS, label="\x1b[2J" + "x" * 999), r"class \\x1b\[2Jx{96}, which"),
        (
            replace(FACTS, model="\x1b[2J", weights_sha256="c" * 64),
            r"a point of \\x1b\[2J@cccc",
        ),
    ],
)
def test_texts_of_a_point_are_told_as_they_are(
    tmp_path: Path, facts: PointFacts, message: str
) -> None:
    """Shortened, and without characters that a terminal obeys."""
    path = tmp_path / "a.safetensors"
    write_point(path, VECTOR, facts)

    with pytest.raises(PointError, match=message):
        read_point(path, CARD)


def test_other_files_are_refused(tmp_path: Path) -> None:
    """A folder, no safetensors, without a point, or far too large; a missing one by that name."""
    broken, other, large = (tmp_path / name for name in ("broken", "other", "large"))
    broken.write_bytes(b"\xff" * 64)
    write_by_hand(other, {"weights": VECTOR}, asdict(FACTS))
    with large.open("wb") as file:
        file.truncate(9 << 20)

    with pytest.raises(PointError, match="none: there is no such file"):
        read_point(tmp_path / "none", CARD)
    for path in (tmp_path, broken, other, large):
        with pytest.raises(PointError, match="holds no point that `python -m training project`"):
            read_point(path, CARD)
