"""The manifest's JSON form, and its strictness."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from training.data.manifest import ArrayFile, DataError, Manifest, Skipped, Source, images_file
from training.data.stream import Prepared

IMAGES = tuple(ArrayFile(images_file(r), (2, r, r, 1), 9, "ab") for r in (4, 8))
MANIFEST = Manifest(
    Source("zip", "x", "x.zip", "CC0 1.0", "me"),
    2,
    1,
    8,
    IMAGES,
    ArrayFile("labels.npy", (2,), 9, "cd"),
    ("a", "b"),
    1,
    (Skipped("c.png", "is broken"),),
    {"fit": "crop"},
)


SOURCE = {"kind": "zip", "name": "x", "location": "x.zip"}
FILE = {"name": "images-0004.npy", "shape": [2, 4, 4, 1], "size": 9, "sha256": "ab"}


def changed(**values: Any) -> str:
    """The manifest with some values replaced."""
    return json.dumps({**json.loads(MANIFEST.to_json()), **values})


def test_what_is_written_is_read_back() -> None:
    """The JSON form loses nothing."""
    assert Manifest.from_json(MANIFEST.to_json()) == MANIFEST
    unlabelled = replace(MANIFEST, labels=None, label_names=())

    assert Manifest.from_json(unlabelled.to_json()) == unlabelled


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "no JSON"),
        ("[]", "no JSON object"),
        (changed(format_version=2), "format version 2"),
        (changed(colour="red"), "colour is unknown: prepare the pictures again"),
        (changed(source={"kind": "zip"}), "source.name is missing"),
        (changed(count=0), "0 pictures"),
        (changed(count="2"), "count must be a valid integer, not '2'"),
        (changed(count=2.0), "count must be a valid integer"),
        (changed(skipped=True), "skipped must be a valid integer"),
        (changed(notes={"odd": "many"}), r"notes\.odd must be a valid integer, not 'many'"),
        (changed(label_names=["a", 7]), r"label_names\.1 must be a valid string, not 7"),
        (changed(source={**SOURCE, "licence": None}), r"source\.licence must be a valid string"),
        (changed(source={**SOURCE, "url": "x"}), r"source\.url is unknown"),
        (changed(images=[{**FILE, "size": "9"}]), r"images\.0\.size must be a valid integer"),
        (changed(channels=2), "2 channels"),
        (changed(count=3), "one array for each"),
        (changed(resolution=16), "one array for each"),
        (changed(resolution=6), "power of two"),
        (changed(labels={"name": "x.npy", "shape": [2], "size": 1, "sha256": ""}), "labels.npy"),
        (changed(images=None), "does not fit"),
    ],
)
def test_a_manifest_that_does_not_fit_is_refused(text: str, message: str) -> None:
    """Every fault is told, and none is guessed around."""
    with pytest.raises(DataError, match=message):
        Manifest.from_json(text)


def test_a_square_manifest_is_as_it_always_was(make_prepared: Callable[..., Prepared]) -> None:
    """The shape is told only where it is another; and then it comes back."""
    square = make_prepared().manifest.to_json()
    assert "base" not in json.loads(square)
    assert Manifest.from_json(square).base == (4, 4)


def test_a_manifest_tells_another_shape(make_prepared: Callable[..., Prepared]) -> None:
    """And is read only with the arrays of that shape."""
    text = make_prepared(base=(4, 6)).manifest.to_json()

    assert Manifest.from_json(text).base == (4, 6)
    assert Manifest.from_json(text).images[-1].shape == (12, 8, 12, 3)
    with pytest.raises(DataError, match="one array for each of"):
        Manifest.from_json(text.replace('"base": [\n    4,\n    6', '"base": [\n    4,\n    8'))
    with pytest.raises(DataError, match="needs one side of 4"):
        Manifest.from_json(text.replace('"base": [\n    4,\n    6', '"base": [\n    5,\n    6'))


def test_a_manifest_tells_depth_and_range_where_there_are_16_bits(
    make_prepared: Callable[..., Prepared],
) -> None:
    """And only there: earlier ones stay as they are."""
    values = json.loads(make_prepared(value_range=(-1024.0, 3071.0)).manifest.to_json())

    assert (values["bit_depth"], values["value_range"]) == (16, [-1024.0, 3071.0])
    assert Manifest.from_json(json.dumps(values)).value_range == (-1024.0, 3071.0)
    assert {"bit_depth", "value_range"}.isdisjoint(json.loads(MANIFEST.to_json()))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"bit_depth": 16}, "value_range: with 16 bits two numbers"),
        ({"bit_depth": 12}, "bit_depth must be 8 or 16, not 12"),
        ({"value_range": [0, 1]}, "value_range: with 16 bits two numbers, else none"),
        ({"bit_depth": 16, "value_range": [1, 0]}, "low below high"),
    ],
)
def test_depth_and_range_of_a_manifest_must_agree(change: dict[str, Any], message: str) -> None:
    """With the key."""
    with pytest.raises(DataError, match=message):
        Manifest.from_json(changed(**change))
