"""`GET /images/{seed}`: the same bytes for ever, and nothing computed that need not be."""

from __future__ import annotations

import io
from collections.abc import Iterator
from urllib.parse import quote

import numpy as np
import pytest
from fastapi.testclient import TestClient
from PIL import Image

from models.latent import MAX_SEED, label_of, parse_seed
from models.picture import pixel_sha256
from service.batching.recipe import Recipe, point_of
from service.credentials.reading import CredentialState, read_credentials
from service.settings import Settings
from tests.service.painter import Painter, card_named, paint, service_with

PINNED = card_named("painter-32").pinned_name


def test_the_picture_of_a_seed_is_the_engines_byte_for_byte(client: TestClient) -> None:
    """And the headers say how it came about."""
    answer = client.get("/images/7?resolution=16")
    pixels = paint(Recipe(PINNED, point_of(7), 16))

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "image/png"
    assert np.array_equal(pixels, np.asarray(Image.open(io.BytesIO(answer.content))))
    assert answer.headers["x-seed"] == "7"
    assert answer.headers["x-model"] == PINNED
    assert answer.headers["x-resolution"] == "16"
    assert answer.headers["x-pixel-sha256"] == pixel_sha256([pixels])
    names = [part.split(";dur=")[0] for part in answer.headers["server-timing"].split(", ")]
    assert names == ["queue", "generate", "encode"]


def test_without_a_resolution_it_is_the_largest(client: TestClient) -> None:
    """Of the default model."""
    assert client.get("/images/7").headers["x-resolution"] == "32"


@pytest.mark.parametrize("name", ["png", "webp", "jpeg"])
def test_every_format_is_what_it_says(client: TestClient, name: str) -> None:
    """The media type and the bytes agree."""
    answer = client.get(f"/images/7?format={name}")

    assert answer.headers["content-type"] == f"image/{name}"
    assert Image.open(io.BytesIO(answer.content)).format == name.upper()


def test_every_file_says_how_it_was_made(client: TestClient) -> None:
    """Seed and pinned model travel with the picture."""
    text = Image.open(io.BytesIO(client.get("/images/7").content)).info

    assert (text["seed"], text["model"], text["resolution"]) == ("7", PINNED, "32")


@pytest.mark.parametrize(
    "text", ["ripley", "Ada Lovelace", "a/b?c#d", "шум", "0", str(MAX_SEED), "007", "..."]
)
def test_any_text_is_a_seed(client: TestClient, text: str) -> None:
    """A user name, with whatever is in it."""
    answer = client.get(f"/images/{quote(text, safe='')}?resolution=8")

    assert answer.status_code == 200
    assert answer.headers["x-seed"] == str(parse_seed(text))


TEXTS = [
    "7",
    "007",
    "+1",
    "ada",
    "Ada",
    "ada ",
    "a/b",
    "a?b#c&d=e",
    "50%",
    "é",
    "e\u0301",
    "７",
    "шум",
]


@pytest.mark.parametrize("text", TEXTS)
def test_the_same_text_is_the_same_seed_on_every_route(client: TestClient, text: str) -> None:
    """In the path, in the query, in a walk, among several."""
    escaped = quote(text, safe="")
    in_path = client.get(f"/images/{escaped}?resolution=8")
    in_query = client.get(f"/images?seed={escaped}&resolution=8")
    drawn = client.post(f"/generate?seed={escaped}&resolution=8")
    walk = client.get(f"/interpolate?seed={escaped}&seed=1&steps=1&resolution=8&format=json")

    assert in_path.headers["x-seed"] == str(parse_seed(text))
    assert in_path.content == in_query.content == drawn.content
    assert in_path.headers["etag"] == in_query.headers["etag"]
    assert walk.json()["seeds"][0] == in_path.headers["x-seed"]
    assert walk.json()["seeds_as_asked"] == [text, "1"]


@pytest.mark.parametrize(
    "text", ["..", ".", "/a", "a//b", "a/../b", "two\nlines", "x\0", "ada.gif"]
)
def test_a_text_that_no_path_can_carry_is_a_seed_in_the_query(
    client: TestClient, text: str
) -> None:
    """The same as in the other routes' queries; in a path it is refused or never arrives."""
    escaped = quote(text, safe="")
    answer = client.get(f"/images?seed={escaped}&resolution=8")

    assert answer.headers["x-seed"] == str(parse_seed(text))
    assert client.post(f"/generate?seed={escaped}&resolution=8").content == answer.content


@pytest.mark.parametrize("text", ["-1", "+9223372036854775808", "x" * 129, ""])
def test_what_is_no_seed_is_none_on_any_route(client: TestClient, text: str) -> None:
    """And nothing is drawn in its place."""
    for address in (f"/images/{text}", f"/images?seed={quote(text)}"):
        assert client.get(address).status_code == 422
    assert client.get(f"/interpolate?seed={quote(text)}&seed=1").status_code == 422
    assert client.post(f"/generate?seed={quote(text)}").status_code == 422


