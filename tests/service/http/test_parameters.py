"""Seeds as clients write them, and parameters as OpenAPI describes them."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi.testclient import TestClient

from models.latent import parse_seed
from service.batching.recipe import Method, Point, point_of
from service.errors import OutOfRange
from service.http.parameters import point_at, seed_in_path, seed_of


@pytest.mark.parametrize("text", ["7", "ripley", "9223372036854775807"])
def test_a_seed_is_what_the_contract_of_seeds_says(text: str) -> None:
    """There is one rule, and it lives with the models."""
    assert seed_of(text) == parse_seed(text)


def test_what_is_no_seed_says_what_is() -> None:
    """As a problem of the parameter `seed`."""
    with pytest.raises(OutOfRange, match="seed: a seed that is a number lies from 0 to") as fault:
        seed_of("-7")

    assert "any text of 1 to 128 characters" in str(fault.value.members["allowed"])


def test_a_point_lies_between_two_seeds_or_on_one() -> None:
    """In the middle, along the great circle, unless something else is given."""
    ada = parse_seed("ada")

    assert point_at("7", None, None, None) == point_of(7)
    assert point_at("7", "ada", None, None) == Point(7, ada, 0.5, Method.SLERP)
    assert point_at("7", "ada", 0.25, Method.LERP) == Point(7, ada, 0.25, Method.LERP)
    assert point_at("7", "ada", 0.0, Method.LERP) == point_of(7)
    assert point_at("7", "ada", 1.0, None) == point_of(ada)
    assert point_at("7", "007", 0.3, None) == point_of(7)


def test_what_needs_a_second_seed_says_so() -> None:
    """It would be ignored without a word."""
    with pytest.raises(OutOfRange, match="t: it needs end, .* add end=SEED, or leave t out"):
        point_at("7", None, 0.0, None)
    with pytest.raises(OutOfRange, match="method: it needs end"):
        point_at("7", None, None, Method.SLERP)
    with pytest.raises(OutOfRange, match=r"t: a number .* is needed, not 1\.0000000000000002"):
        point_at("7", "ada", 1.0000000000000002, None)
    with pytest.raises(OutOfRange, match="end: a seed that is a number lies from 0"):
        point_at("7", "-1", 0.5, None)


def parameters(client: TestClient, path: str, method: str) -> dict[str, dict[str, Any]]:
    """The schema of each parameter of a route."""
    route = client.get("/openapi.json").json()["paths"][path][method]
    return {each["name"]: each["schema"] for each in route["parameters"]}


def test_a_parameter_is_described_by_what_can_be_written_in_a_query(client: TestClient) -> None:
    """No null, and bounds under the names that JSON Schema has for them."""
    told = parameters(client, "/generate", "post")

    assert all("anyOf" not in schema for schema in told.values())
    assert (told["count"]["minimum"], told["count"]["maximum"]) == (1, 64)
    assert told["X-Request-Timeout"]["exclusiveMinimum"] == 0
    assert told["model"]["minLength"] == 1


def test_a_seed_is_described_with_its_length(client: TestClient) -> None:
    """In the path as in the query."""
    seeds = parameters(client, "/interpolate", "get")["seed"]
    seed = parameters(client, "/images/{seed}", "get")["seed"]

    for each in (seeds["items"], seed):
        assert (each["minLength"], each["maxLength"]) == (1, 128)


# ----------------------------------------------------------------------------------------
# Seeds in a path


@pytest.mark.parametrize(
    ("text", "asked", "seed", "image_format"),
    [
        ("ada", None, "ada", "png"),
        ("ada", "webp", "ada", "webp"),
        ("ada.png", None, "ada", "png"),
        ("ada.webp", None, "ada", "webp"),
        ("ada.jpg", None, "ada", "jpeg"),
        ("ada.JPEG", "jpeg", "ada", "jpeg"),
        ("7.Png", None, "7", "png"),
        ("ada.png.webp", None, "ada.png", "webp"),
        ("john.smith", None, "john.smith", "png"),
        ("john.smith.png", "png", "john.smith", "png"),
        ("v1.0", None, "v1.0", "png"),
        ("main.py", None, "main.py", "png"),
        ("png", None, "png", "png"),
        ("...", None, "...", "png"),
        ("a/b", None, "a/b", "png"),
        ("", None, "", "png"),
    ],
)
def test_the_ending_of_a_path_is_the_format(
    text: str, asked: str | None, seed: str, image_format: str
) -> None:
    """A known one; any other belongs to the seed."""
    assert seed_in_path(text, asked) == (seed, image_format)


@pytest.mark.parametrize(
    "ending", ["gif", "svg", "SVG", "avif", "bmp", "tiff", "heic", "ico", "apng"]
)
def test_the_ending_of_another_kind_of_picture_is_refused_with_what_to_do(ending: str) -> None:
    """It would be the face of another seed, as PNG."""
    with pytest.raises(OutOfRange, match=r"\.png, \.webp or \.jpg") as fault:
        seed_in_path(f"ada.{ending}", None)

    assert f"/images?seed=ada.{ending}" in str(fault.value)


def test_an_ending_that_contradicts_the_query_is_refused() -> None:
    """Which is meant cannot be known."""
    with pytest.raises(OutOfRange, match="format: the path says png and the query webp"):
        seed_in_path("ada.png", "webp")


@pytest.mark.parametrize(
    "text", [".", "..", "/a", "a/", "a//b", "a/../b", "./a", "a/.", "/", "a/..", "../../x", "..png"]
)
def test_what_clients_and_proxies_change_on_the_way_is_refused_with_the_other_way(
    text: str,
) -> None:
    """Another seed would arrive, or a page."""
    with pytest.raises(OutOfRange, match=r"on the way: ask /images\?seed="):
        seed_in_path(text, None)
