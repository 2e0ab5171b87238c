"""The way of a request with pictures: validators, parts, names, and no rendering in vain."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient

from service.http.answer import FROM_STORE
from service.http.headers import server_timing
from tests.service.painter import Painter

FILES = [
    "/images/7?resolution=8",
    "/images/7?resolution=8&format=jpeg",
    "/interpolate?seed=1&seed=2&steps=3&resolution=8",
    "/interpolate?seed=1&seed=2&steps=3&resolution=8&format=mp4",
    "/interpolate?seed=1&seed=2&steps=3&resolution=8&format=zip",
    "/interpolate?seed=1&seed=2&steps=3&resolution=8&format=json",
]


@pytest.mark.parametrize("address", FILES)
def test_a_file_is_given_in_parts(client: TestClient, address: str) -> None:
    """As players, browsers and resumed downloads ask for it."""
    whole = client.get(address)
    length = len(whole.content)
    first = client.get(address, headers={"Range": "bytes=0-1"})
    rest = client.get(address, headers={"Range": "bytes=2-", "If-Range": whole.headers["etag"]})

    assert (whole.status_code, first.status_code, rest.status_code) == (200, 206, 206)
    assert first.headers["content-range"] == f"bytes 0-1/{length}"
    assert (first.headers["content-length"], first.headers["accept-ranges"]) == ("2", "bytes")
    assert first.content + rest.content == whole.content
    for name in ("etag", "content-type", "cache-control", "x-seed", "x-pixel-sha256"):
        assert first.headers[name] == whole.headers[name]


def test_a_download_that_is_complete_or_of_other_bytes(client: TestClient) -> None:
    """416 with the length for the first, all of the file for the second."""
    whole = client.get(FILES[0])
    complete = client.get(FILES[0], headers={"Range": f"bytes={len(whole.content)}-"})
    other = client.get(FILES[0], headers={"Range": "bytes=2-", "If-Range": '"other"'})

    assert complete.status_code == 416
    assert complete.headers["content-range"] == f"bytes */{len(whole.content)}"
    assert complete.headers["content-type"] == "application/problem+json"
    assert (other.status_code, other.content) == (200, whole.content)


def test_the_next_part_of_a_walk_needs_no_rendering(client: TestClient, painter: Painter) -> None:
    """Nor the walk as a whole, while it is kept."""
    first = client.get(FILES[3], headers={"Range": "bytes=0-1"})
    computed = len(painter.seeds)
    second = client.get(FILES[3], headers={"Range": "bytes=2-"})
    whole = client.get(FILES[3])

    assert len(painter.seeds) == computed == 4
    assert whole.content == first.content + second.content
    assert second.headers["server-timing"] == server_timing(FROM_STORE)
    assert client.get(FILES[3].replace("seed=2", "seed=3")).content != whole.content


@pytest.mark.parametrize("address", FILES)
def test_head_has_the_headers_of_get_and_computes_nothing(
    client: TestClient, painter: Painter, address: str
) -> None:
    """All of them that can be known."""
    head = client.head(address)
    computed = list(painter.seeds)
    get = client.get(address)

    assert (head.status_code, head.content, computed) == (200, b"", [])
    assert "content-length" not in head.headers
    timed = {"x-request-id", "content-length", "server-timing", "x-pixel-sha256"}
    assert {k: v for k, v in get.headers.items() if k not in timed} == {
        k: v for k, v in head.headers.items() if k not in timed
    }


def test_head_knows_the_length_of_what_is_kept(client: TestClient) -> None:
    """Of a walk that has just been made."""
    get = client.get(FILES[3])

    assert client.head(FILES[3]).headers["content-length"] == str(len(get.content))


@pytest.mark.parametrize("address", FILES)
def test_a_client_that_wants_other_bytes_is_refused(
    client: TestClient, painter: Painter, address: str
) -> None:
    """Before anything is computed."""
    answer = client.get(address, headers={"If-Match": '"other"'})

    assert (answer.status_code, painter.seeds) == (412, [])
    assert answer.json()["type"].endswith("precondition-failed")


@pytest.mark.parametrize(
    ("address", "name"),
    [
        (FILES[0], 'inline; filename="7-8.png"'),
        (FILES[1], 'inline; filename="7-8.jpg"'),
        (FILES[2], 'inline; filename="walk-1-2.webp"'),
        (FILES[4], 'attachment; filename="walk-1-2.zip"'),
        ("/images/a%2Fb%22?resolution=8", 'inline; filename="a_b_-8.png"'),
    ],
)
def test_whoever_saves_an_answer_gets_a_name_for_it(
    client: TestClient, address: str, name: str
) -> None:
    """Of its seeds as they were asked for."""
    assert client.get(address).headers["content-disposition"] == name


def test_new_pictures_are_neither_kept_nor_given_in_parts(client: TestClient) -> None:
    """Another request draws others."""
    answer = client.post("/generate?resolution=8", headers={"Range": "bytes=0-1"})

    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    assert "etag" not in answer.headers
    assert "accept-ranges" not in answer.headers
