"""Seeds as clients write them, and parameters as OpenAPI describes them."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi.testclient import TestClient

from models.latent import parse_seed
from service.errors import OutOfRange
from service.http.parameters import seed_of


@pytest.mark.parametrize("text", ["7", "ripley", "9223372036854775807"])
def test_a_seed_is_what_the_contract_of_seeds_says(text: str) -> None:
    """There is one rule, and it lives with the models."""
    assert seed_of(text) == parse_seed(text)


def test_what_is_no_seed_says_what_is() -> None:
    """As a problem of the parameter `seed`."""
    with pytest.raises(OutOfRange, match="seed: a seed that is a number lies from 0 to") as fault:
        seed_of("-7")

    assert "any text of 1 to 128 characters" in str(fault.value.members["allowed"])


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


def test_a_model_without_a_name_is_refused(client: TestClient) -> None:
    """It is not the default: that is meant by leaving the parameter out."""
    answer = client.get("/images/7?model=")

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["parameter"] == "model"
