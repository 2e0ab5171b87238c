"""Loading: from the folder of a bundle to a model that can be served.

Owns the order of the steps: read, compile, verify. Knows neither other models nor the callers that
serve them.
"""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from models.bundle import load_bundle
from models.card import Card
from models.picture import Pixels, pixel_sha256
from service.batching.engine import EngineMode, ModelInfo
from service.batching.recipe import Recipe, point_of
from service.engine.backends.eager import CompiledNetwork
from service.engine.backends.select import select_backend
from service.engine.device import Target, libraries_of, processor_of
from service.engine.device_errors import fault_of, free_memory
from service.engine.entry_vectors import EntryVectors
from service.engine.exactness import exact_network, ladder, single_image_network
from service.engine.fixed_batch import (
    fixed_batch_network,
    largest_batches,
    probe_count,
    slot_independent_network,
)
from service.engine.picture_marker import PictureMarker
from service.engine.rendering import render_network
from service.engine.self_test import (
    BrokenPromiseError,
    GoldenReport,
    is_batch_invariant,
    probe_psi,
    probes_of,
    verify_golden,
)
from service.engine.streams import no_capture

LARGEST_CPU_STEP = 8  # images; each size is tried at load, and small batches fill a CPU

log = logging.getLogger(__name__)

Learn = Callable[[Sequence[Recipe], float], None]


@dataclass(frozen=True)
class LoadedModel:
    """A network that is ready to run, and its description for the rest of the service."""

    network: CompiledNetwork
    served: ModelInfo
    entry: EntryVectors
    marker: PictureMarker | None = None

    def render_batch(self, recipes: Sequence[Recipe]) -> list[Pixels]:
        """Render a batch of recipes of this model.

        Raises:
            MemoryError: there is not enough memory for a batch of this size.
            DeviceLost: the device is unusable for this process.
        """
        try:
            depth = self.served.card.bit_depth
            with no_capture(self.network.device):
                return render_network(self.network, self.entry, recipes, self.marker, depth)
        except Exception as error:
            if (fault := fault_of(error)) is None:
                raise
        free_memory()  # only here: the error, which held the batch's tensors, is gone
        raise fault


def load_model(folder: Path, target: Target, max_batch: int, learn: Learn) -> LoadedModel:
    """Read, compile and verify one bundle.

    If its golden seeds fit its card in fp32 but not in bf16, it is served in fp32. So is a model of
    16 bits: a number in bf16 has 8 significant bits.

    Raises:
        BundleError: it cannot be used, or does not make the pictures that its card promises.
    """
    try:
        return _load_in_precision(folder, target, max_batch, learn)
    except BrokenPromiseError as error:
        if target.precision == "fp32":
            raise
        log.warning("%s is too coarse, so fp32 is tried: %s", target.precision, error)
        return _load_in_precision(folder, replace(target, precision="fp32"), max_batch, learn)


def _load_in_precision(folder: Path, target: Target, max_batch: int, learn: Learn) -> LoadedModel:
    bundle = load_bundle(folder)
    card = bundle.card
    if card.bit_depth == 16:
        target = replace(target, precision="fp32")
    size_at = bundle.generator.config.size_at
    entry = EntryVectors(
        bundle.generator.entrance, card.labels, card.network.channels, bundle.directions
    )
    network = select_backend(bundle.generator, target)
    if network.fixed_batches:
        network = fixed_batch_network(network, size_at, max_batch)
    libraries = f"{libraries_of(target)}, {network.engine}"
    mode = EngineMode(
        str(target.device), network.precision, libraries, processor=processor_of(target)
    )
    model = LoadedModel(network, ModelInfo(card, mode), entry)

    report = verify_golden(card, model.render_batch)
    _log_golden(card, report, mode)
    if not (0 < report.tried == report.equal or _is_thread_invariant(model, folder, target)):
        libraries += f", threads {target.threads}"
    mode = replace(mode, libraries=libraries, golden_tried=report.tried, golden_equal=report.equal)
    return make_exact(replace(model, served=ModelInfo(card, mode)), max_batch, learn)


