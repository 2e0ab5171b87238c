"""Pictures between two seeds: the frames of a walk, each at an address of its own."""

from __future__ import annotations

import logging

import pytest
from fastapi.testclient import TestClient

from models.latent import parse_seed
from service.credentials.reading import read_credentials
from service.settings import Settings
from tests.service.painter import Painter, card_named, service_with

PINNED = card_named("painter-32").pinned_name


def walk_digests(client: TestClient, query: str, steps: int) -> list[str]:
    """The digest of each frame of a walk from seed 1 to seed 2."""
    address = f"/interpolate?seed=1&seed=2&steps={steps}&format=json&{query}"
    return [frame["pixel_sha256"] for frame in client.get(address).json()["frames"]]


@pytest.mark.parametrize("query", ["resolution=8", "resolution=8&method=lerp", "resolution=16"])
@pytest.mark.parametrize("steps", [1, 3, 49])
def test_a_picture_between_two_seeds_is_the_frame_of_their_walk(
    client: TestClient, query: str, steps: int
) -> None:
    """At i / n as programs write it, both ends included."""
    digests = [
        client.get(f"/images/1?end=2&t={i / steps}&{query}").headers["x-pixel-sha256"]
        for i in range(steps + 1)
    ]

    assert digests == walk_digests(client, query, steps)
    assert len(set(digests)) == steps + 1


@pytest.mark.parametrize("label", ["", "label=dog"])
def test_between_two_seeds_a_class_is_kept_or_leads_to_another(
    settings: Settings, label: str
) -> None:
    """As on a walk; at both ends each seed has its own."""
    pets = card_named("pets", labels=("cat", "dog"))
    with service_with(Painter(pets), settings) as client:
        middle = client.get(f"/images/1?end=2&t=0.25&{label}")
        ends = [client.get(f"/images/1?end=2&t={t}&{label}") for t in (0, 1)]
        seeds = [client.get(f"/images/{seed}?{label}") for seed in (1, 2)]
        frame = walk_digests(client, label, 4)[1]

    assert middle.headers["x-pixel-sha256"] == frame
    assert middle.headers.get("x-label") == ("dog" if label else None)
    assert [answer.content for answer in ends] == [answer.content for answer in seeds]
    assert [answer.headers["etag"] for answer in ends] == [each.headers["etag"] for each in seeds]


DEFAULTS = {"seed": "7", "end": "8", "t": "0.25", "method": "slerp"}


@pytest.mark.parametrize(
    "change",
    [
        {"seed": "9"},
        {"end": "9"},
        {"t": "0.25000000000000006"},
        {"method": "lerp"},
        {"resolution": "16"},
        {"format": "webp"},
        {"label": "dog"},
        {"model": "other-32"},
        {"seed": "8", "end": "7", "t": "0.75"},
    ],
)
def test_whatever_changes_a_point_changes_its_etag(
    settings: Settings, change: dict[str, str]
) -> None:
    """Also the last digit of `t`, and the direction, whose rounding differs."""
    cards = [card_named(name, labels=("cat", "dog")) for name in ("pets-32", "other-32")]
    asked = {**DEFAULTS, "model": "pets-32"}
    with service_with(Painter(*cards), settings) as client:
        plain, other = (
            client.get("/images", params=query) for query in (asked, {**asked, **change})
        )

    assert (plain.status_code, other.status_code) == (200, 200)
    assert plain.headers["etag"] != other.headers["etag"]
    assert plain.content != other.content


@pytest.mark.parametrize(
    ("address", "same"),
    [
        ("/images/7?end=8", "/images?seed=7&end=8&t=0.5&method=slerp"),
        ("/images/7.png?end=008&t=0.250", "/images/7?end=8&t=.25&method=&format=png"),
        ("/images/7?end=8&t=-0.0&method=lerp", "/images/7"),
        ("/images/7?end=8&t=1", "/images/8"),
        ("/images/7?end=7&t=0.3", "/images/7"),
        ("/images/7?end=", "/images/7"),
    ],
)
def test_one_picture_has_one_etag_and_one_address(
    client: TestClient, address: str, same: str
) -> None:
    """However it was asked for; the address gives the same file for ever."""
    first, second = client.get(address), client.get(same)
    again = client.get(first.headers["content-location"])

    assert first.content == second.content == again.content
    assert first.headers["etag"] == second.headers["etag"] == again.headers["etag"]
    assert first.headers["content-location"] == second.headers["content-location"]
    assert "immutable" in again.headers["cache-control"]
    known = {"If-None-Match": first.headers["etag"]}
    assert client.get(address, headers=known).status_code == 304


def test_a_picture_between_two_seeds_says_where_it_lies(client: TestClient) -> None:
    """In headers, in the file and its credentials, in its address and its name."""
    ada = parse_seed("ada")
    answer = client.get("/images/7.webp?end=ada&t=0.25&method=lerp&resolution=8")
    stated = {"start": "7", "end": str(ada), "t": "0.25", "method": "lerp"}
    names = ("x-seed", "x-end", "x-t", "x-method")

    assert [answer.headers[name] for name in names] == list(stated.values())
    report = read_credentials(answer.content, "image/webp")
    assert stated.items() <= report.facts.items()
    assert b'progan:t="0.25"' in answer.content
    assert answer.headers["content-location"] == (
        f"/images/7?end={ada}&t=0.25&method=lerp&model={PINNED}&resolution=8&format=webp"
    )
    assert answer.headers["content-disposition"] == 'inline; filename="7-ada-0.25-8.webp"'
    assert "x-end" not in client.get("/images/7").headers


def test_the_log_names_the_place_and_the_request(
    client: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    """The method of the request and that of the interpolation are two fields."""
    with caplog.at_level(logging.INFO, logger="progan.request"):
        client.get("/images/7?end=8&t=0.25&method=lerp")
    (line,) = [r.__dict__["facts"] for r in caplog.records if r.name == "progan.request"]

    assert (line["method"], line["route"], line["interpolation"]) == (
        "GET",
        "/images/{seed}",
        "lerp",
    )
    assert (line["start"], line["end"], line["t"]) == ("7", "8", 0.25)
    assert "seed" not in line


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("t=0.5", "t: it needs end, the second of two seeds: add end=SEED, or leave t out"),
        ("t=0", "t: it needs end"),
        ("method=lerp", "method: it needs end"),
        ("end=8&t=1.5", "t: a number from 0 (the first seed) to 1 (the second) is needed, not 1.5"),
        ("end=8&t=-0.1", "is needed, not -0.1"),
        ("end=8&t=nan", "is needed, not nan"),
        ("end=8&t=1e999", "is needed, not inf"),
        ("end=8&t=half", "t: a number such as 0.5 is needed, not 'half'"),
        ("end=8&method=swirl", "method: "),
        ("end=-1", "end: a seed that is a number lies from 0"),
        (f"end={'x' * 129}", "end: a seed is 1 to 128 characters long"),
        ("end=8&end=9", "end: it is given 2 times"),
    ],
)
def test_what_is_no_point_is_refused_with_what_is(
    client: TestClient, painter: Painter, query: str, told: str
) -> None:
    """And nothing is computed."""
    answers = [client.get(f"/images/7?{query}"), client.get(f"/images?seed=7&{query}")]

    assert [answer.status_code for answer in answers] == [422, 422]
    assert all(told in answer.json()["detail"] for answer in answers)
    assert painter.seeds == []


def test_new_pictures_have_no_second_seed(client: TestClient) -> None:
    """They are drawn."""
    answer = client.post("/generate?end=8")

    assert "end: this route has no such parameter" in answer.json()["detail"]
