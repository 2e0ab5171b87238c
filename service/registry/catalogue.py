"""Which models are loaded, and which one a client means.

Owns the names: `name`, `name@digest`, the default, and what was refused and why. Knows cards,
never weights.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from models.card import Card
from models.families.progan.config import Size
from models.latent import label_of
from service.errors import NotReady, OutOfRange, UnknownModel


class Unfit(Exception):
    """A bundle that is not served; the message says what is wrong with it and what to do.

    Attributes:
        passing: whether the same files may do another time, as after an error of the disk.
    """

    def __init__(self, reason: str, *, passing: bool = False) -> None:
        super().__init__(reason)
        self.passing = passing


@dataclass(frozen=True)
class EngineMode:
    """How a model's numbers are computed; part of what makes bytes equal.

    Attributes:
        device: `cpu` or `cuda:0`, and so on.
        precision: the number format, `fp32` or `bf16`.
        libraries: names and versions whose change may change a last bit.
        exact: whether the start-up test found that a picture does not depend on its batch.
    """

    device: str
    precision: str
    libraries: str
    exact: bool = True


@dataclass(frozen=True)
class ModelInfo:
    """One loaded model."""

    card: Card
    mode: EngineMode

    @property
    def pinned_name(self) -> str:
        """`name@digest`."""
        return self.card.pinned_name

    def resolution_for(self, asked: int | None) -> int:
        """The resolution to render; the largest where none was asked for.

        Raises:
            OutOfRange: the model does not have it.
        """
        allowed = self.card.resolutions
        if asked is None:
            return allowed[-1]
        if asked not in allowed:
            names = ", ".join(map(str, allowed))
            message = f"{self.card.name} has no {asked}; it has {names}"
            raise OutOfRange("resolution", message, allowed)
        return asked

    def size_at(self, resolution: int) -> Size:
        """Height and width in pixels of its pictures at a resolution."""
        return self.card.network.size_at(resolution)

    def label_for(self, asked: str | None) -> str | None:
        """The class that was asked for; None where none was.

        Raises:
            OutOfRange: the model has no such class, or none at all.
        """
        labels = self.card.labels
        if asked is None:
            return None
        if asked not in labels:
            has = f"it has {', '.join(labels)}" if labels else "it has no labels: leave label out"
            raise OutOfRange("label", f"{self.card.name} has no {asked!r}; {has}", labels)
        return asked

    def label_of(self, asked: str | None, seed: int) -> str | None:
        """The class of the picture of `seed`: the one asked for, else the seed's own.

        Returns:
            None where the model has no classes.

        Raises:
            OutOfRange: the model has no such class, or none at all.
        """
        labels = self.card.labels
        label = self.label_for(asked)
        return labels[label_of(seed, len(labels))] if labels and label is None else label


@dataclass(frozen=True)
class Catalogue:
    """All that can be served, by name.

    Attributes:
        models: by name.
        refused: why a bundle is not served, by the name of its folder.
        default: name of the model of a request that names none; one of `models`, or None.
        leaving: by pinned name, digests that were replaced or removed and are still loaded.
        lacking: why there is no default, and what to do.
    """

    models: Mapping[str, ModelInfo]
    refused: Mapping[str, str]
    default: str | None
    leaving: Mapping[str, ModelInfo] = field(default_factory=dict[str, ModelInfo])
    lacking: str = ""

    def require_default(self) -> str:
        """The name of the default.

        Raises:
            NotReady: there is none, and why.
        """
        if self.default is None:
            raise NotReady(self.lacking, refused=dict(self.refused))
        return self.default

    def find(self, asked: str | None) -> ModelInfo:
        """The model a client means by `name`, `name@digest` or nothing.

        Raises:
            UnknownModel: it is not loaded, or not with that digest.
            NotReady: none was named and there is no default.
        """
        asked = asked or self.require_default()
        if asked in self.leaving:
            return self.leaving[asked]
        name, pinned, digest = asked.partition("@")
        served = self.models.get(name)
        if served is None:
            allowed = sorted(self.models)
            loaded = ", ".join(allowed) or "none"
            raise UnknownModel(
                f"model {name!r} is not loaded; loaded are {loaded}", allowed=allowed
            )
        if pinned and digest != served.card.weights_sha256:
            raise UnknownModel(
                f"model {name!r} is loaded with another digest: {served.pinned_name}",
                allowed=[served.pinned_name],
            )
        return served


def default_of(models: Sequence[Card], wanted: str | None) -> str | None:
    """The name of the default: the wanted one, else the largest `personas-*`, else the first.

    Returns:
        None where there is no model, or not the wanted one.
    """
    names = sorted(card.name for card in models)
    if wanted is not None:
        return wanted if wanted in names else None
    personas = [card for card in models if card.name.startswith("personas-")]
    if personas:
        return max(personas, key=lambda card: (card.resolutions[-1], card.name)).name
    return names[0] if names else None
