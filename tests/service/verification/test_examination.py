"""The examination of a file, with everything computed at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np
import pytest

from models.picture import Pixels
from service.batching.engine import ModelInfo
from service.batching.recipe import Recipe, point_of
from service.credentials.reading import CredentialReport, CredentialState
from service.credentials.signing import FileSigner
from service.errors import UnknownModel
from service.facts import file_facts
from service.media.encoding import FORMATS
from service.uploads.decoding import open_upload
from service.uploads.errors import PictureNotTaken
from service.verification.examination import Parts, ReadFile, metadata_part, middle_of, verify_file
from service.verification.report import OriginResult, Outcome, Verification
from service.verification.stated_facts import StatedFacts
from service.watermark.key import watermark_key
from service.watermark.marking import marked
from service.watermark.pattern import pattern_of
from tests.service.credential_chains import development_chain
from tests.service.painter import MODE, card_named, paint

pytestmark = pytest.mark.anyio

T = TypeVar("T")
CARD = card_named("painter-32")


def found_model(name: str) -> ModelInfo:
    """The one model."""
    if name != CARD.pinned_name:
        raise UnknownModel(f"{name} is not loaded")
    return ModelInfo(CARD, MODE)


async def at_once(job: Callable[[], T]) -> T:
    """Run a job here."""
    return job()


async def painted_again(recipes: Sequence[Recipe]) -> list[Pixels]:
    """The pictures of recipes."""
    return [paint(recipe) for recipe in recipes]


async def verified(content: bytes) -> Verification:
    """The report on a file."""
    return await verify_file(content, Parts(2**20, "", None, found_model, at_once, painted_again))


def file_of(number: int, **changes: str) -> bytes:
    """The picture of a seed, whose metadata may say something else."""
    recipe = Recipe(CARD.pinned_name, point_of(number), 32)
    return FORMATS["png"].write(paint(recipe), file_facts([recipe], CARD) | changes)


async def test_the_report_has_all_parts() -> None:
    """Of an untouched picture with something behind it."""
    found = await verified(file_of(7) + b"more")

    assert (found.origin, found.remade.outcome) == (OriginResult.PROVED, Outcome.EQUAL)
    assert (found.file.media_type, found.file.width, found.file.trailing_bytes) == (
        "image/png",
        32,
        4,
    )
    assert found.credentials.state == "none"
    assert (found.watermark.state, found.watermark.p_value) == ("not found", 1.0)
    assert found.metadata.sources == ["XMP", "PNG text"]
    assert found.remade.source == "metadata"


async def test_a_lying_seed_gives_another_picture() -> None:
    """Noise of another seed is not similar."""
    found = await verified(file_of(7, seed="8"))

    assert (found.origin, found.remade.outcome) == (OriginResult.CONTRADICTED, Outcome.DIFFERENT)


async def test_a_recipe_that_is_not_understood_is_a_claim() -> None:
    """With the reason in the verdict."""
    found = await verified(file_of(7, zoom="0.5"))

    assert found.origin is OriginResult.CLAIMED
    assert "states zoom, which this version does not know" in found.verdict


async def test_a_recipe_that_its_model_does_not_take_is_a_claim() -> None:
    """With the parameter in the verdict."""
    found = await verified(file_of(7, psi="0.5"))

    assert found.origin is OriginResult.CLAIMED
    assert "is impossible: psi: painter-32 takes seed, and no psi" in found.verdict


async def test_recipes_are_tried_in_the_order_of_their_trust() -> None:
    """Those of a trusted signer, of metadata, of another signer; changed metadata is named."""
    stated = StatedFacts({"model": "other@1", "seed": "8"}, ("XMP",))
    signed = {"model": "painter-32@1", "seed": "7"}
    upload = open_upload(file_of(7), 2**20)
    orders = {
        CredentialState.TRUSTED: ["credentials", "metadata"],
        CredentialState.VALID: ["metadata", "credentials"],
        CredentialState.INVALID: ["metadata"],
        CredentialState.NONE: ["metadata"],
    }
    for state in CredentialState:
        file = ReadFile(upload, None, CredentialReport(state, facts=signed), None, stated)

        assert [source for source, _ in file.stated_recipes] == orders[state]
        assert metadata_part(file).contradictions == ["model", "seed"]


@pytest.mark.parametrize("lie", ["signed", "metadata"])
async def test_one_true_recipe_proves_a_picture_whatever_else_is_said(lie: str) -> None:
    """Whoever signs a foreign statement into a file takes nothing from what its pixels prove."""
    metadata, signed = ("7", "8") if lie == "signed" else ("8", "7")
    facts = file_facts([Recipe(CARD.pinned_name, point_of(7), 32)], CARD)
    signer = FileSigner(development_chain().identity)
    content = signer.sign(file_of(7, seed=metadata), "image/png", facts | {"seed": signed})

    found = await verified(content)

    assert found.credentials.state == "valid"
    assert (found.origin, found.remade.outcome) == (OriginResult.PROVED, Outcome.EQUAL)
    assert found.remade.source == ("metadata" if lie == "signed" else "credentials")
    assert found.metadata.contradictions == ["seed"]


async def test_the_watermark_is_found() -> None:
    """With the first digits of the model's digest."""
    plane = np.full((3, 256, 256), 0.1, np.float32)
    picture = marked(plane, pattern_of(watermark_key(), "0badcafe", 256, 256))
    pixels = ((picture.transpose(1, 2, 0) + 1) * 127.5).round().astype(np.uint8)
    found = await verified(FORMATS["png"].write(np.ascontiguousarray(pixels), {}))

    assert (found.watermark.state, found.watermark.payload) == ("found", "0badcafe")
    assert found.watermark.public_key
    assert found.origin is OriginResult.LIKELY


async def test_the_watermark_is_sought_in_the_middle_of_large_pictures() -> None:
    """The rest is not copied."""
    large = np.zeros((1030, 2000, 3), np.uint8)
    large[3:1027, 488:1512] = 7

    assert middle_of(large).shape == (1024, 1024, 3)
    assert (middle_of(large) == 7).all()
    assert middle_of(large[:9, :9]).shape == (9, 9, 3)


async def test_what_is_no_picture_is_refused() -> None:
    """Before any proof is tried."""
    with pytest.raises(PictureNotTaken):
        await verified(b"%PDF-1.7")
