"""The manifest's JSON form, and its strictness."""

import json
from dataclasses import replace
from typing import Any

import pytest

from training.manifest import ArrayFile, DataError, Manifest, Skipped, Source, images_file

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
        (changed(colour="red"), r"missing or unknown keys \(colour\)"),
        (changed(source={"kind": "zip"}), "source has missing or unknown keys"),
        (changed(count=0), "0 pictures"),
        (changed(count="2"), "2 pictures"),
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
