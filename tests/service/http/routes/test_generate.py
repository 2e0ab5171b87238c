"""`POST /generate`: new pictures, in the form the client likes."""

from __future__ import annotations

import base64
import io
import json
import zipfile
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import numpy as np
import pytest
from fastapi.testclient import TestClient
from PIL import Image

from models.latent import label_of
from models.picture import pixel_sha256
from service.batching.recipe import Recipe, point_of
from service.settings import Settings
from tests.service.painter import Painter, card_named, paint, service_with

PINNED = card_named("painter-32").pinned_name


def picture(seed: int, resolution: int = 32) -> Any:
    """What the engine paints for a seed."""
    return paint(Recipe(PINNED, point_of(seed), resolution))


def decoded(content: bytes) -> Any:
    """The pixels of a file."""
    return np.asarray(Image.open(io.BytesIO(content)))


def test_one_picture_is_its_bytes_and_tells_its_seed(client: TestClient) -> None:
    """Drawn, and good for the same picture again."""
    answer = client.post("/generate?resolution=16")
    seed = int(answer.headers["x-seed"])

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["cache-control"] == "no-store"
    assert 0 <= seed < 2**53
    assert np.array_equal(picture(seed, 16), decoded(answer.content))


def test_the_answer_says_where_the_same_bytes_are_for_ever(client: TestClient) -> None:
    """Pinned by digest."""
    answer = client.post("/generate")
    again = client.get(answer.headers["content-location"])

    assert again.content == answer.content
    assert "immutable" in again.headers["cache-control"]


def test_two_requests_draw_two_seeds(client: TestClient) -> None:
    """Chance, told."""
    seeds = {client.post("/generate?resolution=4").headers["x-seed"] for _ in range(8)}

    assert len(seeds) == 8


def test_several_are_json_with_seeds_sizes_and_files(client: TestClient) -> None:
    """In the order asked for, each with its own digest and address."""
    answer = client.post("/generate?seed=3&seed=ripley&seed=3&resolution=8").json()

    assert answer["model"] == PINNED
    seeds = [(image["seed"], image["seed_as_asked"]) for image in answer["images"]]
    assert [("3", "3"), ("4324366298666226421", "ripley"), ("3", "3")] == seeds
    for image in answer["images"]:
        pixels = picture(int(image["seed"]), 8)
        assert (image["facts"]["seed"], image["facts"]["model"]) == (image["seed"], PINNED)
        content = base64.b64decode(image["data"])
        assert (image["width"], image["height"], image["media_type"]) == (8, 8, "image/png")
        assert image["pixel_sha256"] == pixel_sha256([pixels])
        assert np.array_equal(pixels, decoded(content))
        assert client.get(image["url"]).content == content


def test_several_as_a_zip_file(client: TestClient) -> None:
    """One file for each, named by place and seed."""
    answer = client.post(
        "/generate?seed=5&seed=5&format=webp", headers={"Accept": "application/zip"}
    )
    archive = zipfile.ZipFile(io.BytesIO(answer.content))

    assert answer.headers["content-type"] == "application/zip"
    assert {"00-5.webp", "01-5.webp", "facts.json"} == set(archive.namelist())
    assert np.array_equal(picture(5), decoded(archive.read("01-5.webp")))
    assert json.loads(archive.read("facts.json"))["model"] == PINNED


def test_several_as_a_contact_sheet(client: TestClient) -> None:
    """Any image type gives one picture of all."""
    answer = client.post("/generate?count=4&resolution=8", headers={"Accept": "image/*"})
    sheet = Image.open(io.BytesIO(answer.content))

    assert answer.headers["content-type"] == "image/png"
    assert min(sheet.size) >= 16
    assert len(answer.headers["x-seed"].split(",")) == 4


@pytest.mark.parametrize(
    ("accept", "query", "media_type"),
    [
        ("*/*", "", "image/png"),
        ("image/webp", "", "image/webp"),
        ("image/*", "&format=jpeg", "image/jpeg"),
        ("image/png;q=0.1, image/webp", "", "image/webp"),
        ("application/json", "", "application/json"),
        ("application/zip", "", "application/zip"),
        ("text/html,application/xhtml+xml,*/*;q=0.8", "", "image/png"),
        ("*/*", "&count=2", "application/json"),
        ("text/html;q=1, application/zip;q=0.5", "&count=2", "application/zip"),
        ("image/jpeg", "&count=2", "image/jpeg"),
    ],
)
def test_the_client_gets_what_it_likes_best(
    client: TestClient, accept: str, query: str, media_type: str
) -> None:
    """Of what there is."""
    answer = client.post(f"/generate?resolution=4{query}", headers={"Accept": accept})

    assert answer.headers["content-type"] == media_type
    assert answer.headers["vary"] == "Accept"


@pytest.mark.parametrize("accept", ["text/html", "image/avif", "image/png;q=0", "video/*", ";"])
def test_what_cannot_be_given_is_refused_with_what_can(client: TestClient, accept: str) -> None:
    """Before anything is computed."""
    answer = client.post("/generate?format=png&count=1", headers={"Accept": accept})

    assert answer.status_code == 406
    assert answer.json()["allowed"] == ["image/png", "application/json", "application/zip"]


@pytest.mark.parametrize("query", ["count=0", "count=65", "count=-1", "count=two", "count=1e3"])
def test_a_count_out_of_range_is_refused(client: TestClient, painter: Painter, query: str) -> None:
    """Nothing is computed for it."""
    answer = client.post(f"/generate?{query}")

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["parameter"] == "count"
    assert painter.seeds == []


