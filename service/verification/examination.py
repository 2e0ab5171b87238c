"""Examination of a file: reading, the three proofs, and the report.

Owns the order of the steps. Reading and comparing run where `Parts.run` runs them, rendering is
whatever `Parts.render` does: the service queues it like every request, the command line computes it
at once. Knows neither HTTP nor an engine.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol, TypeVar

from models.picture import Pixels, in_eight_bits
from service.batching.recipe import Recipe
from service.credentials.reading import CredentialReport, CredentialState, read_credentials
from service.uploads.decoding import DecodedPicture, Upload, decode, open_upload
from service.uploads.formats import UPLOAD_FORMATS
from service.verification.remaking import remade_part, require_renderable
from service.verification.report import (
    CredentialsPart,
    FilePart,
    MetadataPart,
    Outcome,
    RemadePart,
    Verification,
    WatermarkPart,
)
from service.verification.stated_facts import StatedFacts, stated_facts
from service.verification.stated_recipe import FindModel, NotTried, StatedRecipe, stated_recipe
from service.verification.verdict import verdict_of
from service.watermark.detector import LARGEST_SIDE, WatermarkReport, detect_watermark
from service.watermark.key import WatermarkKey, watermark_key

T = TypeVar("T")

READ_FORMATS: Final = tuple(UPLOAD_FORMATS)
NO_FACTS: Final = "it states no recipe"
A_FILM: Final = "films are compressed with losses and are not decoded"
SIGNED: Final = (CredentialState.VALID, CredentialState.TRUSTED)


class Run(Protocol):
    """Runs a job, for example on another thread."""

    def __call__(self, job: Callable[[], T]) -> Awaitable[T]:
        """Return the result of `job`."""
        ...


@dataclass(frozen=True)
class Parts:
    """Surroundings of an examination.

    Attributes:
        max_pixels: largest number of pixels of a picture.
        trust_anchors: PEM certificates of trusted signers.
        watermark_key: key of this service's watermark; None for the public one.
        find: pinned name -> loaded model.
        run: runs reading and comparing.
        render: recipes of one model -> their pictures.
    """

    max_pixels: int
    trust_anchors: str
    watermark_key: WatermarkKey | None
    find: FindModel
    run: Run
    render: Callable[[Sequence[Recipe]], Awaitable[list[Pixels]]]


@dataclass(frozen=True)
class ReadFile:
    """A file after reading: what it says, and its pixels.

    Attributes:
        picture: None for films.
        watermark: of the first frame; None for films.
    """

    upload: Upload
    picture: DecodedPicture | None
    credentials: CredentialReport
    watermark: WatermarkReport | None
    stated: StatedFacts

    @property
    def stated_recipes(self) -> list[tuple[str, Mapping[str, str]]]:
        """Each source that names a model, and its facts; the more trustworthy source first.

        Signed facts of an unknown signer count less than metadata: anyone can sign anything.
        """
        signed, state = self.credentials.facts, self.credentials.state
        found: list[tuple[str, Mapping[str, str]]] = []
        if self.stated.facts:
            found.append(("metadata", self.stated.facts))
        if state in SIGNED and "model" in signed:
            place = 0 if state is CredentialState.TRUSTED else len(found)
            found.insert(place, ("credentials", signed))
        return found


async def verify_file(content: bytes, parts: Parts) -> Verification:
    """Find out what a file proves about its origin.

    Args:
        content: the file; a picture, an animation, or a film of which only credentials are read.
        parts: surroundings.

    Raises:
        PictureNotTaken, PictureTooLarge, PictureDamaged: it is no file that can be examined.
        ServiceError: rendering was refused.
    """
    file = await parts.run(lambda: read_file(content, parts))
    remade = await _remade(file, parts)
    credentials, metadata = credentials_part(file.credentials), metadata_part(file)
    watermark = watermark_part(file.watermark)
    origin, verdict = verdict_of(credentials, watermark, metadata, remade)
    return Verification(
        origin=origin,
        verdict=verdict,
        file=file_part(file),
        credentials=credentials,
        watermark=watermark,
        metadata=metadata,
        remade=remade,
    )


def read_file(content: bytes, parts: Parts) -> ReadFile:
    """Read a file within its limits; runs off the event loop."""
    upload = open_upload(content, parts.max_pixels, READ_FORMATS)
    picture = decode(upload) if UPLOAD_FORMATS[upload.format].pillow else None
    credentials = read_credentials(content, upload.media_type, parts.trust_anchors)
    keys = [parts.watermark_key] if parts.watermark_key else None
    seen = in_eight_bits(middle_of(picture.pixels)) if picture else None
    watermark = None if seen is None else detect_watermark(seen, keys)
    stated = stated_facts(picture.metadata) if picture else StatedFacts()
    return ReadFile(upload, picture, credentials, watermark, stated)


def middle_of(pixels: Pixels) -> Pixels:
    """Return the part in which the watermark is sought, before the detector copies all of it."""
    top, left = (max(0, (side - LARGEST_SIDE) // 2) for side in pixels.shape[:2])
    return pixels[top : top + LARGEST_SIDE, left : left + LARGEST_SIDE]


async def _remade(file: ReadFile, parts: Parts) -> RemadePart:
    """Make the picture again by the stated recipes, in order, until one gives this picture."""
    if (picture := file.picture) is None:
        return RemadePart(outcome=Outcome.NOT_TRIED, reason=A_FILM)
    first: RemadePart | None = None
    for source, facts in file.stated_recipes:
        part = await _remade_from(source, facts, file.upload, picture, parts)
        if part.outcome in (Outcome.EQUAL, Outcome.SIMILAR):
            return part
        first = first or part
    return first or RemadePart(outcome=Outcome.NOT_TRIED, reason=NO_FACTS)


async def _remade_from(
    source: str, facts: Mapping[str, str], upload: Upload, picture: DecodedPicture, parts: Parts
) -> RemadePart:
    try:
        recipe = stated_recipe(facts, picture.frames, parts.find)
        require_renderable(recipe, parts.max_pixels)
    except NotTried as error:
        return RemadePart(outcome=Outcome.NOT_TRIED, reason=str(error), source=source)
    made = await parts.render(recipe.recipes)
    part = await parts.run(lambda: _compared(upload, picture, recipe, made))
    return part.model_copy(update={"source": source})


def _compared(
    upload: Upload, picture: DecodedPicture, recipe: StatedRecipe, made: Sequence[Pixels]
) -> RemadePart:
    return remade_part(upload, picture, recipe, made)


def file_part(file: ReadFile) -> FilePart:
    """Return the properties of the file."""
    picture = file.picture
    return FilePart(
        media_type=file.upload.media_type,
        bytes=len(file.upload.content),
        width=picture.pixels.shape[1] if picture else None,
        height=picture.pixels.shape[0] if picture else None,
        frames=picture.frames if picture else None,
        trailing_bytes=file.upload.trailing_bytes,
        turned=picture.turned if picture else False,
    )


def credentials_part(report: CredentialReport) -> CredentialsPart:
    """Return the credentials for the report."""
    return CredentialsPart(
        state=report.state.value,
        signer=report.signer,
        signed_at=report.signed_at,
        generator=report.generator,
        source_type=report.source_type,
        facts=dict(report.facts),
        failures=list(report.failures),
    )


def watermark_part(report: WatermarkReport | None) -> WatermarkPart:
    """Return the watermark for the report; films are not decoded, so it is not sought there."""
    if report is None:
        return WatermarkPart(state="not tried", reason=A_FILM)
    return WatermarkPart(
        state="found" if report.found else "not found",
        p_value=report.p_value,
        payload=report.model_prefix,
        public_key=report.key == watermark_key().name,
        reason=report.explanation,
    )


def metadata_part(file: ReadFile) -> MetadataPart:
    """Return the facts in the metadata, and those that the signed ones contradict, too."""
    stated, signed = file.stated, file.credentials.facts
    other = {
        name for name in stated.facts.keys() & signed.keys() if stated.facts[name] != signed[name]
    }
    return MetadataPart(
        sources=list(stated.sources),
        facts=dict(stated.facts),
        contradictions=sorted({*stated.contradictions, *other}),
    )
