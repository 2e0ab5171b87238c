"""Speed: the engine beside eager PyTorch, and a training step beside that of pro-gan-pth."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import torch

from bench.device_checks.finding import Budget, Finding, synchronise, while_time
from bench.learning.noise import write_noise
from bench.learning.peer import is_installed, load, step_of
from bench.learning.rounds import our_step, race, their_step
from bench.learning.settings import same_loss
from bench.rivals.networks import WIDTHS
from models.bundle import load_bundle
from models.families.progan.config import ProganConfig
from service.batching.recipe import Recipe, point_of
from service.engine.backends.eager import eager_network
from service.engine.loading import LoadedModel
from service.engine.rendering import render_network
from service.engine.torch_models import TorchModels

WARM_UP = 3
NOISE = 256  # pictures


def engine_beside_eager(
    models: TorchModels, model: LoadedModel, folder: Path, rounds: int, budget: Budget
) -> Finding:
    """Measure full batches at the largest resolution, by the engine and by eager PyTorch."""
    card, device = model.served.card, models.target.device
    eager = eager_network(load_bundle(folder).generator, device, models.target.threads)
    top = card.resolutions[-1]
    recipes = [Recipe(card.pinned_name, point_of(n), top) for n in range(models.max_batch)]

    def plainly() -> object:
        return render_network(eager, model.entry, recipes, None, card.bit_depth)

    ours, theirs = seconds_of(
        [lambda: models.render_batch(recipes), plainly], device, rounds, budget
    )
    told = (
        f"{len(recipes) / ours:,.1f} pictures a second of {top} px, eager "
        f"{len(recipes) / theirs:,.1f}: {theirs / ours:.2f} times as fast"
    )
    return Finding(f"{card.name}: engine beside eager", told)


def seconds_of(
    jobs: list[Callable[[], object]], device: torch.device, rounds: int, budget: Budget
) -> list[float]:
    """Return the shortest time of each job, run in turns."""
    best = [float("inf")] * len(jobs)
    for job in jobs:
        for _ in range(WARM_UP):
            job()
    for _ in while_time(budget, rounds):
        for place, job in enumerate(jobs):
            synchronise(device)
            began = time.perf_counter()
            job()
            synchronise(device)
            best[place] = min(best[place], time.perf_counter() - began)
    return best


def training_step(
    device: torch.device,
    folder: Path,
    batch: int,
    rounds: int,
    steps: int,
    network: ProganConfig = WIDTHS,
) -> Finding:
    """Measure steps with the same network and loss, ours and, where installed, the peer's.

    Args:
        device: of both.
        folder: where the peer may be installed.
        batch: images in a step.
        rounds: of steps in turns.
        steps: of each in a round.
        network: its shape.
    """
    with tempfile.TemporaryDirectory() as scratch:
        prepared = write_noise(Path(scratch) / "noise", network.resolution, NOISE, network.channels)
        ours = our_step(same_loss(network, batch), prepared, device)
        contenders = {"ours": ours}
        if is_installed(folder):
            theirs = step_of(load(folder), network, device)
            step = their_step(theirs, prepared, network.resolution, batch, device)
            contenders = {"pro-gan-pth": step, **contenders}
        rows = race(contenders, rounds, steps, batch, lambda: synchronise(device))
    mine = rows[-1]
    told = f"{mine.best:,.1f} images a second at {network.resolution} px"
    if len(rows) > 1:
        told += f", pro-gan-pth {rows[0].best:,.1f}: {mine.speedup:.2f} times as fast"
    else:
        told += "; pro-gan-pth is not installed (python -m bench.training --only rival does it)"
    return Finding("training step, the loss of pro-gan-pth, fp32", told)
