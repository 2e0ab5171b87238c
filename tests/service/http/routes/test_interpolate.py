"""`GET /interpolate`: a walk whose key frames are the pictures of their seeds."""

from __future__ import annotations

import base64
import io
import zipfile
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient
from PIL import Image

from models.picture import pixel_sha256
from service.media.archives import contact_sheet
from service.settings import Settings
from tests.service.painter import Painter, card_named, service_with

WALK = "/interpolate?seed=1&seed=2&seed=3&steps=4&resolution=8"


def frames_in(answer: Any) -> list[Any]:
    """The RGB pixels of each frame of an animated picture."""
    film: Any = Image.open(io.BytesIO(answer.content))
    frames: list[Any] = []
    for place in range(film.n_frames):
        film.seek(place)
        frames.append(np.asarray(film.convert("RGB")))
    return frames


def still(client: TestClient, seed: int) -> Any:
    """The picture of a seed."""
    return np.asarray(Image.open(io.BytesIO(client.get(f"/images/{seed}?resolution=8").content)))


@pytest.mark.parametrize("name", ["webp", "png"])
def test_every_key_frame_is_the_picture_of_its_seed(client: TestClient, name: str) -> None:
    """Byte for byte, first and last of each segment; shared frames appear once."""
    frames = frames_in(client.get(f"{WALK}&format={name}"))

    assert len(frames) == 9
    for place, seed in ((0, 1), (4, 2), (8, 3)):
        assert np.array_equal(still(client, seed), frames[place])


def test_a_loop_goes_back_to_where_it_began(client: TestClient) -> None:
    """It ends on the way to its first frame."""
    answer = client.get(f"{WALK}&loop=true&format=json").json()

    assert len(answer["frames"]) == 12
    assert (answer["frames"][-1]["start"], answer["frames"][-1]["end"]) == ("3", "1")
    assert answer["seeds"] == answer["seeds_as_asked"] == ["1", "2", "3"]


def test_frames_as_json(client: TestClient) -> None:
    """Each with its place on the way."""
    answer = client.get(f"{WALK}&format=json&method=lerp").json()
    frames = answer["frames"]

    assert (answer["method"], answer["resolution"], answer["fps"]) == ("lerp", 8, 24)
    assert [0.0, 0.25, 0.5, 0.75, 0.0, 0.25, 0.5, 0.75, 0.0] == [f["t"] for f in frames]
    pixels = np.asarray(Image.open(io.BytesIO(base64.b64decode(frames[4]["data"]))))
    assert np.array_equal(still(client, 2), pixels)
    assert frames[4]["pixel_sha256"] == pixel_sha256([pixels])


def test_frames_as_a_zip_file(client: TestClient) -> None:
    """In order of name."""
    answer = client.get(f"{WALK}&format=zip")
    archive = zipfile.ZipFile(io.BytesIO(answer.content))

    assert answer.headers["content-type"] == "application/zip"
    assert [f"frame-{n:04d}.png" for n in range(9)] == sorted(
        set(archive.namelist()) - {"facts.json"}
    )
    last = np.asarray(Image.open(io.BytesIO(archive.read("frame-0008.png"))))
    assert np.array_equal(still(client, 3), last)


@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        ("webp", "image/webp"),
        ("gif", "image/gif"),
        ("png", "image/apng"),
        ("mp4", "video/mp4"),
    ],
)
def test_every_moving_format_is_what_it_says(
    client: TestClient, name: str, media_type: str
) -> None:
    """And carries the provenance of the walk."""
    answer = client.get(f"{WALK}&format={name}&fps=10")

    assert answer.status_code == 200
    assert answer.headers["content-type"] == media_type
    assert answer.headers["x-seed"] == "1,2,3"
    assert len(answer.headers["x-pixel-sha256"]) == 64


def test_a_strip_is_one_picture_of_all_frames(client: TestClient) -> None:
    """In rows, as on a contact sheet; its frames are those of the same walk."""
    answer = client.get(f"{WALK}&format=strip&loop=true")
    single = client.get(f"{WALK}&format=json&loop=true").json()["frames"]
    stills = [np.asarray(Image.open(io.BytesIO(base64.b64decode(f["data"])))) for f in single]
    sheet = np.asarray(Image.open(io.BytesIO(answer.content)))

    assert (answer.headers["content-type"], answer.headers["x-frames"]) == ("image/png", "12")
    assert answer.headers["x-pixel-sha256"] == pixel_sha256(stills)
    assert np.array_equal(sheet, contact_sheet(stills))
    facts = Image.open(io.BytesIO(answer.content)).info
    assert [facts[name] for name in ("seeds", "steps", "method", "frames")] == [
        "1 2 3",
        "4",
        "slerp",
        "12",
    ]


def test_a_strip_holds_as_many_frames_as_a_contact_sheet(
    client: TestClient, painter: Painter
) -> None:
    """And says how many steps these are."""
    address = "/interpolate?seed=1&seed=2&resolution=4&format=strip"
    refused = client.get(f"{address}&steps=64")

    assert refused.status_code == 422
    assert "65 frames, 64 are allowed in a strip: use 63 steps" in refused.json()["detail"]
    assert painter.seeds == []
    assert client.get(f"{address}&steps=63").headers["x-frames"] == "64"
    assert client.get(f"{address}&steps=64&loop=true").status_code == 422


