"""`POST /translate` over HTTP: uploads in, translated pictures out, errors in words."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from typing import Any

import httpx2
import numpy as np
import pytest
from fastapi.testclient import TestClient
from PIL import Image, ImageOps

from bench.hostile_uploads import hostile_uploads
from models.picture import Pixels
from service.batching.recipe import Recipe
from service.settings import Settings
from service.uploads.fitting import fit_picture
from tests.service.painter import Painter, card_named, service_with
from tests.service.translating_models import translating_card

PAINTER = "painter-32"


class Inverting(Painter):
    """A painter that translates into `light` by inverting the source, into `dark` not at all."""

    def paint_batch(self, recipes: Sequence[Recipe]) -> list[Pixels]:
        """The images of a batch."""
        images = super().paint_batch(recipes)
        for place, recipe in enumerate(recipes):
            if recipe.source is not None:
                pixels = np.frombuffer(recipe.source.pixels, np.uint8).reshape(16, 16, 3)
                every = 16 // recipe.resolution
                shown = 255 - pixels if recipe.label == "light" else pixels
                images[place] = shown[::every, ::every]
        return images


@pytest.fixture
def painter() -> Painter:
    """One model of seeds, and one that translates."""
    return Inverting(card_named(PAINTER), translating_card())


def upload(size: tuple[int, int] = (24, 16), kind: str = "PNG", **options: Any) -> bytes:
    """A picture of noise as a file."""
    noise = np.random.default_rng(3).integers(0, 256, (size[1], size[0], 3), np.uint8)
    file = io.BytesIO()
    Image.fromarray(noise).save(file, kind, **options)
    return file.getvalue()


def decoded(answer: httpx2.Response) -> Pixels:
    """The pixels of an answer."""
    assert answer.status_code == 200, answer.text
    return np.asarray(Image.open(io.BytesIO(answer.content)).convert("RGB"))


def expected(content: bytes) -> Pixels:
    """The source that the model gets."""
    image = ImageOps.exif_transpose(Image.open(io.BytesIO(content))).convert("RGB")
    return fit_picture(np.asarray(image), (16, 16), 3)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_an_upload_is_fitted_and_translated(client: TestClient, kind: str) -> None:
    """In every format that is taken; headers name model, domain and source."""
    content = upload(kind=kind)
    answer = client.post("/translate?to=light", content=content)

    assert np.array_equal(decoded(answer), 255 - expected(content))
    headers = answer.headers
    assert headers["x-model"].startswith("shades-16@")
    assert (headers["x-to"], headers["x-resolution"]) == ("light", "16")
    assert headers["x-source-sha256"] == hashlib.sha256(content).hexdigest()
    digest = hashlib.sha256((255 - expected(content)).tobytes()).hexdigest()
    assert headers["x-pixel-sha256"] == digest
    assert headers["cache-control"] == "no-store"
    assert not {"x-seed", "x-label", "etag", "content-location"} & set(headers)


def test_the_same_upload_gives_the_same_bytes(client: TestClient) -> None:
    """Credentials included, in each format and at each size."""
    content = upload()
    for query in ("", "&format=webp", "&format=jpeg", "&resolution=4", "&model=shades-16"):
        first, again = (client.post(f"/translate?to=dark{query}", content=content) for _ in "12")
        assert first.status_code == 200, first.text
        assert first.content == again.content

    assert decoded(client.post("/translate?to=dark&resolution=4", content=content)).shape[0] == 4


def test_the_query_or_accept_decides_the_format(client: TestClient) -> None:
    """As for pictures of seeds."""
    asked = (("", {}), ("&format=jpeg", {}), ("", {"accept": "image/webp"}))
    answers = [
        client.post(f"/translate?to=dark{query}", content=upload(), headers=headers)
        for query, headers in asked
    ]
    types = [answer.headers["content-type"] for answer in answers]
    refused = client.post(
        "/translate?to=dark", content=upload(), headers={"accept": "application/json"}
    )

    assert types == ["image/png", "image/jpeg", "image/webp"]
    assert refused.status_code == 406


@pytest.mark.parametrize("wanted", ['"tag"', "*"])
def test_a_translation_has_no_tag_to_match(
    client: TestClient, painter: Painter, wanted: str
) -> None:
    """So it is not made, and the upload not read; `If-None-Match` holds whatever it names."""
    answer = client.post("/translate?to=dark", content=b"no", headers={"If-Match": wanted})

    assert (answer.status_code, painter.batches) == (412, [])
    assert "without If-Match" in answer.json()["detail"]
    other = client.post("/translate?to=dark", content=upload(), headers={"If-None-Match": wanted})
    assert other.status_code == 200


def test_a_turned_photograph_is_turned_back(client: TestClient) -> None:
    """EXIF says how the camera was held."""
    exif = Image.Exif()
    exif[0x0112] = 6
    content = upload(kind="JPEG", exif=exif)

    assert np.array_equal(
        decoded(client.post("/translate?to=dark", content=content)), expected(content)
    )


def test_a_file_states_its_source_and_that_it_was_edited(client: TestClient) -> None:
    """So verification knows why it cannot make it again."""
    content = upload()
    made = client.post("/translate?to=light", content=content).content
    found = client.post("/verify", content=made).json()

    assert b"compositeWithTrainedAlgorithmicMedia" in made
    assert b"c2pa.edited" in made
    assert found["credentials"]["state"] == "trusted"
    assert found["metadata"]["facts"]["source_sha256"] == hashlib.sha256(content).hexdigest()
    assert found["remade"]["outcome"] == "not tried"
    assert "translated from an uploaded picture" in found["remade"]["reason"]


@pytest.mark.parametrize(
    ("query", "status", "told"),
    [
        ("", 422, "shades-16 translates to dark or light; say to="),
        ("to=unicorn", 422, "shades-16 translates to dark or light, not to 'unicorn'"),
        ("to=dark&resolution=32", 422, "shades-16 has no 32; it has 4, 8, 16"),
        (f"to=dark&model={PAINTER}", 422, "makes pictures of seeds and translates none"),
        ("to=dark&model=nobody", 404, "'nobody' is not loaded"),
        ("to=dark&seed=1", 422, ""),
    ],
)
def test_a_request_that_cannot_be_met_is_refused(
    client: TestClient, painter: Painter, query: str, status: int, told: str
) -> None:
    """Before the upload is decoded."""
    answer = client.post(f"/translate?{query}", content=b"never read")

    assert answer.status_code == status
    assert told in answer.json()["detail"]
    assert painter.batches == []


def test_the_routes_of_seeds_refuse_a_model_that_translates(client: TestClient) -> None:
    """And say where to go; without a name they take the other one."""
    requests = [
        client.get("/images/ada?model=shades-16"),
        client.get("/images?seed=ada&model=shades-16"),
        client.post("/generate?model=shades-16"),
        client.get("/interpolate?seed=1&seed=2&model=shades-16"),
        client.get("/datasets?count=3&model=shades-16"),
    ]

    for answer in requests:
        assert answer.status_code == 422
        assert "POST /translate?model=shades-16&to=dark" in answer.json()["detail"]
    assert client.get("/images/ada").headers["x-model"].startswith(PAINTER)


def test_the_card_tells_what_the_model_takes(client: TestClient) -> None:
    """And its domains."""
    card = client.get("/models/shades-16").json()

    assert (card["takes"], card["labels"]) == (["source", "to"], ["dark", "light"])


def test_without_a_model_that_translates_there_is_none(settings: Settings) -> None:
    """The message does not pretend that a name would help."""
    with service_with(Painter(), settings) as client:
        answer = client.post("/translate?to=dark", content=upload())

    assert (answer.status_code, answer.json()["detail"]) == (
        404,
        "no loaded model translates pictures",
    )


def animation() -> bytes:
    """A WebP of two frames."""
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    file = io.BytesIO()
    frames[0].save(file, "WEBP", save_all=True, append_images=frames[1:])
    return file.getvalue()


@pytest.mark.parametrize(
    ("content", "status", "told"),
    [
        (b"", 422, "the body is empty"),
        (b"no picture", 415, "none of image/png, image/jpeg, image/webp"),
        (upload(kind="GIF"), 415, "none of image/png, image/jpeg, image/webp"),
        (animation(), 415, "an animation of 2 frames: send one picture"),
        (upload()[:200], 422, "damaged"),
        (b"--x\r\nContent-Disposition: form-data\r\n\r\n" + upload(), 415, "neither as a form"),
    ],
)
def test_what_is_no_single_picture_is_refused(
    client: TestClient, painter: Painter, content: bytes, status: int, told: str
) -> None:
    """Nothing is computed for it."""
    answer = client.post("/translate?to=dark", content=content)

    assert (answer.status_code, told in answer.text) == (status, True), answer.text
    assert painter.batches == []


def test_large_files_and_pictures_are_refused(painter: Painter, settings: Settings) -> None:
    """By the limits of all uploads."""
    small = settings.model_copy(update={"max_upload_bytes": 3000, "max_upload_pixels": 400})
    with service_with(painter, small) as client:
        many_bytes = client.post("/translate?to=dark", content=b"x" * 3001)
        many_pixels = client.post("/translate?to=dark", content=upload((30, 20)))
        fine = client.post("/translate?to=dark", content=upload((20, 20)))

    assert [a.status_code for a in (many_bytes, many_pixels, fine)] == [413, 413, 200]


def test_hostile_uploads_get_the_answers_of_verification(client: TestClient) -> None:
    """Formats that are not taken here are refused as such; the service goes on."""
    for hostile in hostile_uploads(90, seed=2):
        status = client.post("/translate?to=dark", content=hostile.content).status_code
        assert status in {*hostile.statuses, 415}, hostile.kind

    assert client.post("/translate?to=dark", content=upload()).status_code == 200