def test_a_count_that_is_not_that_of_the_seeds_is_refused(client: TestClient) -> None:
    """Which of the two was meant cannot be known."""
    answer = client.post("/generate?seed=1&seed=2&count=3")

    assert answer.status_code == 422
    assert "2 seeds are given and 3 pictures asked for" in answer.json()["detail"]
    assert client.post("/generate?seed=1&seed=2&count=2&resolution=4").status_code == 200


def test_the_largest_request_is_served(client: TestClient, painter: Painter) -> None:
    """Sixty-four pictures of sixty-four seeds."""
    answer = client.post("/generate?count=64&resolution=4").json()

    assert len({image["seed"] for image in answer["images"]}) == 64
    assert sorted(painter.seeds) == sorted(int(image["seed"]) for image in answer["images"])
    assert {image["seed_as_asked"] for image in answer["images"]} == {None}


def test_too_many_seeds_are_refused(client: TestClient) -> None:
    """As many as pictures may be asked for."""
    query = "&".join(f"seed={n}" for n in range(65))

    assert client.post(f"/generate?{query}").status_code == 422


def test_a_label_is_refused_by_a_model_without(client: TestClient) -> None:
    """And it says that there are none."""
    answer = client.post("/generate?label=cat")

    assert answer.status_code == 422
    assert "it has no labels" in answer.json()["detail"]
    assert answer.json()["allowed"] == []


def test_a_body_is_not_taken(client: TestClient) -> None:
    """Parameters in a body would otherwise be ignored without a word."""
    answer = client.post("/generate", json={"resolution": 8})

    assert answer.status_code == 415
    assert "?resolution=64" in answer.json()["detail"]


@pytest.mark.parametrize("chunked", [False, True])
def test_a_large_body_is_refused(client: TestClient, painter: Painter, chunked: bool) -> None:
    """Announced or not."""
    body = b"x" * 10_000_000
    answer = client.post("/generate", content=iter([body]) if chunked else body)

    assert answer.status_code == 413
    assert answer.json()["allowed"] == {"le": 65536}
    assert painter.seeds == []


def test_a_fault_of_the_engine_is_told_without_its_words(
    client: TestClient, painter: Painter
) -> None:
    """The details are in the log; the next request is served."""
    painter.faults[13] = ValueError("secret path /etc")
    answer = client.post("/generate?seed=13")

    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert answer.json()["type"] == "urn:problem-type:progan:engine-failed"
    assert client.post("/generate?seed=14").status_code == 200


# ----------------------------------------------------------------------------------------
# Labels

PETS = card_named("pets", labels=("cat", "große Kuh", "dog, small"))


@pytest.fixture
def pets(settings: Settings) -> Iterator[TestClient]:
    """A client of a service with one model of three classes."""
    with service_with(Painter(PETS), settings) as ready:
        yield ready


def test_a_label_decides_the_class(pets: TestClient) -> None:
    """It is told in headers, address and file, whatever letters it has."""
    answer = pets.post("/generate", params={"seed": 7, "label": "große Kuh"})
    pixels = paint(Recipe(PETS.pinned_name, point_of(7), 32, "große Kuh"))
    again = pets.get(answer.headers["content-location"])

    assert np.array_equal(decoded(answer.content), pixels)
    assert answer.headers["x-label"] == "gro%C3%9Fe Kuh"
    assert Image.open(io.BytesIO(answer.content)).info["label"] == "große Kuh"
    assert again.content == answer.content
    assert again.headers["x-label"] == answer.headers["x-label"]


def test_without_a_label_each_seed_brings_its_own(pets: TestClient) -> None:
    """Told for each picture, and good for the same picture again."""
    answer = pets.post("/generate?seed=0&seed=1&seed=2")
    images = answer.json()["images"]

    assert [image["label"] for image in images] == [PETS.labels[label_of(n, 3)] for n in range(3)]
    assert answer.headers["x-label"] == ",".join(
        quote(image["label"], safe=" ") for image in images
    )
    for image in images:
        asked = pets.post("/generate", params={"seed": image["seed"], "label": image["label"]})
        assert asked.headers["x-pixel-sha256"] == image["pixel_sha256"]
        assert pets.get(image["url"]).headers["x-pixel-sha256"] == image["pixel_sha256"]


@pytest.mark.parametrize("method", ["generate", "image", "walk"])
def test_a_label_that_the_model_has_not_is_refused_with_those_it_has(
    pets: TestClient, method: str
) -> None:
    """By every route that takes one."""
    query = {"label": "cow"}
    answer = {
        "generate": lambda: pets.post("/generate", params=query),
        "image": lambda: pets.get("/images/7", params=query),
        "walk": lambda: pets.get("/interpolate?seed=1&seed=2", params={**query, "seed": [1, 2]}),
    }[method]()

    assert answer.status_code == 422
    assert "pets has no 'cow'; it has cat, große Kuh, dog, small" in answer.text
    assert answer.json()["allowed"] == list(PETS.labels)


def test_a_sheet_says_which_classes_it_shows(pets: TestClient) -> None:
    """In the order of its pictures; once where they share it."""
    shared = pets.post("/generate?seed=0&seed=1&label=cat", headers={"Accept": "image/png"})
    own = pets.post("/generate?seed=0&seed=1&seed=2", headers={"Accept": "image/png"})
    labels = [quote(PETS.labels[label_of(seed, 3)]) for seed in range(3)]

    assert Image.open(io.BytesIO(shared.content)).info["label"] == "cat"
    assert Image.open(io.BytesIO(own.content)).info["labels"] == " ".join(labels)


def test_pictures_of_models_without_classes_have_no_label(client: TestClient) -> None:
    """Nothing is said of one."""
    answer = client.post("/generate?seed=7")

    assert "x-label" not in answer.headers
    assert "label" not in Image.open(io.BytesIO(answer.content)).info
