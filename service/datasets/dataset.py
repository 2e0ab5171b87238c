"""A data set: the pictures of consecutive seeds of one model, and the file of each.

Owns the range of seeds, the recipe, the file and the file name of each picture, and the ETag of the
whole. Knows neither archives nor HTTP nor the engine.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from models.card import Card
from models.latent import MAX_SEED
from models.picture import Pixels
from service.batching.engine import ModelInfo
from service.batching.recipe import UNSTYLED, Recipe, Styling, point_of
from service.batching.styling import require_styling, text_of_edits
from service.batching.watermarks import watermark_at
from service.credentials.signing import FileSigner
from service.datasets.manifest import Description, PictureRecord
from service.errors import OutOfRange
from service.facts import SOFTWARE, file_facts
from service.media.encoding import ENCODER_VERSION, FORMATS

MAX_DATASET_COUNT: Final = 1_000_000
LAYOUT_VERSION: Final = 1  # increase it whenever the same data set may become other bytes


class PictureFile(Protocol):
    """A finished file of one picture (`service.files.File`)."""

    @property
    def content(self) -> bytes:
        """Its bytes."""
        ...

    @property
    def pixel_sha256(self) -> str:
        """SHA-256 of the raw pixels."""
        ...


WriteFile = Callable[[Recipe, Card, Pixels, str, FileSigner | None], PictureFile]


@dataclass(frozen=True, slots=True)
class PictureEntry:
    """One picture of a data set, as it stands in an archive.

    Attributes:
        content: the bytes of its file.
    """

    record: PictureRecord
    content: bytes


@dataclass(frozen=True, slots=True)
class DatasetRequest:
    """A data set as a client asks for it.

    Attributes:
        resolution: None: the largest one of the model.
        label: class of all pictures; None: each seed has its own class.
        image_format: a key of `FORMATS`.
        psi: truncation of all pictures; None for none.
        edits: steps of all pictures, as `require_styling` reads them.
    """

    from_seed: int
    count: int
    resolution: int | None
    label: str | None
    image_format: str
    psi: float | None = None
    edits: Sequence[str] = ()


@dataclass(frozen=True)
class Dataset:
    """The pictures of `count` seeds from `from_seed` on.

    Attributes:
        resolution: resolution of all pictures.
        label: class of all pictures; None: each seed has its own class.
        image_format: format of each file, a key of `FORMATS`.
        write_file: recipe, card, pixels, format and signer -> file (`service.files.picture_file`).
        signer: signs each file; None for files without Content Credentials.
        styling: truncation and edits of all pictures.

    Raises:
        OutOfRange: its last seeds do not exist.
    """

    served: ModelInfo
    from_seed: int
    count: int
    resolution: int
    label: str | None
    image_format: str
    write_file: WriteFile
    signer: FileSigner | None = None
    styling: Styling = UNSTYLED

    @classmethod
    def requested(
        cls,
        served: ModelInfo,
        wanted: DatasetRequest,
        write_file: WriteFile,
        signer: FileSigner | None,
    ) -> Dataset:
        """Return the data set that a client asks for.

        Raises:
            OutOfRange: the model has no such resolution or class or takes no psi or edit, or there
                are no such seeds.
        """
        require_in_range("count", wanted.count, 1, MAX_DATASET_COUNT)
        require_in_range("from_seed", wanted.from_seed, 0, MAX_SEED)
        return cls(
            served,
            wanted.from_seed,
            wanted.count,
            served.resolution_for(wanted.resolution),
            served.label_for(wanted.label),
            wanted.image_format,
            write_file,
            signer,
            require_styling(served, wanted.psi, None, wanted.edits),
        )

    def __post_init__(self) -> None:
        last_first = MAX_SEED - self.count + 1
        if self.from_seed > last_first:
            message = (
                f"seeds end at {MAX_SEED}: ask for {MAX_SEED - self.from_seed + 1} pictures from "
                f"this one on, or begin at {last_first} or below"
            )
            raise OutOfRange("from_seed", message, {"ge": 0, "le": last_first})

    @property
    def seeds(self) -> range:
        """All seeds, in order."""
        return range(self.from_seed, self.from_seed + self.count)

    @property
    def pixel_bytes(self) -> int:
        """Bytes of the pixels of one picture."""
        height, width = self.served.size_at(self.resolution)
        card = self.served.card
        return height * width * card.network.channels * card.bit_depth // 8

    def recipe_of(self, seed: int) -> Recipe:
        """The recipe of the picture of a seed; its class is resolved."""
        served, resolution = self.served, self.resolution
        label = served.label_of(self.label, seed)
        watermark = watermark_at(served, resolution)
        point = point_of(seed)
        return Recipe(served.pinned_name, point, resolution, label, watermark, *self.styling)

    def recipes(self, seeds: Sequence[int]) -> list[Recipe]:
        """The recipes of several seeds, in order."""
        return [self.recipe_of(seed) for seed in seeds]

    def file_name(self, seed: int) -> str:
        """The name of a picture: it depends on its seed alone, so that parts fit together."""
        return f"{seed:06d}{FORMATS[self.image_format].extension}"

    def entry_of(self, seed: int, pixels: Pixels) -> PictureEntry:
        """The finished picture of a seed: the bytes that `GET /images/{seed}` gives.

        Raises:
            SigningFailed: it could not be signed.
        """
        recipe = self.recipe_of(seed)
        card, labels = self.served.card, self.served.card.labels
        file = self.write_file(recipe, card, pixels, self.image_format, self.signer)
        record = PictureRecord(
            file=self.file_name(seed),
            seed=str(seed),
            label=recipe.label,
            class_index=None if recipe.label is None else labels.index(recipe.label),
            pixel_sha256=file.pixel_sha256,
        )
        return PictureEntry(record, file.content)

    def description(self) -> Description:
        """Everything that the pictures have in common, and the range of seeds."""
        served, card = self.served, self.served.card
        height, width = served.size_at(self.resolution)
        return Description(
            layout=LAYOUT_VERSION,
            software=SOFTWARE,
            model=served.pinned_name,
            platform=served.mode.platform,
            resolution=self.resolution,
            width=width,
            height=height,
            channels=card.network.channels,
            label=self.label,
            labels=list(card.labels),
            image_format=self.image_format,
            watermark=watermark_at(served, self.resolution),
            licence=card.licence,
            credit=card.data.attribution,
            from_seed=str(self.from_seed),
            count=self.count,
            bit_depth=card.bit_depth,
            value_range=card.value_range,
            psi=None if self.styling.psi == 1.0 else self.styling.psi,
            edit=text_of_edits(self.styling.edits),
        )

    def etag(self, archive_format: str) -> str:
        """A validator for the bytes of its archive, quotes included; nothing is rendered.

        It is weak if the signer's signatures never repeat (RFC 9110, section 8.8.1).
        """
        first = self.recipe_of(self.from_seed)
        parts = (
            self.description().as_json().decode(),
            repr(sorted(file_facts([first], self.served.card).items())),
            archive_format,
            ENCODER_VERSION,
            *([self.signer.version] if self.signer else []),
        )
        digest = hashlib.sha256("|".join(parts).encode()).hexdigest()[:32]
        is_weak = self.signer is not None and not self.signer.is_repeatable
        return f'{"W/" if is_weak else ""}"{digest}"'


def require_in_range(parameter: str, value: int, low: int, high: int) -> None:
    """Check a number of a request.

    Raises:
        OutOfRange: it is below `low` or above `high`.
    """
    if not low <= value <= high:
        allowed = {"ge": low, "le": high}
        raise OutOfRange(parameter, f"it is {low} to {high}, not {value}", allowed)