@pytest.mark.parametrize(
    ("address", "media_type"),
    [
        ("/images/ada.png", "image/png"),
        ("/images/ada.webp", "image/webp"),
        ("/images/ada.jpg", "image/jpeg"),
        ("/images/ada.JPEG", "image/jpeg"),
        ("/images/ada.jpg?format=jpeg", "image/jpeg"),
    ],
)
def test_the_ending_of_a_path_is_the_format_and_no_part_of_the_seed(
    client: TestClient, address: str, media_type: str
) -> None:
    """The person is the same one."""
    answer = client.get(address)

    assert answer.headers["content-type"] == media_type
    assert answer.headers["x-seed"] == client.head("/images/ada").headers["x-seed"]


@pytest.mark.parametrize("address", ["/images/ada.svg", "/images/ada.png?format=webp"])
def test_an_ending_that_cannot_be_given_is_refused(client: TestClient, address: str) -> None:
    """With what to do."""
    assert client.get(address).status_code == 422
    assert client.get("/images/john.smith").headers["x-seed"] == str(parse_seed("john.smith"))


@pytest.mark.parametrize("query", ["seed=1&seed=2", "seed=1&seed=1"])
def test_one_picture_has_one_seed(client: TestClient, query: str) -> None:
    """The last of several would be served without a word."""
    answer = client.get(f"/images?{query}")

    assert (answer.status_code, answer.json()["errors"][0]["parameter"]) == (422, "seed")
    assert client.get("/images/7?seed=8").status_code == 422


@pytest.mark.parametrize("text", ["-1", str(MAX_SEED + 1), "9" * 128, "x" * 129, ""])
def test_what_is_no_seed_is_refused_with_what_is(client: TestClient, text: str) -> None:
    """Numbers out of range, and texts too long or empty."""
    answer = client.get(f"/images/{text}")

    assert answer.status_code == 422
    assert "9223372036854775807" in answer.json()["allowed"]
    assert answer.json()["errors"][0]["parameter"] == "seed"


@pytest.mark.parametrize(
    ("query", "parameter", "allowed"),
    [
        ("resolution=48", "resolution", [4, 8, 16, 32]),
        ("resolution=64", "resolution", [4, 8, 16, 32]),
        ("resolution=-4", "resolution", [4, 8, 16, 32]),
        ("format=bmp", "format", ["png", "webp", "jpeg"]),
    ],
)
def test_a_parameter_out_of_range_is_refused_with_what_is_allowed(
    client: TestClient, query: str, parameter: str, allowed: list[object]
) -> None:
    """The client need not look it up."""
    problem = client.get(f"/images/7?{query}").json()

    assert problem["status"] == 422
    assert problem["allowed"] == allowed
    assert parameter in problem["detail"]


def test_a_misspelt_parameter_is_told_and_not_ignored(client: TestClient) -> None:
    """Else its default would be served without a word."""
    answer = client.get("/images/7?resoluton=8")

    assert answer.status_code == 422
    assert "resoluton: this route has no such parameter" in answer.json()["detail"]


def test_a_parameter_that_is_given_twice_is_refused(client: TestClient) -> None:
    """Else the last one would be served without a word."""
    answer = client.get("/images/7?resolution=8&resolution=4")

    assert answer.status_code == 422
    assert answer.json()["detail"] == "resolution: it is given 2 times: give it once"
    assert client.get("/health/live?from=a&from=b").status_code == 200


def test_a_known_etag_is_answered_without_the_engine(client: TestClient, painter: Painter) -> None:
    """The client has the bytes."""
    first = client.get("/images/7")
    computed = len(painter.seeds)
    for known in (first.headers["etag"], f'"x", W/{first.headers["etag"]}', "*"):
        again = client.get("/images/7", headers={"If-None-Match": known})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == first.headers["etag"]

    assert len(painter.seeds) == computed
    assert client.get("/images/7", headers={"If-None-Match": '"other"'}).status_code == 200


def test_whatever_changes_the_bytes_changes_the_etag(client: TestClient) -> None:
    """Strong validators for all that may be asked."""
    paths = ["7", "8", "7?resolution=8", "7?format=webp", "7?format=jpeg"]
    tags = {client.get(f"/images/{path}").headers["etag"] for path in paths}

    assert len(tags) == len(paths)
    assert client.get("/images/7").headers["etag"] in tags


def test_only_a_pinned_picture_may_be_kept_for_ever(client: TestClient) -> None:
    """A name may mean another model tomorrow."""
    named = client.get("/images/7?model=painter-32").headers
    pinned = client.get(f"/images/7?model={PINNED}").headers

    assert named["cache-control"] == "public, max-age=60"
    assert pinned["cache-control"] == "public, max-age=31536000, immutable"
    assert named["etag"] == pinned["etag"]