@pytest.mark.parametrize("name", ["webp", "gif", "png", "mp4", "strip", "zip", "json"])
def test_the_number_of_frames_is_known_before_they_are_rendered(
    client: TestClient, painter: Painter, name: str
) -> None:
    """So that a client can show how far it is."""
    head = client.head(f"{WALK}&format={name}")

    assert head.headers["x-frames"] == "9"
    assert painter.seeds == []
    assert client.get(f"{WALK}&format={name}").headers["x-frames"] == "9"
    assert "x-frames" not in client.get("/images/7").headers


def test_speed_changes_no_strip(client: TestClient) -> None:
    """It does not move."""
    fast, slow = (client.get(f"{WALK}&format=strip&fps={fps}") for fps in (60, 1))

    assert fast.headers["etag"] == slow.headers["etag"]
    assert fast.content == slow.content
    assert client.head(f"{WALK}&format=png").headers["etag"] != fast.headers["etag"]


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("seed=1", "seed"),
        ("steps=4", "seed"),
        ("&".join(f"seed={n}" for n in range(17)), "seed"),
        ("seed=1&seed=-2", "seed"),
        ("seed=1&seed=2&steps=0", "steps"),
        ("seed=1&seed=2&steps=241", "steps"),
        ("seed=1&seed=2&fps=0", "fps"),
        ("seed=1&seed=2&fps=61", "fps"),
        ("seed=1&seed=2&method=teleport", "method"),
        ("seed=1&seed=2&format=avi", "format"),
        ("seed=1&seed=2&resolution=5", "resolution"),
        ("seed=1&seed=2&loop=perhaps", "loop"),
        ("&".join(f"seed={n}" for n in range(16)) + "&steps=240", "steps"),
    ],
)
def test_a_parameter_out_of_range_is_named(
    client: TestClient, painter: Painter, query: str, parameter: str
) -> None:
    """And nothing is computed."""
    answer = client.get(f"/interpolate?{query}")

    assert answer.status_code == 422
    assert parameter in answer.json()["detail"]
    assert painter.seeds == []


def test_too_long_a_walk_is_told_how_long_it_may_be(client: TestClient, settings: Settings) -> None:
    """And that length is served."""
    seeds = "&".join(f"seed={n}" for n in range(16))
    problem = client.get(f"/interpolate?{seeds}&steps=240&resolution=4").json()
    short = settings.model_copy(update={"interpolation_frames": 60})
    with service_with(Painter(), short) as other:
        most = other.get(f"/interpolate?{seeds}&steps=240&resolution=4").json()["allowed"]["le"]
        served = other.get(f"/interpolate?{seeds}&steps={most}&resolution=4&format=json")

    assert "1200 are allowed: use 79 steps" in problem["detail"]
    assert problem["allowed"]["le"] == 79
    assert most == 3
    assert served.status_code == 200
    assert len(served.json()["frames"]) == 15 * most + 1


def test_a_known_etag_is_answered_without_the_engine(client: TestClient, painter: Painter) -> None:
    """The client has the walk."""
    first = client.get(WALK)
    computed = len(painter.seeds)
    again = client.get(WALK, headers={"If-None-Match": first.headers["etag"]})

    assert again.status_code == 304
    assert len(painter.seeds) == computed
    assert client.get(f"{WALK}&fps=5").headers["etag"] != first.headers["etag"]


@pytest.fixture
def narrow(painter: Painter, settings: Settings) -> Iterator[TestClient]:
    """A service that holds few pixels of walks."""
    few = settings.model_copy(update={"interpolation_pixels": 10 * 32 * 32})
    with service_with(painter, few) as client:
        yield client


def test_a_walk_too_large_to_be_held_is_refused_with_a_way_out(narrow: TestClient) -> None:
    """Fewer frames, or smaller ones."""
    large = narrow.get("/interpolate?seed=1&seed=2&steps=10&resolution=32")

    assert large.status_code == 422
    assert "ask for at most 10 frames, or a smaller resolution" in large.json()["detail"]
    assert narrow.get("/interpolate?seed=1&seed=2&steps=10&resolution=16").status_code == 200


# ----------------------------------------------------------------------------------------
# Labels


@pytest.mark.parametrize("label", [None, "dog"])
def test_a_walk_keeps_its_label_or_leads_from_class_to_class(
    settings: Settings, label: str | None
) -> None:
    """Its frames are drawn with the label that was asked for, or with none."""
    painter = Painter(card_named("pets", labels=("cat", "dog")))
    query = f"&label={label}" if label else ""
    with service_with(painter, settings) as client:
        answer = client.get(f"{WALK}&format=json{query}")

    assert answer.json()["label"] == label
    assert answer.headers.get("x-label") == label
    assert {recipe.label for batch in painter.batches for recipe in batch} == {label}
