"""Pictures of 16 bits: their values, and what a file that is no PNG says."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator

import numpy as np
import pytest
from fastapi.testclient import TestClient
from PIL import Image

from models.picture import in_colour, in_eight_bits
from service.batching.recipe import Recipe, point_of
from service.credentials.reading import read_credentials
from service.settings import Settings
from tests.service.painter import Painter, card_named, paint, service_with


@pytest.fixture
def scans(settings: Settings) -> Iterator[TestClient]:
    """A client of a service whose model has gray pictures of 16 bits."""
    deep = card_named("scans-32", channels=1, value_range=(-1024.0, 3071.0))
    with service_with(Painter(deep), settings) as client:
        yield client


def test_a_png_of_sixteen_bits_gives_the_values_back(scans: TestClient) -> None:
    """By its own text chunks; the digest is of its numbers, big-endian."""
    answer = scans.get("/images/7")
    model = answer.headers["x-model"]
    pixels = paint(Recipe(model, point_of(7), 32), 1, 16)

    with Image.open(io.BytesIO(answer.content)) as image:
        low, high = float(image.info["value_low"]), float(image.info["value_high"])
        seen = np.asarray(image)
    assert np.array_equal(seen, pixels[..., 0])
    assert ((low, high), image.info["bit_depth"]) == ((-1024.0, 3071.0), "16")
    digest = hashlib.sha256(seen.astype(">u2").tobytes()).hexdigest()
    assert answer.headers["x-pixel-sha256"] == digest
    told = {name: answer.headers[name] for name in ("x-bit-depth", "x-file-bit-depth")}
    assert told == {"x-bit-depth": "16", "x-file-bit-depth": "16"}
    assert (answer.headers["x-value-low"], answer.headers["x-value-high"]) == ("-1024", "3071")
    credentials = read_credentials(answer.content, "image/png", "")
    assert credentials.facts["value_high"] == "3071"


@pytest.mark.parametrize("name", ["webp", "jpeg"])
def test_another_file_of_sixteen_bits_is_a_view_and_says_so(scans: TestClient, name: str) -> None:
    """The digest stays that of all bits."""
    answer, png = (scans.get(f"/images/7?format={each}") for each in (name, "png"))

    assert answer.headers["x-file-bit-depth"] == "8"
    for header in ("x-bit-depth", "x-pixel-sha256"):
        assert answer.headers[header] == png.headers[header]
    pixels = paint(Recipe(png.headers["x-model"], point_of(7), 32), 1, 16)
    if name == "webp":
        seen = np.asarray(Image.open(io.BytesIO(answer.content)))
        assert np.array_equal(seen, in_colour(in_eight_bits(pixels)))


def test_answers_of_eight_bits_say_nothing_of_depth(client: TestClient) -> None:
    """Their headers are those of before."""
    headers = client.get("/images/7").headers

    assert not [name for name in headers if "depth" in name or "value" in name]
