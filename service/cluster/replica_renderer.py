"""The renderer of a replica: an engine of its own, and a catalogue that knows the other replicas.

Owns the answer for a model that another replica serves already, and the refusal of everything by a
replica that makes other pictures than the first one. Knows no Ray.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

from service.batching.engine import ModelInfo
from service.cluster.replica_state import ReplicaState
from service.engine_setup import OpenEngine
from service.errors import NotReady, UnknownModel
from service.garbage_collection import settle_objects
from service.local_renderer import LocalRenderer
from service.operations.metrics import Metrics
from service.registry.catalogue import Catalogue
from service.settings import Settings

ARRIVES_S = 1  # seconds after which another replica may be asked, or this one again


@dataclass(frozen=True)
class ReplicaCatalogue(Catalogue):
    """A catalogue of one of several replicas, which find a changed bundle one after another.

    Attributes:
        elsewhere: pinned names of the models that any replica serves.
    """

    elsewhere: frozenset[str] = frozenset()

    def find(self, asked: str | None) -> ModelInfo:
        """The model for a request.

        Raises:
            NotReady: this replica has not loaded it yet, or no longer has it, and another has.
            UnknownModel: no replica serves it.
        """
        try:
            return super().find(asked)
        except UnknownModel:
            if asked not in self.elsewhere:
                raise
            raise NotReady(
                f"{asked} is served by another replica and not by this one: send the request again",
                retry_after_s=ARRIVES_S,
            ) from None


class ReplicaRenderer(LocalRenderer):
    """Implements `service.rendering.renderer.Renderer` for a replica.

    Args:
        state: tells of the other replicas.
    """

    def __init__(
        self, settings: Settings, open_engine: OpenEngine, metrics: Metrics, state: ReplicaState
    ) -> None:
        super().__init__(settings, open_engine, metrics, settle_objects, state.approve)
        self._state = state
        self._known: tuple[Catalogue, ReplicaCatalogue] | None = None

    @property
    def catalogue(self) -> Catalogue:
        """The models that can be rendered now; raises `NotReady` if there is none."""
        if self._state.fault is not None:
            raise NotReady(self._state.fault)
        own, elsewhere = super().catalogue, self._state.elsewhere
        if self._known and self._known[0] is own and self._known[1].elsewhere is elsewhere:
            return self._known[1]
        values = {each.name: getattr(own, each.name) for each in fields(Catalogue)}
        self._known = (own, ReplicaCatalogue(**values, elsewhere=elsewhere))
        return self._known[1]
