"""Addresses as clients, proxies and social networks make them."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import Headers

from service.http.addresses import cleaned_query, prefix_of, set_prefix
from service.settings import Settings
from tests.service.painter import Painter, service_with

PREFIX = {"X-Forwarded-Prefix": "/faces"}

# ----------------------------------------------------------------------------------------
# Below a path


def test_addresses_that_are_handed_out_are_those_below_the_prefix(client: TestClient) -> None:
    """A proxy takes the prefix off and says which it was."""
    several = client.post("/generate?seed=1&seed=2&resolution=8", headers=PREFIX).json()
    one = client.post("/generate?seed=1&resolution=8", headers=PREFIX)
    described = client.get("/openapi.json", headers=PREFIX).json()

    for address in (*(each["url"] for each in several["images"]), one.headers["content-location"]):
        assert address.startswith("/faces/images/")
        stripped = client.get(address.removeprefix("/faces"), headers=PREFIX)
        kept = client.get(address, headers=PREFIX)
        assert stripped.status_code == kept.status_code == 200
    assert described["servers"] == [{"url": "/faces"}]
    assert "servers" not in client.get("/openapi.json").json()


@pytest.mark.parametrize(
    ("path", "location"),
    [("/models/", "/models"), ("/docs/", "/docs"), ("/interpolate/?seed=1", "/interpolate?seed=1")],
)
def test_a_redirect_stays_below_the_prefix_and_names_no_host(
    client: TestClient, path: str, location: str
) -> None:
    """A proxy shows the service under a host of its own."""
    plain = client.get(path, follow_redirects=False)
    below = client.get(path, headers=PREFIX, follow_redirects=False)

    assert (plain.status_code, plain.headers["location"]) == (307, location)
    assert (below.status_code, below.headers["location"]) == (307, f"/faces{location}")


def test_a_setting_stands_in_for_a_proxy_that_says_nothing(
    painter: Painter, settings: Settings
) -> None:
    """With or without a slash at its end."""
    below = settings.model_copy(update={"root_path": "/my/faces/"})
    with service_with(painter, below) as client:
        answer = client.post("/generate?resolution=8")
        page = client.get("/my/faces/docs")

    assert answer.headers["content-location"].startswith("/my/faces/images/")
    assert page.status_code == 200


@pytest.mark.parametrize(
    ("sent", "prefix"),
    [
        ([], ""),
        (["/faces"], "/faces"),
        (["/faces/"], "/faces"),
        (["/outer", "/inner"], "/outer/inner"),
        (["/outer, /inner/"], "/outer/inner"),
        (["/"], ""),
        (["faces"], ""),
        (["//evil.example"], ""),
        (["https://evil.example"], ""),
        (["/a/../b"], ""),
        (["/a b"], ""),
        (['/"><script>'], ""),
    ],
)
def test_a_prefix_is_a_plain_path_or_nothing(sent: list[str], prefix: str) -> None:
    """Else a header could lead a redirect to another site."""
    raw = [(b"x-forwarded-prefix", value.encode()) for value in sent]

    assert prefix_of(Headers(raw=raw)) == prefix


def test_the_route_of_a_request_is_told_without_its_prefix(
    client: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    """Metrics keep to their closed set of routes."""
    client.get("/images/7?resolution=8", headers=PREFIX)
    client.get("/web/page.js", headers=PREFIX)
    text = client.get("/metrics").text

    assert 'route="/images/{seed}"' in text
    assert "faces" not in text


def test_a_prefix_comes_before_a_path_once() -> None:
    """Whether the proxy has taken it off or not."""
    for path in ("/images/7", "/faces/images/7"):
        scope = {"path": path, "raw_path": path.encode()}
        set_prefix(scope, "/faces")
        assert scope["path"] == "/faces/images/7"
        assert scope["raw_path"] == b"/faces/images/7"


# ----------------------------------------------------------------------------------------
# Decorations


@pytest.mark.parametrize(
    "decoration",
    [
        "utm_source=mail&utm_medium=x",
        "fbclid=a%20b",
        "gclid=1",
        "v=2",
        "ref=home",
        "UTM_ID=1",
        "_=9",
    ]
    + ["fbclid=1&fbclid=2", "igsh=", "ref"],
)
def test_what_others_add_to_a_shared_link_is_ignored(client: TestClient, decoration: str) -> None:
    """By every route, in any place of the query."""
    plain = client.get("/images/7?resolution=8")
    for query in (f"{decoration}&resolution=8", f"resolution=8&{decoration}"):
        decorated = client.get(f"/images/7?{query}")
        assert (decorated.status_code, decorated.content) == (200, plain.content)
        assert decorated.headers["etag"] == plain.headers["etag"]
    assert client.post(f"/generate?{decoration}&resolution=8").status_code == 200
    walk = f"/interpolate?seed=1&seed=2&steps=1&resolution=8&{decoration}"
    assert client.get(walk).status_code == 200


@pytest.mark.parametrize("name", ["resoluton", "utm", "utmsource", "fbclick", "referee", "version"])
def test_a_misspelt_parameter_is_still_refused(client: TestClient, name: str) -> None:
    """Else its default would be served without a word."""
    answer = client.get(f"/images/7?{name}=8")

    assert answer.status_code == 422
    assert name in answer.json()["detail"]


@pytest.mark.parametrize(
    "address",
    [
        "/images/7?label=&model=&format=&resolution=",
        "/images?seed=7&label=",
        "/interpolate?seed=1&seed=2&steps=&fps=&loop=&method=&label=&resolution=8",
    ],
)
def test_a_parameter_without_a_value_is_left_out(client: TestClient, address: str) -> None:
    """As a form sends fields that nobody filled in."""
    assert client.get(address).status_code == 200
    assert client.post("/generate?label=&count=&resolution=8").status_code == 200


@pytest.mark.parametrize(
    "address",
    ["/images/7?resoluton=", "/images?seed=", "/images?resolution=8", "/interpolate?seed="],
)
def test_an_empty_seed_or_an_empty_unknown_parameter_is_not(
    client: TestClient, address: str
) -> None:
    """A seed that is missing must not become the face of nothing."""
    assert client.get(address).status_code == 422


@given(st.text(alphabet="axyz019=&%+.~", max_size=30))
def test_a_query_without_decorations_keeps_its_parts(text: str) -> None:
    """None is changed, none is lost but the empty ones."""
    parts = [part for part in text.encode().split(b"&") if part]

    assert cleaned_query(text.encode()) == b"&".join(parts)


def test_bytes_beyond_ascii_are_read_as_utf8() -> None:
    """Some clients send them as they are."""
    assert cleaned_query("seed=é&fbclid=ü&a=%20+b".encode()) == b"seed=%C3%A9&a=%20+b"


# ----------------------------------------------------------------------------------------
# Text


@pytest.mark.parametrize("text", ["%FF", "%C3", "%ED%A0%80", "%C0%AF", "a%80b"])
def test_bytes_that_are_no_utf8_are_refused(
    client: TestClient, painter: Painter, text: str
) -> None:
    """Also surrogates and overlong forms: they would all become the same sign."""
    for address in (f"/images/{text}", f"/images?seed={text}", f"/images/7?label={text}"):
        answer = client.get(address)
        assert answer.status_code == 422
        assert "UTF-8" in answer.json()["detail"]
        assert answer.headers["content-type"] == "application/problem+json"
    assert client.post(f"/generate?seed={text}").status_code == 422
    assert painter.seeds == []


@pytest.mark.parametrize("text", ["7%0A", "7%0D%0A", "a%00", "a%0Ab", "%09"])
def test_a_control_character_in_a_path_is_refused_with_the_other_way(
    client: TestClient, text: str
) -> None:
    """A path matched up to a newline would be another seed."""
    answer = client.get(f"/images/{text}")

    assert answer.status_code == 422
    assert "/images?seed=" in answer.json()["detail"]
    assert client.get("/health/live%0A").status_code == 422
    assert client.get(f"/images?seed={text}&resolution=8").status_code == 200
