"""Models without a running service: each is loaded from its bundle when it is first needed.

Owns the search for the bundle of a name, and the device. Importing this module does not import
torch, which takes seconds: files that state no recipe are judged without it.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from models.picture import Pixels
from service.batching.engine import BundleRefused, ModelInfo
from service.batching.recipe import Recipe
from service.engine.torch_engine import Timings
from service.engine_setup import open_torch_models
from service.errors import UnknownModel
from service.registry.watcher import bundle_folders, model_name_in
from service.settings import Settings

if TYPE_CHECKING:
    from service.engine.torch_models import TorchModels


class LocalModels:
    """The models in the folders of the settings."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._models: TorchModels | None = None
        self._served: dict[Path, ModelInfo] = {}

    def find(self, asked: str) -> ModelInfo:
        """Load the model `name` or `name@digest`.

        Raises:
            UnknownModel: there is no such bundle, or it cannot be used.
        """
        name, pinned, digest = asked.partition("@")
        folders = {
            folder: model_name_in(folder)
            for bundles in self._settings.bundles
            for folder in bundle_folders(bundles)
        }
        found = [folder for folder, known in folders.items() if known == name]
        if not found:
            names = sorted(known for known in folders.values() if known)
            where = ", ".join(map(str, self._settings.bundles))
            raise UnknownModel(f"{where} holds no bundle {name!r}; it holds {', '.join(names)}")
        served = self._load(found[0])
        if pinned and digest != served.card.weights_sha256:
            raise UnknownModel(f"the bundle {name!r} has another digest: {served.pinned_name}")
        return served

    def render(self, recipes: Sequence[Recipe]) -> list[Pixels]:
        """Render recipes of one loaded model."""
        assert self._models is not None, "find the model first"
        return self._models.render_batch(recipes)

    def _load(self, folder: Path) -> ModelInfo:
        if folder not in self._served:
            self._models = self._models or open_torch_models(self._settings)
            try:
                model = self._models.load(folder, Timings().add)
            except BundleRefused as error:
                raise UnknownModel(str(error)) from error
            self._models.activate(model)
            self._served[folder] = model.served
        return self._served[folder]
