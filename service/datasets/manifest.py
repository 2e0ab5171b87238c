"""The manifest of a data set: one record of the whole, one of each picture, one that closes it.

Owns the form of these records as JSON, for writing and for reading, and the digest of all pictures
by which an archive proves that it is complete. Knows neither archives nor pictures.
"""

from __future__ import annotations

import hashlib

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    model_serializer,
)

HEX_DIGEST = r"^[0-9a-f]{64}$"
DECIMAL = r"^[0-9]{1,19}$"


class Record(BaseModel):
    """A record of the manifest; unknown members of a later layout are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def as_json(self) -> bytes:
        """The record as one line, without its end."""
        return self.model_dump_json().encode()


class Description(Record):
    """Everything that the pictures of a data set have in common, and the range of their seeds.

    Attributes:
        layout: version of the layout of the archive.
        model: pinned name, `name@digest`.
        platform: device, precision and libraries that made the pictures (`EngineMode.platform`).
        label: the requested class of all pictures; None: each seed has its own class.
        labels: all classes of the model; `class_index` of a picture counts in this list.
        watermark: name of the watermark in the pixels; None if watermarks are off.
        from_seed: first seed, as text, since some readers of JSON would round it.
        bit_depth: of the pixels that digests are of; files other than PNG are 8-bit views of 16.
        value_range: values of the pixels 0 and 65,535 of 16 bits; None with 8 bits.
        psi: truncation of all pictures; left out, and None, where there is none.
        edit: steps of all pictures along directions; left out, and None, where there are none.
    """

    layout: int
    software: str
    model: str
    platform: str
    resolution: int
    width: int
    height: int
    channels: int
    label: str | None
    labels: list[str]
    image_format: str
    watermark: str | None
    licence: str
    credit: str
    from_seed: str = Field(pattern=DECIMAL)
    count: int = Field(ge=1)
    bit_depth: int = 8
    value_range: tuple[float, float] | None = None
    psi: float | None = None
    edit: str | None = None

    def as_json(self) -> bytes:
        """The record as one line, without its end; without `psi` if there is no truncation."""
        return self.model_dump_json(exclude={"psi"} if self.psi is None else None).encode()

    @model_serializer(mode="wrap")
    def _without_edit(self, serialise: SerializerFunctionWrapHandler) -> dict[str, object]:
        """Leave `edit` out where there is none, as in manifests from before there were edits."""
        values: dict[str, object] = serialise(self)
        return values if self.edit is not None else {k: v for k, v in values.items() if k != "edit"}


class PictureRecord(Record):
    """One picture.

    Attributes:
        file: name of its file.
        seed: its seed, as text.
        label: its class, requested or derived from the seed; None for models without classes.
        class_index: place of the class in `Description.labels`.
        pixel_sha256: SHA-256 of its raw pixels, as in the header `X-Pixel-SHA256`.
    """

    file: str
    seed: str = Field(pattern=DECIMAL)
    label: str | None
    class_index: int | None
    pixel_sha256: str = Field(pattern=HEX_DIGEST)


class Completion(Record):
    """The closing record, which only a complete archive has.

    Attributes:
        from_seed: first seed, as text.
        count: number of pictures.
        pictures_sha256: SHA-256 of the digests of all pictures, 32 bytes each, in order of seeds.
    """

    complete: bool = True
    from_seed: str = Field(pattern=DECIMAL)
    count: int
    pictures_sha256: str = Field(pattern=HEX_DIGEST)


class PicturesDigest:
    """The digest over the digests of all pictures, in order; its size does not grow."""

    def __init__(self) -> None:
        self._digest = hashlib.sha256()
        self.count = 0

    def add(self, record: PictureRecord) -> None:
        """Add the next picture."""
        self._digest.update(bytes.fromhex(record.pixel_sha256))
        self.count += 1

    def completion(self, from_seed: int) -> Completion:
        """The closing record of the pictures so far."""
        digest = self._digest.hexdigest()
        return Completion(from_seed=str(from_seed), count=self.count, pictures_sha256=digest)
