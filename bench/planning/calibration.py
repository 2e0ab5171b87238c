"""Measurement of service times: the network in batches, HTTP and encoding of one picture.

Owns the measurements and the fit. Times are processor time, of which the least of some rounds
counts, since other programs on the machine only add to it. Knows no simulation.
"""

from __future__ import annotations

import os
import platform
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from bench.front import PICTURES_OF, SHIPPED, measure
from bench.paced.pictures import sized_pictures
from bench.paced.process import PacedService, Used, paced_service
from bench.paced.saturation import BATCH, DEVICE
from bench.planning.simulation import PictureTimes
from bench.planning.times import COMMAND, MeasuredTimes
from service.batching.recipe import Recipe, point_of
from service.engine.torch_models import open_models

SIZES = (64, 256)  # pixels
BATCHES = (1, 2, 4, 8)  # pictures
ROUNDS = 20
WINDOWS, WINDOW_S = 8, 0.5


def calibrate() -> MeasuredTimes:
    """Measure all times on this machine; takes about a minute of processor time."""
    batches, fronts = batch_times(), front_times()
    times: dict[int, PictureTimes] = {}
    for size, used in fronts.items():
        batch_s, each_s = fit(batches[size])
        http_s = (used.http + used.hand_over + used.other) / 1000
        times[size] = PictureTimes(http_s, batch_s, each_s, used.encoding / 1000)
    return MeasuredTimes(command=COMMAND, machine=machine(), model=PICTURES_OF, pictures=times)


def front_times() -> dict[int, Used]:
    """Processor milliseconds of a signed PNG beside the network, by resolution."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / PICTURES_OF).symlink_to(SHIPPED / PICTURES_OF)
        pictures = sized_pictures(Path(folder), SIZES)
    with (
        tempfile.TemporaryDirectory() as folder,
        paced_service(Path(folder), DEVICE, pictures, max_batch=BATCH) as service,
    ):
        return {size: least_used(service, size) for size in SIZES}


def least_used(service: PacedService, size: int) -> Used:
    """The window of a closed loop in which a picture took least processor time."""
    windows = [measure(service, size, "png", WINDOW_S, credentials=True).ms for _ in range(WINDOWS)]
    return min(windows, key=lambda used: used.total)


def batch_times() -> dict[int, dict[int, float]]:
    """Processor seconds of a batch, by resolution and number of pictures; one kernel thread."""
    models = open_models(
        device="cpu", threads=1, max_batch=max(BATCHES), max_work_s=1.0, precision="fp32"
    )
    model = models.load(SHIPPED / PICTURES_OF, lambda _recipes, _seconds: None)
    models.activate(model)
    name = model.served.card.pinned_name

    def render(size: int, count: int) -> Callable[[], object]:
        recipes = [Recipe(name, point_of(seed), size) for seed in range(count)]
        return lambda: models.render_batch(recipes)

    return {
        size: {count: least_seconds(render(size, count)) for count in BATCHES} for size in SIZES
    }


def least_seconds(work: Callable[[], object], rounds: int = ROUNDS) -> float:
    """The least processor time of some rounds of `work`, after one to warm up."""
    work()
    taken: list[float] = []
    for _ in range(rounds):
        began = time.process_time()
        work()
        taken.append(time.process_time() - began)
    return min(taken)


def fit(seconds: Mapping[int, float]) -> tuple[float, float]:
    """Fit `batch + each * count` by least squares; neither is negative.

    Args:
        seconds: duration of a batch by its number of pictures.

    Returns:
        Seconds of a batch, and of each of its pictures.
    """
    counts = np.array(list(seconds), float)
    took = np.array(list(seconds.values()))
    each, batch = np.polyfit(counts, took, 1)
    if batch < 0:
        return 0.0, float((counts * took).sum() / (counts**2).sum())
    return float(batch), max(0.0, float(each))


def machine() -> str:
    """Describe the machine and its load."""
    cores = len(os.sched_getaffinity(0))
    load = os.getloadavg()[0]
    return f"{processor()}, {cores} cores, load average {load:.1f}"


def processor() -> str:
    """Name the processor, as Linux does."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.exists() else []
    names = [line.partition(": ")[2] for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
