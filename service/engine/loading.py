"""From the folder of a bundle to a model that can be served.

Owns the order of things: read, prepare, prove. Knows neither the other models nor who serves them.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from models.bundle import BundleError, load_bundle
from models.pixels import Pixels
from service.catalogue import EngineMode, Served
from service.engine.device import libraries_of
from service.engine.exactness import exact_form, ladder, single_form
from service.engine.form import Form, eager_form
from service.engine.proof import is_batch_invariant, probes_of, prove_golden
from service.engine.rendering import latents_of, render
from service.recipe import Recipe, point_of

LARGEST_CPU_STEP = 4  # images; every size is tried at load, and a few fill a CPU

log = logging.getLogger(__name__)

Learn = Callable[[Sequence[Recipe], float], None]


@dataclass(frozen=True)
class LoadedModel:
    """A network ready to run, and what is told of it."""

    form: Form
    served: Served

    def render(self, recipes: Sequence[Recipe]) -> list[Pixels]:
        """The images of a batch of this model."""
        try:
            return render(self.form, self.served.card.network.latent_size, recipes)
        except torch.OutOfMemoryError as error:
            raise MemoryError(str(error)) from error  # a name that rooms without torch know


def load_model(folder: Path, device: torch.device, max_batch: int, learn: Learn) -> LoadedModel:
    """Read, prepare and prove one bundle.

    Raises:
        BundleError: it cannot be used, or does not make the pictures its card promises.
    """
    bundle = load_bundle(folder)
    card = bundle.card
    if card.labels:
        raise BundleError(f"{folder}: models with labels need a newer release of the service")
    generator = bundle.generator
    form = eager_form(generator.stem, generator.levels, generator.exits, device)
    mode = EngineMode(str(device), form.precision, libraries_of(device))
    model = LoadedModel(form, Served(card, mode))

    report = prove_golden(card, model.render)
    log.info("%s: %d of %d golden seeds equal byte for byte", card.name, report.equal, report.tried)
    if not report.tried:
        log.warning("%s has no golden seeds: its pictures are not proved", card.name)
    return make_exact(model, max_batch, learn)


def make_exact(model: LoadedModel, max_batch: int, learn: Learn) -> LoadedModel:
    """The model in a form whose pictures do not depend on their batch, proved by trying."""
    card = model.served.card
    on_cpu = model.form.device.type == "cpu"
    sizes = ladder(min(max_batch, LARGEST_CPU_STEP) if on_cpu else max_batch)
    points = [point_of(seed) for seed in range(max(sizes, default=1))]
    with torch.inference_mode():
        latents = latents_of(points, card.network.latent_size).to(model.form.device)
        exact = replace(model, form=exact_form(model.form, latents, sizes))

    def timed(recipes: Sequence[Recipe]) -> list[Pixels]:
        began = time.monotonic()
        images = exact.render(recipes)
        learn(recipes, time.monotonic() - began)
        return images

    if is_batch_invariant(probes_of(card, max_batch), timed):
        return exact
    log.error("%s: a picture depends on its batch here; serving batches of one", card.name)
    mode = replace(model.served.mode, exact=False)
    return LoadedModel(single_form(model.form), Served(card, mode))
