"""An engine that a test has opened, and what it was told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from models.picture import Pixels
from service.batching.engine import BundleRefused, ModelInfo
from service.batching.recipe import Recipe
from service.engine.torch_models import TorchModels, open_models
from service.registry.watcher import bundle_folders


@dataclass(frozen=True)
class Opened:
    """The bundles of a folder, loaded one after another.

    Attributes:
        refused: why a bundle was not loaded, by its folder's name.
    """

    models: TorchModels
    refused: dict[str, str]

    def served(self) -> list[ModelInfo]:
        """The description of each model."""
        return [model.served for model in self.models.loaded.values()]

    def render(self, recipes: Sequence[Recipe]) -> list[Pixels]:
        """The images of a batch."""
        return self.models.render_batch(recipes)


def opened(folder: Path, learned: list[float] | None = None) -> Opened:
    """The models of `folder` on the CPU."""

    def learn(_recipes: Sequence[Recipe], seconds: float) -> None:
        if learned is not None:
            learned.append(seconds)

    models = open_models(device="cpu", threads=1, max_batch=4, max_work_s=1.0, precision="fp32")
    refused: dict[str, str] = {}
    for bundle in bundle_folders(folder):
        try:
            models.activate(models.load(bundle, learn))
        except BundleRefused as error:
            refused[bundle.name] = str(error)
    return Opened(models, refused)


def unlearned(_recipes: Sequence[Recipe], _seconds: float) -> None:
    """Nobody learns how long it took."""
