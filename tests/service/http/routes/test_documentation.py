"""The OpenAPI description: of pictures, of errors, of operations."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient

from service.http.problems import MEDIA_TYPE
from service.http.routes.documentation import GENERATE, REPRODUCE, WALK, error_responses
from service.media.animation import MOVING_FORMATS
from service.media.encoding import FORMATS


@pytest.fixture
def described(client: TestClient) -> dict[str, Any]:
    """The description, as clients get it."""
    answer: dict[str, Any] = client.get("/openapi.json").json()
    return answer


def operations(described: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Method, path and description of each."""
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            yield method, path, operation


def test_every_media_type_that_is_given_is_documented() -> None:
    """Also those of formats that are added later."""
    assert set(REPRODUCE[200]["content"]) > {each.media_type for each in FORMATS.values()}
    assert set(WALK[200]["content"]) > {each.media_type for each in MOVING_FORMATS.values()}
    assert "application/zip" in GENERATE[200]["content"]


def test_errors_are_documented_as_problems() -> None:
    """Each with its status."""
    told = error_responses(404, 503)

    assert set(told) == {404, 503}
    assert all(set(each["content"]) == {MEDIA_TYPE} for each in told.values())


def test_all_errors_have_one_schema(described: dict[str, Any]) -> None:
    """So that a generated client has one class for them."""
    errors = [
        response["content"][MEDIA_TYPE]["schema"]
        for _, _, operation in operations(described)
        for status, response in operation["responses"].items()
        if status >= "400"
    ]

    assert len(errors) > 30
    assert all(error == {"$ref": "#/components/schemas/Problem"} for error in errors)
    assert {"type", "title", "status", "detail"} <= set(
        described["components"]["schemas"]["Problem"]["properties"]
    )


def test_every_schema_is_used(described: dict[str, Any]) -> None:
    """And every reference leads somewhere."""
    used = set(re.findall(r"#/components/schemas/(\w+)", str(described)))

    assert used == set(described["components"]["schemas"])


def test_operations_have_the_names_of_their_functions(described: dict[str, Any]) -> None:
    """Which become the functions of generated clients."""
    names = {operation["operationId"] for _, _, operation in operations(described)}

    assert {"generate", "reproduce", "reproduce_by_query", "interpolate"} <= names
    assert {"list_models", "read_model", "live", "ready", "metrics"} <= names
    assert all(re.fullmatch("[a-z_]+", name) for name in names)


def test_what_must_be_given_has_an_example_that_works(
    client: TestClient, described: dict[str, Any]
) -> None:
    """So that "Try it out" does, as it stands."""
    tried: list[str] = []
    for method, path, operation in operations(described):
        # No example knows the models, or holds a file.
        if path in ("/models/{name}", "/verify", "/translate"):
            continue
        query: dict[str, Any] = {}
        for parameter in operation.get("parameters", []):
            if parameter["required"] and parameter["in"] == "path":
                path = path.replace(f"{{{parameter['name']}}}", parameter["example"])
            elif parameter["required"]:
                query[parameter["name"]] = parameter["example"]
        assert client.request(method, path, params=query).status_code == 200, path
        tried.append(path)

    assert "/images/ada" in tried


def test_what_answers_get_answers_head(client: TestClient, described: dict[str, Any]) -> None:
    """With the same status and type, and no body."""
    query = {"/images": "?seed=7", "/interpolate": "?seed=1&seed=2&steps=1"}
    for method, path, _ in operations(described):
        if method == "get":
            address = path.format(seed="7", name="painter-32") + query.get(path, "")
            head, get = client.head(address), client.get(address)
            assert (head.status_code, head.content) == (get.status_code, b""), address
            assert head.headers["content-type"] == get.headers["content-type"]
    assert client.head("/openapi.json").status_code == 200


def test_the_description_says_on_what_the_promise_of_a_seed_rests(
    described: dict[str, Any],
) -> None:
    """Digest and platform."""
    text = described["info"]["description"]

    assert "digest" in text
    assert "platform" in text
    assert "for ever" not in text