def _log_golden(card: Card, report: GoldenReport, mode: EngineMode) -> None:
    """Log how many golden seeds are equal to those of the export, and if a difference is normal."""
    equal = f"{card.name}: {report.equal} of {report.tried} golden seeds equal byte for byte"
    if not report.tried:
        log.warning("%s has no golden seeds: its pictures are not proved", card.name)
    elif report.equal == report.tried:
        log.info("%s", equal)
    else:
        log.info(
            "%s, the others within rounding: normal on another kind of processor or with other "
            "libraries than at export (here %s)",
            equal,
            mode.platform,
        )


def _is_thread_invariant(model: LoadedModel, folder: Path, target: Target) -> bool:
    """True if a single thread makes the same pictures, tested on one picture of each resolution.

    Engines with different numbers of threads then agree with each other, because each agrees with
    a single thread, and HTTP validators need not contain the number of threads.
    """
    if target.threads == 1 or target.device.type != "cpu":
        return True
    network = select_backend(load_bundle(folder).generator, replace(target, threads=1))
    single = replace(model, network=network)
    card = model.served.card
    return all(
        np.array_equal(single.render_batch([probe])[0], model.render_batch([probe])[0])
        for probe in probes_of(card, len(card.resolutions))
    )


def sizes_to_try(network: CompiledNetwork, max_batch: int) -> tuple[int, ...]:
    """Return the batch sizes to try for exactness, largest first, without 1.

    In bf16 there are none: rounding hides a different order of summation in nearly all images (it
    was visible in two of 2,000), so a trial verifies nothing. Batches of one are exact by
    construction.
    """
    if network.precision != "fp32":
        return ()
    return ladder(min(max_batch, LARGEST_CPU_STEP) if network.device.type == "cpu" else max_batch)


def _exact_by_trial(model: LoadedModel, max_batch: int) -> CompiledNetwork:
    """Restrict each step of a network to what a trial shows to be exact."""
    card, network = model.served.card, model.network
    sizes = sizes_to_try(network, max_batch)
    count = probe_count(network, max_batch) if network.fixed_batches else max(sizes, default=1)
    name, top = card.pinned_name, card.resolutions[-1]
    probes = [Recipe(name, point_of(seed), top, psi=probe_psi(card, seed)) for seed in range(count)]
    torch.set_num_threads(network.torch_threads)  # as in `render_network`
    with torch.inference_mode(), no_capture(network.device):
        entries = model.entry.of(probes).to(network.device)
        if network.fixed_batches:
            return slot_independent_network(network, entries)
        largest = largest_batches(network, card.network.size_at, max_batch)
        return exact_network(network, entries, sizes, largest)


def make_exact(model: LoadedModel, max_batch: int, learn: Learn) -> LoadedModel:
    """Restrict a model to batch sizes at which pictures do not depend on their batch, by trial."""
    card = model.served.card
    exact = replace(model, network=_exact_by_trial(model, max_batch))

    digests: dict[int, str] = {}  # by resolution, of the first picture alone

    def timed(recipes: Sequence[Recipe]) -> list[Pixels]:
        began = time.monotonic()
        images = exact.render_batch(recipes)
        learn(recipes, time.monotonic() - began)
        if len(recipes) == 1 and recipes[0].resolution not in digests:
            digests[recipes[0].resolution] = pixel_sha256(images)
        return images

    is_exact = is_batch_invariant(probes_of(card, max_batch), timed)
    self_test = hashlib.sha256("".join(digests.values()).encode()).hexdigest()
    model = replace(model, served=replace(model.served, self_test=self_test))
    if is_exact:
        return replace(model, network=exact.network)
    log.error("%s: a picture depends on its batch here; serving batches of one", card.name)
    mode = replace(model.served.mode, exact=False)
    served = replace(model.served, mode=mode)
    return replace(model, network=single_image_network(model.network), served=served)
