"""The report on one file: three proofs, and a verdict in one sentence.

Owns the form of the report: the answer of `POST /verify` and the output of `verify --json`. Knows
neither files nor models.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel, Field


class OriginResult(StrEnum):
    """Result in one word.

    Attributes:
        PROVED: the same pixels were made again, or a trusted signature fits the file.
        LIKELY: nearly the same picture was made again, or the watermark was found.
        CLAIMED: the file says so, and nothing here proves or disproves it.
        CONTRADICTED: what the file says is false.
        UNKNOWN: nothing was found, which proves nothing.
    """

    PROVED = "proved"
    LIKELY = "likely"
    CLAIMED = "claimed"
    CONTRADICTED = "contradicted"
    UNKNOWN = "unknown"


class Outcome(StrEnum):
    """Result of making a picture again."""

    EQUAL = "equal"
    SIMILAR = "similar"
    DIFFERENT = "different"
    NOT_TRIED = "not tried"


class FilePart(BaseModel):
    """The file, by its content."""

    media_type: str = Field(examples=["image/png"])
    bytes: int
    width: int | None = Field(description="In pixels, upright; null for films.")
    height: int | None
    frames: int | None
    trailing_bytes: int = Field(
        description="Bytes after the end of the picture, which were not read."
    )
    turned: bool = Field(description="True if EXIF demanded that the picture be turned.")


class CredentialsPart(BaseModel):
    """Content Credentials (C2PA): signed statements in the file."""

    state: str = Field(
        description="none, invalid (damaged, or the file was changed), valid (unchanged; the "
        "signer is not known here) or trusted.",
        examples=["none"],
    )
    signer: str | None = None
    signed_at: datetime | None = None
    generator: str | None = None
    source_type: str | None = None
    facts: dict[str, str] = Field(default_factory=dict)
    failures: list[str] = Field(default_factory=list, description="Reasons in words.")


class WatermarkPart(BaseModel):
    """The watermark in the pixels."""

    state: str = Field(description="found, not found or not tried.", examples=["not tried"])
    reason: str = Field(default="", description="How it was decided, or why it was not tried.")
    p_value: float | None = Field(
        default=None,
        description="Probability that a picture without the watermark looks as much like one.",
    )
    payload: str | None = Field(default=None, description="First digits of the model's digest.")
    public_key: bool = Field(
        default=False,
        description="True if it was found with the public key, with which anyone can add it.",
    )


class MetadataPart(BaseModel):
    """Facts in the metadata, which anyone can write."""

    sources: list[str] = Field(examples=[["XMP", "PNG text"]])
    facts: dict[str, str]
    contradictions: list[str] = Field(description="Facts to which two places give two values.")


class RemadePart(BaseModel):
    """Result of making the picture again from the stated recipe."""

    outcome: Outcome
    reason: str = Field(default="", description="Reason why it was not tried.")
    source: str | None = Field(
        default=None, description="Where the recipe stands: credentials or metadata."
    )
    kind: str | None = Field(default=None, description="picture, sheet, walk or strip.")
    model: str | None = None
    seeds: list[str] = Field(default_factory=list, description="As text.")
    compared: int = Field(default=0, description="Number of pictures or frames compared.")
    not_compared: int = Field(
        default=0, description="Number of frames of the animation that were not compared."
    )
    psnr_db: float | None = Field(default=None, description="Of the worst one.")
    ssim: float | None = Field(default=None, description="Of the worst one.")
    width: int | None = Field(default=None, description="Size at which they were compared.")
    height: int | None = None
    false_match_rate: float | None = Field(
        default=None,
        description="Measured share of pictures of other seeds that would be called similar.",
    )
    urls: list[str] = Field(default_factory=list, description="Paths that make it again.")


class Verification(BaseModel):
    """All that was found out about a file."""

    origin: OriginResult
    verdict: str = Field(
        description="The result in one sentence, for people.",
        examples=["fashion-32 made this picture from seed 7: made again, it has the same pixels."],
    )
    file: FilePart
    credentials: CredentialsPart
    watermark: WatermarkPart
    metadata: MetadataPart
    remade: RemadePart
