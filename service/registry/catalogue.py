"""The catalogue: what clients may ask for, as a view of the registry of models.

Owns the states of a model, and names: `name`, `name@digest`, the default, and what was refused and
why. Knows cards, never weights.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from models.card import Card
from service.batching.engine import ModelInfo
from service.errors import NotReady, UnknownModel


class ModelState(Enum):
    """Where a model is on its way through the service."""

    CANDIDATE = "candidate"  # its bundle is being read and verified
    SERVING = "serving"
    RETIRING = "retiring"  # no folder holds it any more; it answers to its pinned name
    CLOSED = "closed"  # it finishes what is under way and takes nothing new
    REFUSED = "refused"


@dataclass
class ModelEntry:
    """One model in the registry.

    Attributes:
        folder: of its bundle.
        info: None for a candidate, and for a bundle that was refused.
        reason: why it was refused.
        since: the clock's time in seconds at which it retired.
    """

    folder: Path
    state: ModelState
    info: ModelInfo | None = None
    reason: str = ""
    since: float = 0.0


ATTEMPTS = (ModelState.CANDIDATE, ModelState.REFUSED)  # what a folder gives beside its model


@dataclass(frozen=True)
class Catalogue:
    """All that can be served, by name.

    Attributes:
        models: by name.
        refused: why a bundle is not served, by the name of its folder.
        default: name of the model of a request that names none; one of `models`, or None.
        retiring: by pinned name, digests that were replaced or removed and are still loaded.
        no_default_reason: why there is no default, and what to do.
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


def view_of(
    entries: Sequence[ModelEntry], bundles: Sequence[Path], wanted_default: str | None
) -> Catalogue:
    """The catalogue of a registry.

    Args:
        entries: all models, the retiring ones in the order in which they retired.
        bundles: the folders that hold bundles, for messages.
        wanted_default: name of the model of requests that name none; None to choose.
    """
    infos = {
        state: [each.info for each in entries if each.state is state and each.info]
        for state in ModelState
    }
    models = {info.card.name: info for info in infos[ModelState.SERVING]}
    refused = {
        label_of_folder(each.folder, bundles): each.reason
        for each in entries
        if each.state is ModelState.REFUSED
    }
    default = default_of([info.card for info in models.values()], wanted_default)
    return Catalogue(
        dict(sorted(models.items())),
        dict(sorted(refused.items())),
        default,
        retiring={info.pinned_name: info for info in infos[ModelState.RETIRING]},
        no_default_reason=""
        if default
        else _why_no_default(sorted(models), refused, bundles, wanted_default),
    )


def label_of_folder(folder: Path, bundles: Sequence[Path]) -> str:
    """The name of a bundle's folder in messages: its own where all lie in one folder."""
    return folder.name if len(bundles) == 1 else str(folder)


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


def _why_no_default(
    loaded: Sequence[str],
    refused: Mapping[str, str],
    bundles: Sequence[Path],
    wanted_default: str | None,
) -> str:
    where = " or ".join(map(str, bundles))
    if loaded:
        return f"PROGAN_DEFAULT_MODEL is {wanted_default!r}, loaded are {', '.join(loaded)}"
    if refused:
        return f"every bundle in {where} was refused: {'; '.join(refused.values())}"
    return (
        f"there is no bundle in {where}: put one there, or set PROGAN_BUNDLES to a folder that "
        "holds some"
    )
