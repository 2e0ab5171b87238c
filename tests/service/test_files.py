"""Pixels as the files of an answer, each with its facts."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from models.card import Data
from models.picture import pixel_sha256
from service.batching.recipe import Recipe, point_of
from service.credentials.reading import CredentialState, read_credentials
from service.credentials.signing import FileSigner
from service.facts import file_facts
from service.files import (
    ZIP,
    File,
    animation_file,
    file_bit_depth,
    picture_file,
    sheet_file,
    zip_file,
)
from service.media.provenance import EXIF_COPYRIGHT
from tests.service.credential_chains import development_chain
from tests.service.painter import card_named, paint

CARD = card_named("m")
RECIPES = [Recipe(CARD.pinned_name, point_of(seed), 16) for seed in (7, 8)]
IMAGES = [paint(recipe) for recipe in RECIPES]


def test_a_picture_file_holds_the_picture_its_digest_and_its_facts() -> None:
    """Lossless, with its media type."""
    file = picture_file(RECIPES[0], CARD, IMAGES[0], "png", None)
    image = Image.open(io.BytesIO(file.content))

    assert file.media_type == "image/png"
    assert file.pixel_sha256 == pixel_sha256(IMAGES[:1])
    assert np.array_equal(IMAGES[0], np.asarray(image))
    assert (image.info["seed"], image.info["licence"]) == ("7", "MIT")


def test_a_sheet_tells_the_seeds_of_all_its_pictures() -> None:
    """And its digest is that of their pixels, not of the sheet's."""
    file = sheet_file(RECIPES, CARD, IMAGES, "png", None)

    assert Image.open(io.BytesIO(file.content)).info["seeds"] == "7 8"
    assert file.pixel_sha256 == pixel_sha256(IMAGES)


def test_a_zip_file_holds_pictures_and_their_facts() -> None:
    """Each as it is by itself."""
    files = [picture_file(r, CARD, p, "webp", None) for r, p in zip(RECIPES, IMAGES, strict=True)]
    named = list(zip(("a.webp", "b.webp"), files, strict=True))
    file = zip_file(named, IMAGES, file_facts(RECIPES, CARD))
    archive = zipfile.ZipFile(io.BytesIO(file.content))

    assert file.media_type == ZIP
    assert archive.read("b.webp") == files[1].content
    assert json.loads(archive.read("facts.json"))["seeds"] == "7 8"


def test_an_animation_has_the_media_type_of_its_format() -> None:
    """And the digest of all frames."""
    file = animation_file(IMAGES, "png", 10, False, {"seeds": "7 8"}, None)

    assert file.media_type == "image/apng"
    assert file.pixel_sha256 == pixel_sha256(IMAGES)
    assert Image.open(io.BytesIO(file.content)).info["seeds"] == "7 8"


@pytest.mark.parametrize("image_format", ["png", "webp", "jpeg"])
def test_every_file_carries_credit_and_licence(image_format: str) -> None:
    """In the fields where programs look for them, in whatever letters."""
    card = replace(CARD, licence="CC BY 4.0", data=Data("d", "CC BY 4.0", "„Ada” & Söhne", 1))
    content = picture_file(RECIPES[0], card, IMAGES[0], image_format, None).content
    image = Image.open(io.BytesIO(content))
    xmp = image.info.get("xmp") or image.info["XML:com.adobe.xmp"].encode()

    assert "„Ada” &amp; Söhne. Licence: CC BY 4.0".encode() in xmp
    if image_format == "png":
        assert image.info["Copyright"] == "„Ada” & Söhne. Licence: CC BY 4.0"
    else:
        assert "„Ada” & Söhne. Licence: CC BY 4.0".encode() in content.replace(xmp, b"")
        assert EXIF_COPYRIGHT in image.getexif()


@pytest.mark.parametrize("kind", ["picture", "sheet", "animation"])
def test_with_a_signer_the_final_bytes_are_signed(kind: str) -> None:
    """The digest is of the pixels, so it stays."""
    signer = FileSigner(development_chain().identity)

    def made(signer: FileSigner | None) -> File:
        if kind == "picture":
            return picture_file(RECIPES[0], CARD, IMAGES[0], "png", signer)
        if kind == "sheet":
            return sheet_file(RECIPES, CARD, IMAGES, "webp", signer)
        return animation_file(IMAGES, "gif", 10, False, {"seeds": "7 8"}, signer)

    signed, plain = made(signer), made(None)

    assert read_credentials(plain.content, plain.media_type).state is CredentialState.NONE
    report = read_credentials(signed.content, signed.media_type)
    assert report.state is CredentialState.VALID
    assert ("seed" in report.facts) is (kind == "picture")
    assert signed.pixel_sha256 == plain.pixel_sha256


def test_a_file_has_the_bits_of_its_model_as_far_as_its_format_does() -> None:
    """Archives, JSON and sheets of frames hold PNG files."""
    deep = card_named("scans", channels=1, value_range=(0.0, 1.0))

    assert [file_bit_depth(deep, name) for name in ("png", "zip", "json")] == [16] * 3
    assert [file_bit_depth(deep, name) for name in ("webp", "jpeg", "gif", "mp4")] == [8] * 4
    assert {file_bit_depth(CARD, name) for name in ("png", "webp", "zip")} == {8}
