"""Keys: which open it, what is told to whom has none, and which routes ask."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient
from starlette.datastructures import Headers

from service.access.keys import KeyRing, digest_of, digests_of, key_in
from service.errors import KeyMissing, KeyWrong
from service.settings import Settings
from tests.service.painter import Painter, service_with

ADA, BOB = "ada-0123456789", "bob-0123456789"


@pytest.fixture
def closed(settings: Settings, painter: Painter) -> Iterator[TestClient]:
    """A client without a key, of a service that asks for one."""
    digests = (digest_of(ADA), digest_of(BOB))
    with service_with(painter, settings.model_copy(update={"api_keys": digests})) as client:
        yield client


@pytest.mark.parametrize(
    ("headers", "key"),
    [
        ({}, None),
        ({"Authorization": "Bearer abc"}, "abc"),
        ({"Authorization": "bearer  abc "}, "abc"),
        ({"X-API-Key": "abc"}, "abc"),
        ({"Authorization": "Basic abc"}, None),
        ({"Authorization": "Bearer abc", "X-API-Key": "other"}, "abc"),
    ],
)
def test_a_key_is_sent_in_one_of_two_ways(headers: dict[str, str], key: str | None) -> None:
    """Another kind of authorization is none."""
    assert key_in(Headers(headers)) == key


def test_without_keys_it_is_open() -> None:
    """And nobody has a name."""
    assert KeyRing([]).require(Headers({"X-API-Key": "any"})) is None


@pytest.mark.parametrize("key", [ADA, BOB])
def test_each_key_opens_and_is_told_by_its_digest(key: str) -> None:
    """The first as well as the last."""
    ring = KeyRing([digest_of(ADA), digest_of(BOB)])

    assert ring.require(Headers({"X-API-Key": key})) == digest_of(key)


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
@pytest.mark.parametrize("name", ["X-API-Key", "Authorization"])
def test_a_key_beyond_ascii_opens_however_its_client_encodes_it(encoding: str, name: str) -> None:
    """Command lines send UTF-8, libraries Latin-1."""
    digest, start = digest_of("schlüssel"), "Bearer " if name == "Authorization" else ""
    headers = Headers(raw=[(name.lower().encode(), (start + "schlüssel").encode(encoding))])

    assert KeyRing([digest]).require(headers) == digest


@pytest.mark.parametrize("text", ["${KEYS}", "$SECRET", "first,${SECOND}", "a${SECRET}b"])
def test_a_reference_that_was_never_replaced_is_no_key(text: str) -> None:
    """Whoever reads the deployment's files would know it."""
    with pytest.raises(ValueError, match="was not replaced"):
        digests_of(text)


def test_no_other_key_opens() -> None:
    """Neither a part of one, nor its digest, nor nothing."""
    ring = KeyRing([digest_of(ADA)])

    for key in (ADA[:-1], ADA + "x", digest_of(ADA).hex(), ""):
        with pytest.raises(KeyWrong):
            ring.require(Headers({"X-API-Key": key}))
    with pytest.raises(KeyMissing):
        ring.require(Headers({}))


@pytest.mark.parametrize(
    ("headers", "kind", "challenge"),
    [
        ({}, "key-missing", 'Bearer realm="progan"'),
        ({"X-API-Key": "x"}, "key-wrong", 'Bearer realm="progan", error="invalid_token"'),
    ],
)
def test_without_a_key_every_route_with_pictures_is_closed(
    closed: TestClient, painter: Painter, headers: dict[str, str], kind: str, challenge: str
) -> None:
    """Before anything else is looked at, and with nothing computed."""
    for method, path in (
        ("POST", "/generate?resolution=5"),
        ("GET", "/images/7"),
        ("HEAD", "/images/7"),
        ("GET", "/interpolate?seed=1&seed=2"),
        ("GET", "/models"),
        ("GET", "/models/nothing"),
        ("GET", "/status"),
    ):
        answer = closed.request(method, path, headers=headers)

        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == challenge
        if method != "HEAD":
            assert answer.json()["type"].endswith(kind)
    assert painter.seeds == []


@pytest.mark.parametrize(
    "headers", [{"Authorization": f"Bearer {BOB}"}, {"X-API-Key": ADA}], ids=["bearer", "own"]
)
def test_with_a_key_they_open(closed: TestClient, headers: dict[str, str]) -> None:
    """And no shared cache may keep the picture for others."""
    answer = closed.get("/images/7", headers=headers)

    assert answer.status_code == 200
    assert answer.headers["cache-control"].startswith("private, ")


@pytest.mark.parametrize(
    "path", ["/", "/docs", "/openapi.json", "/web/page.js", "/health/live", "/metrics"]
)
def test_pages_health_and_metrics_need_no_key(closed: TestClient, path: str) -> None:
    """Balancers and Prometheus have none; the page holds no secret."""
    assert closed.get(path).status_code == 200


def test_openapi_names_both_ways_only_where_a_key_is_needed(
    closed: TestClient, settings: Settings
) -> None:
    """A generated client then knows where its key goes."""
    told = closed.get("/openapi.json").json()
    with service_with(Painter(), settings) as client:
        untold = client.get("/openapi.json").json()

    schemes = told["components"]["securitySchemes"].values()
    assert {scheme["type"] for scheme in schemes} == {"http", "apiKey"}
    assert len(told["paths"]["/generate"]["post"]["security"]) == 2
    assert "security" not in told["paths"]["/metrics"]["get"]
    assert "securitySchemes" not in untold["components"]
