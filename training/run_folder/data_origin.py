"""Origin of the pictures of a run, stored beside its configuration.

Owns `data.json` in a run folder: the facts on the data set for the card, and the digest by which a
resumed run verifies that it trains on the same pictures.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from models.picture import BitDepth, ValueRange, require_depth
from training.atomic_folder import write_durably
from training.config.config import ConfigError
from training.data.stream import Prepared

ORIGIN_FILE = "data.json"


@dataclass(frozen=True)
class Origin:
    """Data set of a run.

    Attributes:
        digest: of the largest prepared array.
        labels: the names of its classes, in order; empty without classes.
        labels_digest: of the array of class numbers; empty without classes.
        bit_depth: of the pictures; this and the next are not written with 8 bits.
        value_range: values of the pixels 0 and 65,535; None with 8 bits.
    """

    name: str
    licence: str
    attribution: str
    images: int
    digest: str
    labels: tuple[str, ...] = ()
    labels_digest: str = ""
    bit_depth: BitDepth = 8
    value_range: ValueRange | None = None

    def to_json(self) -> str:
        """The text of `data.json`."""
        values = asdict(self)
        if self.bit_depth == 8:
            del values["bit_depth"], values["value_range"]
        return json.dumps(values, indent=2, ensure_ascii=False) + "\n"


def keep_origin(run: Path, prepared: Prepared) -> None:
    """Write the origin into a new run; for an existing one, check that the pictures are the same.

    Raises:
        ConfigError: the run was started with other pictures.
    """
    source, labels = prepared.manifest.source, prepared.manifest.labels
    origin = Origin(
        source.name,
        source.licence,
        source.attribution,
        prepared.count,
        prepared.digest,
        prepared.manifest.label_names,
        labels.sha256 if labels else "",
        prepared.bit_depth,
        prepared.manifest.value_range,
    )
    path = run / ORIGIN_FILE
    if not path.exists():
        partial = path.with_suffix(".partial")
        write_durably(partial, origin.to_json())
        partial.replace(path)
    elif not _same_pictures(read_origin(run), origin):
        raise ConfigError(
            f"{run} was begun with other pictures than those in {prepared.folder}: give it the "
            "same --data to go on, or choose another --run"
        )


def read_origin(run: Path) -> Origin:
    """Read the origin of a run.

    Raises:
        ConfigError: it is missing or cannot be read.
    """
    path = run / ORIGIN_FILE
    try:
        origin = Origin(**json.loads(path.read_text(encoding="utf-8")))
        low_and_high = tuple(origin.value_range) if origin.value_range else None
        origin = replace(origin, labels=tuple(origin.labels), value_range=low_and_high)
        require_depth(origin.bit_depth, 1, origin.value_range)
        return origin
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise ConfigError(f"{path} cannot be read: {error}") from error


def _same_pictures(before: Origin, now: Origin) -> bool:
    """True if pictures, their values and classes are equal; early runs have no class fields."""
    if before.value_range != now.value_range:
        return False
    if not before.labels_digest:
        return before.digest == now.digest
    return (before.digest, before.labels_digest, before.labels) == (
        *(now.digest, now.labels_digest, now.labels),
    )
