"""Every error answer is a problem as RFC 9457 describes it."""

from __future__ import annotations

from typing import Annotated, Literal

import pytest
from fastapi import APIRouter, FastAPI, Query
from fastapi.testclient import TestClient

from service.errors import NotReady, UnknownModel
from service.http import problems


@pytest.fixture
def client() -> TestClient:
    """An application in which things go wrong."""
    app = FastAPI()
    problems.install(app)

    @app.get("/unknown")
    async def unknown() -> None:
        raise UnknownModel("no model is called x", allowed=["a", "b"])

    @app.get("/loading")
    async def loading() -> None:
        raise NotReady("wait", retry_after_s=3)

    @app.get("/checked")
    async def checked(
        size: Annotated[int, Query(ge=2, le=8)],
        shape: Literal["round", "flat", "tall"] = "flat",
        share: float = 1.0,
        seed: Annotated[tuple[str, ...], Query(min_length=2, max_length=3)] = ("a", "b"),
    ) -> str:
        return f"{size} {shape} {share} {seed}"

    several = APIRouter()

    @several.head("/several")
    @several.get("/several")
    @several.post("/several")
    async def both() -> None:
        """Do nothing."""

    app.include_router(several)
    return TestClient(app)


def test_an_error_of_ours_keeps_its_words_and_members(client: TestClient) -> None:
    """All members that RFC 9457 names, and our own."""
    answer = client.get("/unknown")

    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.json() == {
        "type": "urn:problem-type:progan:unknown-model",
        "title": "No such model",
        "status": 404,
        "detail": "no model is called x",
        "instance": "/unknown",
        "request_id": None,
        "allowed": ["a", "b"],
    }


def test_when_to_try_again_is_told_twice(client: TestClient) -> None:
    """In the header and in the body."""
    answer = client.get("/loading")

    assert (answer.headers["retry-after"], answer.json()["retry_after_s"]) == ("3", 3)


@pytest.mark.parametrize(
    ("query", "parameter", "allowed"),
    [
        ("size=9", "size", {"le": 8}),
        ("size=1", "size", {"ge": 2}),
        ("size=4&shape=square", "shape", ["round", "flat", "tall"]),
    ],
)
def test_validation_says_what_is_allowed(
    client: TestClient, query: str, parameter: str, allowed: object
) -> None:
    """Bounds as numbers, choices as a list."""
    problem = client.get(f"/checked?{query}").json()

    assert problem["status"] == 422
    assert problem["allowed"] == allowed
    assert problem["errors"][0]["parameter"] == parameter


@pytest.mark.parametrize(
    ("query", "detail"),
    [
        ("size=abc", "size: a whole number such as 64 is needed, not 'abc'"),
        ("size={0}", "size: a whole number such as 64 is needed, not '{0}'"),
        ("size=" + 99 * "x", f"size: a whole number such as 64 is needed, not '{58 * 'x'}…"),
        ("size=4&share=half", "share: a number such as 0.5 is needed, not 'half'"),
        ("size=4&seed=a", "seed: at least 2 are needed, not 1"),
        ("size=4&seed=a&seed=b&seed=c&seed=d", "seed: at most 3 are possible"),
    ],
)
def test_what_is_no_number_or_too_few_is_told_in_words(
    client: TestClient, query: str, detail: str
) -> None:
    """With what was sent, shortened, and braces as they are."""
    problem = client.get(f"/checked?{query}").json()

    assert problem["detail"] == detail
    assert set(problem.get("allowed", {})) <= {"min_length", "max_length"}


def test_several_faults_are_told_together(client: TestClient) -> None:
    """Then no single `allowed` would be true."""
    problem = client.get("/checked?size=9&shape=square").json()

    assert ["size", "shape"] == [error["parameter"] for error in problem["errors"]]
    assert "size: " in problem["detail"]
    assert "shape: " in problem["detail"]
    assert "allowed" not in problem


def test_a_missing_parameter_is_named(client: TestClient) -> None:
    """It has no bounds to tell."""
    problem = client.get("/checked").json()

    assert problem["detail"] == "size: Field required"


def test_unknown_paths_and_methods_are_problems_too(client: TestClient) -> None:
    """With the header that says which methods there are."""
    nowhere, method = client.get("/nowhere"), client.delete("/checked")

    assert nowhere.json()["type"] == "urn:problem-type:progan:not-found"
    assert method.json()["type"] == "urn:problem-type:progan:method-not-allowed"
    assert method.headers["allow"] == "GET"


def test_all_methods_of_a_path_are_named(client: TestClient) -> None:
    """Each of them is a route of its own (RFC 9110, section 15.5.6)."""
    answer = client.put("/several")

    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD, POST")