@pytest.mark.parametrize("model", ["nobody", f"painter-32@{'0' * 64}", "@", "painter-32@"])
def test_a_model_that_is_not_loaded_is_named_with_those_that_are(
    client: TestClient, model: str
) -> None:
    """Also one with another digest."""
    answer = client.get(f"/images/7?model={model}")

    assert answer.status_code == 404
    assert "painter-32" in answer.json()["allowed"][0]


@pytest.fixture
def gray(settings: Settings) -> Iterator[TestClient]:
    """A service with a gray model."""
    with service_with(Painter(card_named("gray-16", 16, channels=1)), settings) as client:
        yield client


def test_a_gray_model_gives_gray_files(gray: TestClient) -> None:
    """No channel is invented."""
    assert Image.open(io.BytesIO(gray.get("/images/7").content)).mode == "L"


def test_a_seed_has_one_picture_for_each_label(settings: Settings) -> None:
    """Each with an ETag of its own; without a label it is that of the seed's own."""
    labels = ("cat", "dog")
    with service_with(Painter(card_named("pets", labels=labels)), settings) as client:
        answers = [client.get(f"/images/7?label={label}") for label in labels]
        plain, head = client.get("/images/7"), client.head("/images/7")

    assert [answer.headers["x-label"] for answer in answers] == list(labels)
    assert answers[0].headers["etag"] != answers[1].headers["etag"]
    assert answers[0].content != answers[1].content
    own = answers[label_of(7, 2)]
    assert (plain.content, plain.headers["etag"]) == (own.content, own.headers["etag"])
    assert (head.headers["x-label"], head.headers["etag"]) == (
        plain.headers["x-label"],
        plain.headers["etag"],
    )


def test_two_services_with_one_key_answer_with_the_same_signed_bytes(settings: Settings) -> None:
    """One answers what the other would, 304 included; another key, or none, is another ETag."""
    address = f"/images/7?model={PINNED}"
    answers = []
    for _ in range(2):
        with service_with(Painter(), settings) as client:
            answers.append(client.get(address))
            etag = answers[0].headers["etag"]
            assert client.get(address, headers={"If-None-Match": etag}).status_code == 304
    with service_with(Painter(), settings.model_copy(update={"credentials": False})) as client:
        plain = client.get(address)
    for file in settings.credentials_folder.iterdir():
        file.unlink()
    with service_with(Painter(), settings) as client:
        other = client.get(address)

    first, second = answers
    assert first.content == second.content
    assert first.headers["etag"] == second.headers["etag"]
    assert "immutable" in first.headers["cache-control"]
    assert len({answer.headers["etag"] for answer in (first, plain, other)}) == 3
    assert len({answer.headers["x-pixel-sha256"] for answer in (first, plain, other)}) == 1
    report = read_credentials(first.content, "image/png")
    assert (report.state, report.facts["seed"]) == (CredentialState.VALID, "7")
    assert read_credentials(plain.content, "image/png").state is CredentialState.NONE


def test_a_watermark_is_named_in_every_answer_and_cannot_be_chosen(settings: Settings) -> None:
    """In headers, addresses, files and JSON; an address with another one gives no picture."""
    engine = Painter(card_named("painter-128", 128))
    engine.watermark = "1"
    with service_with(engine, settings) as client:
        small, large = client.get("/images/7?resolution=64"), client.get("/images/7")
        made = client.post("/generate?seed=7")
        several = client.post("/generate?seed=7&seed=8").json()
        walk = client.get("/interpolate?seed=1&seed=2&steps=2&format=json")
        again = client.get(made.headers["content-location"])
        refused = [client.get(f"/images/7?watermark={text}") for text in ("none", "2")]
        other = client.post("/generate?seed=7&watermark=none")
        card = client.get("/models/painter-128").json()

    assert [answer.headers["x-watermark"] for answer in (small, large, made, walk)] == [
        "none",
        "1",
        "1",
        "1",
    ]
    assert "watermark=1" in made.headers["content-location"]
    assert again.content == made.content
    assert Image.open(io.BytesIO(large.content)).info["watermark"] == "1"
    assert {image["facts"]["watermark"] for image in several["images"]} == {"1"}
    assert {frame["facts"]["watermark"] for frame in walk.json()["frames"]} == {"1"}
    assert [answer.status_code for answer in (*refused, other)] == [422] * 3
    assert "128 px have 1 here: leave it out" in refused[0].json()["detail"]
    assert all(recipe.watermark for batch in engine.batches for recipe in batch)
    assert card["engine"]["watermark"] == "1"


def test_without_watermarks_an_address_with_one_is_refused(client: TestClient) -> None:
    """Its pixels were other ones."""
    assert "x-watermark" not in client.get("/images/7").headers
    answer = client.get("/images/7?watermark=1")

    assert answer.status_code == 422
    assert "pictures of 32 px have no watermark here: leave it out" in answer.json()["detail"]
