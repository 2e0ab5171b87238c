"""Which models are loaded, and which one a client means.

Owns the names: `name`, `name@digest`, the default, and what was refused and why. Knows cards,
never weights.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from models.card import Card
from service.batching.engine import ModelInfo
from service.errors import NotReady, UnknownModel


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
    retiring: Mapping[str, ModelInfo] = field(default_factory=dict[str, ModelInfo])
    no_default_reason: str = ""

    def require_default(self) -> str:
        """The name of the default.

        Raises:
            NotReady: there is none, and why.
        """
        if self.default is None:
            raise NotReady(self.no_default_reason, refused=dict(self.refused))
        return self.default

    def find(self, asked: str | None) -> ModelInfo:
        """The model a client means by `name`, `name@digest` or nothing.

        Raises:
            UnknownModel: it is not loaded, or not with that digest.
            NotReady: none was named and there is no default.
        """
        asked = asked or self.require_default()
        if asked in self.retiring:
            return self.retiring[asked]
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
