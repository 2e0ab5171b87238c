"""`POST /verify` over HTTP: proofs of a picture's origin, and errors in words."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import httpx2
import numpy as np
import pytest
from fastapi.testclient import TestClient
from PIL import Image

from models.picture import Pixels
from service.access.keys import digest_of
from service.batching.recipe import Recipe
from service.media.encoding import FORMATS
from service.media.provenance import Facts
from service.settings import Settings
from tests.service.painter import Painter, service_with
from tests.service.pictures import painted


class SmoothPainter(Painter):
    """A painter whose pictures are smooth, as those of a network are, and differ by their seeds."""

    def paint_batch(self, recipes: Sequence[Recipe]) -> list[Pixels]:
        """The images of a batch."""
        self.batches.append(list(recipes))
        return [
            painted(recipe.resolution, phase=2.0 * (recipe.point.start + recipe.point.t))
            for recipe in recipes
        ]


@pytest.fixture
def painter() -> Painter:
    """An engine with smooth pictures."""
    return SmoothPainter()


def verified(client: TestClient, content: bytes) -> Any:
    """The answer about a file."""
    answer = client.post("/verify", content=content)
    assert answer.status_code == 200, answer.text
    return answer.json()


def jpeg_of(pixels: Pixels, size: int, facts: Facts) -> bytes:
    """A picture that was compressed and resized, with metadata."""
    image = Image.fromarray(pixels).resize((size, size), Image.Resampling.BICUBIC)
    return FORMATS["jpeg"].write(np.asarray(image), facts)


def decoded(answer: httpx2.Response) -> Pixels:
    """The pixels of an answer."""
    return np.asarray(Image.open(io.BytesIO(answer.content)).convert("RGB"))


@pytest.mark.parametrize("image_format", ["png", "webp"])
def test_an_untouched_picture_is_proved_by_making_it_again(
    client: TestClient, image_format: str
) -> None:
    """The addresses in the answer give the same pixels."""
    answer = client.get(f"/images/7?format={image_format}")
    found = verified(client, answer.content)
    remade = found["remade"]

    assert found["origin"] == "proved"
    assert found["verdict"] == (
        "painter-32 made this picture from seed 7: made again, it has the same pixels."
    )
    assert (remade["outcome"], remade["kind"]) == ("equal", "picture")
    assert remade["source"] == "credentials"
    assert found["credentials"]["state"] == "trusted"
    assert np.array_equal(decoded(client.get(remade["urls"][0])), decoded(answer))


@pytest.mark.parametrize("query", ["steps=4", "steps=4&loop=true&method=lerp"])
def test_a_strip_is_made_again_whole(client: TestClient, query: str) -> None:
    """Every frame is compared, and one address gives the same file."""
    answer = client.get(f"/interpolate?seed=7&seed=9&{query}&format=strip")
    found = verified(client, answer.content)
    remade = found["remade"]

    assert (found["origin"], remade["outcome"], remade["kind"]) == ("proved", "equal", "strip")
    assert found["verdict"] == (
        "painter-32 made this strip from seeds 7, 9: made again, it has the same pixels."
    )
    assert (remade["compared"], remade["not_compared"]) == (int(answer.headers["x-frames"]), 0)
    (url,) = remade["urls"]
    assert client.get(url).content == answer.content


@pytest.mark.parametrize("image_format", ["png", "webp", "jpeg"])
def test_a_picture_between_two_seeds_is_made_again(client: TestClient, image_format: str) -> None:
    """From both seeds, the place and the method; the address gives it, too."""
    answer = client.get(f"/images/7?end=9&t=0.375&method=lerp&format={image_format}")
    found = verified(client, answer.content)
    remade = found["remade"]

    assert found["origin"] == "proved"
    assert remade["outcome"] == ("similar" if image_format == "jpeg" else "equal")
    assert remade["seeds"] == ["7", "9"]
    (url,) = remade["urls"]
    again = client.get(url)
    assert again.headers["x-pixel-sha256"] == answer.headers["x-pixel-sha256"]


@pytest.mark.parametrize("size", [32, 24, 48])
def test_a_compressed_or_resized_picture_is_likely(client: TestClient, size: int) -> None:
    """The measured similarity and the rate of false matches are in the answer."""
    pixels = decoded(client.get("/images/7"))
    facts = file_facts_of(client, 7)
    found = verified(client, jpeg_of(pixels, size, facts))
    remade = found["remade"]

    assert (found["origin"], remade["outcome"]) == ("likely", "similar")
    assert remade["psnr_db"] > 24
    assert remade["ssim"] > 0.75
    assert 0 < remade["false_match_rate"] < 0.01
    assert (remade["width"], remade["height"]) == (min(size, 32), min(size, 32))


def test_a_lying_seed_is_contradicted(client: TestClient) -> None:
    """The metadata name another seed than the one that made the pixels."""
    pixels = decoded(client.get("/images/7"))
    found = verified(client, FORMATS["png"].write(pixels, file_facts_of(client, 8)))

    assert (found["origin"], found["remade"]["outcome"]) == ("contradicted", "different")
    assert "says that it is seed 8 of painter-32" in str(found["verdict"])


def test_a_foreign_picture_is_unknown(client: TestClient, painter: Painter) -> None:
    """Nothing is rendered for it."""
    file = io.BytesIO()
    Image.fromarray(painted(40)).save(file, "JPEG")
    found = verified(client, file.getvalue())

    assert (found["origin"], found["remade"]["outcome"]) == ("unknown", "not tried")
    assert "proves nothing" in str(found["verdict"])
    assert painter.batches == []


def test_another_model_is_a_claim(client: TestClient) -> None:
    """Its digest is not loaded here."""
    facts = file_facts_of(client, 7) | {"model": "other-32@" + "0" * 64}
    found = verified(client, FORMATS["png"].write(painted(32), facts))

    assert (found["origin"], found["remade"]["outcome"]) == ("claimed", "not tried")
    assert "not loaded here" in str(found["remade"]["reason"])


def test_sheets_are_made_again_whole(client: TestClient) -> None:
    """All seeds of a sheet stand in its metadata."""
    sheet = client.post("/generate?seed=1&seed=2&seed=3", headers={"Accept": "image/png"})
    found = verified(client, sheet.content)

    assert (found["origin"], found["remade"]["kind"]) == ("proved", "sheet")
    assert found["remade"]["seeds"] == ["1", "2", "3"]


@pytest.mark.parametrize("image_format", ["webp", "png", "gif"])
@pytest.mark.parametrize("loop", ["true", "false"])
def test_frames_of_a_walk_are_made_again(client: TestClient, image_format: str, loop: str) -> None:
    """Sixteen of them, evenly spread; a GIF has fewer colours, so it is similar at most."""
    query = f"seed=1&seed=2&steps=20&format={image_format}&loop={loop}"
    found = verified(client, client.get(f"/interpolate?{query}").content)
    remade = found["remade"]

    assert remade["outcome"] == ("similar" if image_format == "gif" else "equal")
    assert (remade["kind"], remade["compared"]) == ("walk", 16)
    again = client.get(f"{remade['urls'][0]}&format={image_format}")
    assert verified(client, again.content)["remade"] == remade


def test_films_are_read_for_their_credentials_alone(client: TestClient) -> None:
    """Their frames are not decoded."""
    film = client.get("/interpolate?seed=1&seed=2&steps=2&format=mp4").content
    found = verified(client, film)

    assert (found["file"]["media_type"], found["file"]["width"]) == ("video/mp4", None)
    assert "not decoded" in str(found["remade"]["reason"])


def test_errors_are_problems(client: TestClient) -> None:
    """With what is allowed."""
    answers = {
        413: client.post("/verify", content=bytes(2**24 + 1)),
        415: client.post("/verify", content=b"BM" + bytes(99)),
        422: client.post("/verify", content=b""),
    }
    for status, answer in answers.items():
        assert answer.status_code == status
        assert answer.headers["content-type"] == "application/problem+json"
    assert "image/png" in answers[415].json()["allowed"]
    assert client.post("/verify?seed=7", content=b"").json()["errors"][0]["parameter"] == "seed"


def test_a_form_is_told_to_be_one(client: TestClient) -> None:
    """The most frequent way to send it wrongly."""
    answer = client.post("/verify", files={"file": b"\x89PNG\r\n\x1a\n"})

    assert answer.status_code == 415
    assert "neither as a form" in answer.json()["detail"]


def test_the_key_is_asked_for_before_the_body_is_read(settings: Settings) -> None:
    """As on every route with pictures."""
    guarded = settings.model_copy(update={"api_keys": (digest_of("ada-0123456789"),)})
    with service_with(Painter(), guarded) as client:
        assert client.post("/verify", content=b"x").status_code == 401
        headers = {"X-API-Key": "ada-0123456789"}
        assert client.post("/verify", content=b"x", headers=headers).status_code == 415


def test_results_are_counted_by_origin(client: TestClient) -> None:
    """In a closed set of labels, all there from the start."""
    before = client.get("/metrics").text
    verified(client, client.get("/images/7").content)
    after = client.get("/metrics").text

    assert 'progan_verifications_total{origin="contradicted"} 0.0' in before
    assert 'progan_verifications_total{origin="proved"} 1.0' in after


def file_facts_of(client: TestClient, seed: int) -> dict[str, str]:
    """The facts of the picture of a seed."""
    answer = client.post(
        f"/generate?seed={seed}&count=1", headers={"Accept": "application/json"}
    ).json()
    facts: dict[str, str] = answer["images"][0]["facts"]
    return facts
