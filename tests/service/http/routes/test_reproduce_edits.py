"""Edits along the directions of a model."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from urllib.parse import unquote

import pytest
from fastapi.testclient import TestClient
from PIL import Image

from models.picture import pixel_sha256
from service.batching.recipe import Edit, Recipe, point_of
from service.settings import Settings
from tests.service.painter import Painter, paint, service_with
from tests.service.styled_models import directed_card


@pytest.fixture
def directed(settings: Settings) -> Iterator[TestClient]:
    """A service with a model that has the directions pca-1, pca-2 and pca-3."""
    with service_with(Painter(directed_card()), settings) as client:
        yield client


def test_edits_are_part_of_the_recipe(directed: TestClient) -> None:
    """In headers, file, address and ETag; the address gives the same picture."""
    answer = directed.get("/images/7?edit=pca-2:-1.5&edit=pca-1:2")
    edits = (Edit("pca-1", 2.0), Edit("pca-2", -1.5))
    recipe = Recipe(directed_card().pinned_name, point_of(7), 32, edits=edits)
    again = directed.get(answer.headers["content-location"])

    assert answer.headers["x-pixel-sha256"] == pixel_sha256([paint(recipe)])
    assert unquote(answer.headers["x-edit"]) == "pca-1:2,pca-2:-1.5"
    assert Image.open(io.BytesIO(answer.content)).info["edit"] == "pca-1:2,pca-2:-1.5"
    assert again.headers["etag"] == answer.headers["etag"]
    assert again.content == answer.content


@pytest.mark.parametrize("edits", ["edit=pca-1:2,pca-2:1", "edit=pca-2:1&edit=&edit=pca-1:2.0"])
def test_edits_in_any_form_are_one_picture(directed: TestClient, edits: str) -> None:
    """At one address: in the order of the card, without those of strength 0."""
    answer = directed.get(f"/images/7?{edits},pca-3:-0")

    assert "edit=pca-1%3A2%2Cpca-2%3A1&" in answer.headers["content-location"]


def test_an_edit_of_nothing_is_the_picture_without_it(directed: TestClient) -> None:
    """It has no header, and the same ETag."""
    plain, still = (directed.get(f"/images/7{query}") for query in ("", "?edit=pca-1:0"))

    assert plain.content == still.content
    assert plain.headers["etag"] == still.headers["etag"]
    assert "x-edit" not in still.headers


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("edit=smile:2", "has no direction 'smile'; it has pca-1, pca-2, pca-3"),
        ("edit=pca-1", "the strength of pca-1 is a number from -10 to 10, as in pca-1:2"),
        ("edit=pca-1:10.1", "is a number from -10 to 10"),
        ("edit=pca-1:nan", "is a number from -10 to 10"),
        ("edit=pca-1:1_0", "is a number from -10 to 10"),
        ("edit=pca-1:%201", "is a number from -10 to 10"),
        ("resolution=1_6", "resolution: write a number in digits alone"),
        ("end=8&t=0.2_5", "t: write a number in digits alone"),
        ("edit=pca-1:1&edit=pca-1:2", "pca-1 is there twice: add both strengths"),
        ("edit=" + ",".join(["pca-1:1"] * 9), "up to 8 edits are made, not 9"),
    ],
)
def test_edits_that_are_not_allowed_are_refused_in_words(
    directed: TestClient, query: str, message: str
) -> None:
    """Nothing is rendered."""
    answer = directed.get(f"/images/7?{query}")

    assert answer.status_code == 422
    assert message in answer.json()["detail"]


def test_a_model_without_directions_takes_no_edit(client: TestClient) -> None:
    """In the words of other choices."""
    answer = client.get("/images/7?edit=pca-1:2")

    assert "painter-32 takes seed, and no edit: leave it out" in answer.json()["detail"]


def test_every_route_makes_edited_pictures(directed: TestClient) -> None:
    """With the same pixels: alone, among several, on a walk and in a data set."""
    alone = directed.get("/images/7?edit=pca-1:2").headers["x-pixel-sha256"]
    several = directed.post("/generate?seed=7&seed=8&edit=pca-1:2").json()["images"]
    frames = directed.get("/interpolate?seed=7&seed=8&steps=2&edit=pca-1:2&format=json").json()
    archive = directed.get("/datasets?from_seed=7&count=1&edit=pca-1:2")
    with zipfile.ZipFile(io.BytesIO(archive.content)) as files:
        manifest, whole = files.read("manifest/000007.jsonl"), files.read("dataset.json")

    assert several[0]["pixel_sha256"] == frames["frames"][0]["pixel_sha256"] == alone
    assert several[0]["facts"]["edit"] == frames["facts"]["edit"] == "pca-1:2"
    assert alone.encode() in manifest
    assert unquote(archive.headers["x-edit"]) == "pca-1:2"
    assert b'"edit": "pca-1:2"' in whole


def test_an_edited_picture_is_made_again_to_verify_it(directed: TestClient) -> None:
    """From what its file says."""
    content = directed.get("/images/7?edit=pca-1:2").content

    assert directed.post("/verify", content=content).json()["remade"]["outcome"] == "equal"


def test_the_card_lists_directions(directed: TestClient) -> None:
    """And that the model takes edits."""
    card = directed.get("/models/painter-32").json()

    assert card["takes"] == ["seed", "edit"]
    assert [each["name"] for each in card["directions"]] == ["pca-1", "pca-2", "pca-3"]
