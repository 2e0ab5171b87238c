"""The catalogue: the models that clients may request, as a view of the registry.

Owns the states of a model and the resolution of names: `name`, `name@digest` and the default; also
the refused bundles with their reasons. Knows cards, but no weights.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from models.card import Card
from service.batching.engine import ModelInfo
from service.batching.translation import require_seeds, translates
from service.errors import NotReady, UnknownModel


class ModelState(Enum):
    """State of a model in the service."""

    CANDIDATE = "candidate"  # its bundle is being read and verified
    SERVING = "serving"
    RETIRING = "retiring"  # replaced or removed; requests for its pinned name are admitted
    CLOSED = "closed"  # admitted requests are finished, new ones are refused
    REFUSED = "refused"


@dataclass
class ModelEntry:
    """One model in the registry.

    Attributes:
        folder: folder of its bundle.
        info: None for a candidate and for a refused bundle.
        reason: reason of the refusal.
        since: clock time in seconds at which it retired.
    """

    folder: Path
    state: ModelState
    info: ModelInfo | None = None
    reason: str = ""
    since: float = 0.0


ATTEMPTS = (ModelState.CANDIDATE, ModelState.REFUSED)  # may exist beside a served model


@dataclass(frozen=True)
class Catalogue:
    """All models that can be served, by name.

    Attributes:
        models: served models by name.
        refused: reason why a bundle is not served, by the name of its folder.
        default: name of the model for requests that name none; a key of `models`, or None.
        retiring: models that were replaced or removed and are still available, by pinned name.
        no_default_reason: reason why there is no default, and the remedy.
    """

    models: Mapping[str, ModelInfo]
    refused: Mapping[str, str]
    default: str | None
    retiring: Mapping[str, ModelInfo] = field(default_factory=dict[str, ModelInfo])
    no_default_reason: str = ""

    def require_default(self) -> str:
        """The name of the default.

        Raises:
            NotReady: there is no default; the message states the reason.
        """
        if self.default is None:
            raise NotReady(self.no_default_reason, refused=dict(self.refused))
        return self.default

    def find_for_seeds(self, asked: str | None) -> ModelInfo:
        """The model for a request of pictures of seeds; see `find`.

        Raises:
            OutOfRange: the model translates pictures.
        """
        served = self.find(asked)
        require_seeds(served)
        return served

    def find_for_translation(self, asked: str | None) -> ModelInfo:
        """The model for a request that translates a picture; see `find`.

        Without a name, it is the translating model of the highest resolution.

        Raises:
            UnknownModel: none is named, and no model translates.
        """
        if asked is not None:
            return self.find(asked)
        cards = [info.card for info in self.models.values() if translates(info)]
        name = default_of(cards, None)
        if name is None:
            raise UnknownModel("no loaded model translates pictures", allowed=[])
        return self.models[name]

    def find(self, asked: str | None) -> ModelInfo:
        """The model for a request that names `name`, `name@digest` or nothing.

        Raises:
            UnknownModel: the model is not loaded, or has another digest.
            NotReady: the request names no model, and there is no default.
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
    """Build the catalogue from the entries of a registry.

    Args:
        entries: all entries; retiring ones in the order in which they retired.
        bundles: folders that contain bundles, for messages.
        wanted_default: configured name of the default model; None to choose one.
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
    """The name of a bundle's folder in messages: without its path if `bundles` is one folder."""
    return folder.name if len(bundles) == 1 else str(folder)


def default_of(models: Sequence[Card], wanted: str | None) -> str | None:
    """The name of the default: `wanted`, else the model of the highest resolution.

    Of several with this resolution it is the first by name. Models that translate pictures come
    after all that make pictures of seeds.

    Returns:
        None if there is no model, or if `wanted` is not among them.
    """
    names = [card.name for card in models]
    if wanted is not None:
        return wanted if wanted in names else None
    if not models:
        return None
    return min(
        models, key=lambda card: ("seed" not in card.takes, -card.resolutions[-1], card.name)
    ).name


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
