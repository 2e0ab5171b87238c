"""Where the pictures of a run came from, kept beside its configuration.

Owns `data.json` in a run folder: what the card will say of the data, and the digest by which a
resumed run knows that it sees the same pictures.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from training.config import ConfigError
from training.data import Prepared

ORIGIN_FILE = "data.json"


@dataclass(frozen=True)
class Origin:
    """The data set of a run; `digest` is that of the largest prepared array."""

    name: str
    licence: str
    attribution: str
    images: int
    digest: str


def keep_origin(run: Path, prepared: Prepared) -> None:
    """Write down the origin in a new run; in an old one it must be the same pictures.

    Raises:
        ConfigError: the run was begun with other pictures.
    """
    source = prepared.manifest.source
    origin = Origin(
        source.name, source.licence, source.attribution, prepared.count, prepared.digest
    )
    path = run / ORIGIN_FILE
    if not path.exists():
        partial = path.with_suffix(".partial")
        text = json.dumps(asdict(origin), indent=2, ensure_ascii=False) + "\n"
        partial.write_text(text, encoding="utf-8")
        partial.replace(path)
    elif read_origin(run).digest != origin.digest:
        raise ConfigError(
            f"{run} was begun with other pictures than those in {prepared.folder}: give it the "
            "same --data to go on, or choose another --run"
        )


def read_origin(run: Path) -> Origin:
    """The origin of a run.

    Raises:
        ConfigError: it is missing or cannot be read.
    """
    path = run / ORIGIN_FILE
    try:
        return Origin(**json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise ConfigError(f"{path} cannot be read: {error}") from error
