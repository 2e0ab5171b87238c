"""The promise of a seed through processes: two front ends, one engine, the same bytes as alone."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx2
import pytest

from models.picture import pixel_sha256
from service.batching.recipe import Recipe, point_of
from service.engine.torch_models import open_models
from tests.journeys.server import PATIENCE_S, Server

SEEDS = 60
CLIENTS = 12


def alone(bundles: Path) -> dict[tuple[int, int], str]:
    """The digests of all seeds at each resolution, each rendered alone in this process."""
    models = open_models(device="cpu", threads=1, max_batch=1, max_work_s=1.0)
    loaded = models.load(next(bundles.iterdir()), lambda *_: None)
    models.activate(loaded)
    name = loaded.served.pinned_name
    wanted = [(n, r) for n in range(SEEDS) for r in loaded.served.card.resolutions]
    return {
        (seed, size): pixel_sha256(models.render_batch([Recipe(name, point_of(seed), size)]))
        for seed, size in wanted
    }


@pytest.mark.slow
def test_every_seed_has_its_bytes_through_two_front_ends(bundles: Path, tmp_path: Path) -> None:
    """In any order, in any company, on new connections that either of them takes."""
    expected = alone(bundles)
    wanted = list(expected)
    random.Random(1).shuffle(wanted)
    with Server(bundles, tmp_path / "log", frontends="2") as server:
        server.wait_for("ready: http")

        def digest(asked: tuple[int, int]) -> str:
            address = f"http://127.0.0.1:{server.port}/images/{asked[0]}?resolution={asked[1]}"
            with httpx2.Client(verify=False, timeout=PATIENCE_S) as client:
                return client.get(address).headers["x-pixel-sha256"]

        with ThreadPoolExecutor(CLIENTS) as pool:
            found = dict(zip(wanted, pool.map(digest, wanted), strict=True))
        answered = server.text.count('"route": "/images/{seed}"')
    differing = [asked for asked in wanted if found[asked] != expected[asked]]

    assert differing == []
    assert answered == len(wanted)
