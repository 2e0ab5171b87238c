"""What a person sees: the page, the description of the routes, and what both may do."""

from __future__ import annotations

import re

import pytest
from fastapi.testclient import TestClient


def test_a_person_sees_a_page(client: TestClient) -> None:
    """At the root, in HTML."""
    answer = client.get("/")

    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")
    assert client.head("/").status_code == 200


def test_a_file_of_the_page_that_is_not_there_is_a_problem(client: TestClient) -> None:
    """Like everything else that is not there; and no way leads out of the folder."""
    for path in ("/web/nothing.js", "/web/%2e%2e/app.py", "/web/..%2fapp.py"):
        answer = client.get(path)
        assert answer.status_code == 404
        assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("address", ["/", "/check", "/docs"])
def test_everything_a_page_needs_comes_from_this_server(client: TestClient, address: str) -> None:
    """So that it works without the internet, and its policy allows it."""
    page = client.get(address)
    needed = re.findall(r'<(?:script|link)[^>]+(?:src|href)="([^"]+)"', page.text)

    assert len(needed) >= 3
    for file in needed:
        assert client.get(f"/{file}").status_code == 200


def test_the_page_is_small_on_its_way(client: TestClient) -> None:
    """Below 80 kB for all that is no picture, in six answers: for a phone on a bad line."""
    page = client.get("/")
    files = re.findall(r'<(?:script|link)[^>]+(?:src|href)="([^"]+)"', page.text)
    answers = [page, *(client.get(f"/{file}") for file in files)]

    assert len(answers) <= 6
    assert sum(int(answer.headers["content-length"]) for answer in answers) < 80_000
    for address in ("/", "/web/style.css", "/web/page.bundle.js"):
        assert client.get(address).headers["content-encoding"] == "gzip"
        assert client.get(address).headers["vary"] == "Accept-Encoding"


def test_a_client_that_takes_nothing_compressed_has_the_same_script(client: TestClient) -> None:
    """With the same type."""
    plain = client.get("/web/page.bundle.js", headers={"Accept-Encoding": "identity"})
    small = client.get("/web/page.bundle.js")

    assert "content-encoding" not in plain.headers
    assert plain.text == small.text
    assert plain.headers["content-type"] == small.headers["content-type"]
    assert plain.headers["content-type"].startswith("text/javascript")
    assert client.head("/web/page.bundle.js").headers["etag"] == plain.headers["etag"]


@pytest.mark.parametrize("address", ["/", "/check", "/docs"])
def test_a_browser_asks_whether_a_page_is_still_the_same(client: TestClient, address: str) -> None:
    """And every file of it; so an update is seen at once, and nothing is sent twice."""
    page = client.get(address)
    files = re.findall(r'<(?:script|link)[^>]+(?:src|href)="([^"]+)"', page.text)

    assert page.headers["cache-control"] == "no-cache"
    for file in files:
        first = client.get(f"/{file}")
        again = client.get(f"/{file}", headers={"If-None-Match": first.headers["etag"]})
        assert (first.status_code, again.status_code) == (200, 304)
        assert first.headers["cache-control"] == again.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize("address", ["/", "/check", "/docs"])
def test_a_page_runs_scripts_of_this_server_and_nothing_inline(
    client: TestClient, address: str
) -> None:
    """Text that slips into a page stays text."""
    directives = client.get(address).headers["content-security-policy"].split("; ")

    assert "default-src 'none'" in directives
    assert "script-src 'self'" in directives
    assert "frame-ancestors 'none'" in directives


def test_the_page_of_the_routes_also_answers_head(client: TestClient) -> None:
    """As the first page does."""
    assert client.head("/docs").status_code == 200


@pytest.mark.parametrize("address", ["/", "/check", "/docs"])
def test_a_page_that_the_client_has_is_not_sent_again(client: TestClient, address: str) -> None:
    """304, under the same policy."""
    first = client.get(address)
    again = client.get(address, headers={"If-None-Match": first.headers["etag"]})

    assert (again.status_code, again.content) == (304, b"")
    policy = "content-security-policy"
    assert again.headers[policy] == first.headers[policy]
