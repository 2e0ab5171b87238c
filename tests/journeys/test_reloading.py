"""Bundles come, break, are mended and go under a server that is asked all the time."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx2
import pytest

from models.bundle import load_card
from models.families.progan.config import ProganConfig
from models.picture import pixel_sha256
from service.batching.recipe import Recipe, point_of
from service.engine.torch_models import open_models
from tests.conftest import write_bundle
from tests.journeys.server import PATIENCE_S, Server, ready_server

pytestmark = pytest.mark.timeout(900)

SLOW = ProganConfig(resolution=64, channels=3, latent_size=64, fmap_base=4096, fmap_max=128)
SEEDS = range(6)
RESOLUTIONS = (8, 32)
WEIGHTS = "generator.safetensors"


@pytest.fixture(scope="module")
def releases(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two bundles of one name with different weights."""
    folder = tmp_path_factory.mktemp("releases")
    return [write_bundle(folder / str(release), release=release) for release in (1, 2)]


def pinned(release: Path) -> str:
    """`name@digest`."""
    return load_card(release).pinned_name


@pytest.fixture(scope="module")
def right(releases: list[Path]) -> dict[tuple[str, int, int], str]:
    """The digest of every picture that is asked for, by model, seed and resolution."""
    digests: dict[tuple[str, int, int], str] = {}
    for release in releases:
        models = open_models(device="cpu", threads=1, max_batch=8, max_work_s=1.0)
        models.activate(models.load(release, lambda *_: None))
        for seed in SEEDS:
            for resolution in RESOLUTIONS:
                recipe = Recipe(pinned(release), point_of(seed), resolution)
                digests[recipe.model, seed, resolution] = pixel_sha256(
                    models.render_batch([recipe])
                )
    return digests


@dataclass
class Crowd:
    """Clients that ask without a pause, and what they were answered.

    Attributes:
        made: model, seed, resolution and digest of every picture.
        refused: status and kind of every other answer.
        lost: what was no answer at all.
    """

    made: list[tuple[str, int, int, str]] = field(default_factory=list)
    refused: list[tuple[int, str]] = field(default_factory=list)
    lost: list[Exception] = field(default_factory=list)

    async def ask(self, url: str, models: list[str], stop: threading.Event) -> None:
        """Three clients by name, one by each digest, one that walks."""
        async with httpx2.AsyncClient(base_url=url, timeout=PATIENCE_S) as client:
            asking = [self._pictures(client, "", stop) for _ in range(3)]
            asking += [self._pictures(client, f"&model={model}", stop) for model in models]
            await asyncio.gather(*asking, self._walks(client, stop))

    async def _pictures(
        self, client: httpx2.AsyncClient, model: str, stop: threading.Event
    ) -> None:
        turn = 0
        while not stop.is_set():
            turn += 1
            seed, resolution = turn % len(SEEDS), RESOLUTIONS[turn % 2]
            answer = await self._get(client, f"/images/{seed}?resolution={resolution}{model}")
            if answer is not None:
                told = answer.headers
                assert model in ("", f"&model={told['x-model']}")
                made = (told["x-model"], seed, resolution, told["x-pixel-sha256"])
                self.made.append(made)

    async def _walks(self, client: httpx2.AsyncClient, stop: threading.Event) -> None:
        while not stop.is_set():
            path = "/interpolate?seed=0&seed=1&steps=40&resolution=32&format=json"
            answer = await self._get(client, path)
            if answer is not None:
                walk = answer.json()
                ends = (walk["frames"][0]["pixel_sha256"], walk["frames"][-1]["pixel_sha256"])
                self.made += [(walk["model"], seed, 32, end) for seed, end in enumerate(ends)]

    async def _get(self, client: httpx2.AsyncClient, path: str) -> httpx2.Response | None:
        try:
            answer = await client.get(path)
        except httpx2.HTTPError as error:
            self.lost.append(error)
            return None
        if answer.status_code == 200:
            return answer
        self.refused.append((answer.status_code, answer.json()["type"].rpartition(":")[2]))
        await asyncio.sleep(0.02)
        return None


@contextmanager
def crowd_at(server: Server, models: list[str]) -> Generator[Crowd]:
    """A crowd on a thread of its own, until the end of the block."""
    crowd, stop = Crowd(), threading.Event()
    url = f"http://127.0.0.1:{server.port}"
    thread = threading.Thread(target=lambda: asyncio.run(crowd.ask(url, models, stop)))
    thread.start()
    try:
        yield crowd
    finally:
        stop.set()
        thread.join(PATIENCE_S)
    assert not thread.is_alive()


def link(place: Path, release: Path) -> None:
    """Let `place` mean `release` from one moment to the next, as deployments do."""
    new = place.with_name(".new")
    new.symlink_to(release)
    new.rename(place)


@pytest.mark.slow
def test_whatever_happens_to_the_bundles_every_answer_is_right_or_a_true_refusal(
    releases: list[Path], right: dict[tuple[str, int, int], str], tmp_path: Path
) -> None:
    """Half copied, whole, damaged, mended, linked, removed, put back: nothing is lost."""
    first, second = releases
    bundles = tmp_path / "bundles"
    place = shutil.copytree(first, bundles / "faces")
    log = tmp_path / "log"
    with (
        ready_server(bundles, log, bundles_poll_s="0.1", retired_model_s="1") as server,
        crowd_at(server, [pinned(first), pinned(second)]) as crowd,
    ):
        # Written over in place, and slowly: first the card, then half of the weights.
        whole = (second / WEIGHTS).read_bytes()
        shutil.copy(second / "card.json", place)
        server.wait_for(rf"bundle faces is refused and {pinned(first)} is served on")
        (place / WEIGHTS).write_bytes(whole[: len(whole) // 2])
        ready = server.client.get("/health/ready").json()
        assert (ready["models"], list(ready["refused"])) == ([pinned(first)], ["faces"])
        assert server.metric("progan_selftest_ok") == 0
        (place / WEIGHTS).write_bytes(whole)
        server.wait_for(rf"{pinned(second)} is served in place of {pinned(first)}")
        server.wait_for(rf"model {pinned(first)} was unloaded")
        assert server.metric("progan_selftest_ok") == 1
        assert pinned(first).partition("@")[2] not in server.client.get("/metrics").text

        # Damaged and mended.
        (place / WEIGHTS).write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
        server.wait_for(rf"bundle faces is refused and {pinned(second)} is served on")
        (place / WEIGHTS).write_bytes(whole)
        server.wait_for(rf"bundle faces: {pinned(second)} is as it was")

        # Exchanged at a stroke; then removed, and put back.
        shutil.rmtree(place)
        link(place, first)
        server.wait_for(rf"model {pinned(second)} was unloaded")
        place.unlink()
        server.wait_for("not ready: there is no bundle")
        assert server.client.get("/health/live").status_code == 200
        assert "put one there" in server.client.get("/health/ready").json()["detail"]
        link(place, second)
        server.wait_for(r"no bundle in[\s\S]*ready with tiny-32")
        assert server.client.get("/images/1").headers["x-model"] == pinned(second)

    assert crowd.lost == []
    wrong = [made for made in crowd.made if right[made[:3]] != made[3]]
    assert wrong == []
    assert {made[0] for made in crowd.made} == {pinned(first), pinned(second)}
    assert set(crowd.refused) <= {(404, "unknown-model"), (503, "not-ready")}
    assert "Traceback" not in server.text


def test_a_hang_up_has_the_bundles_read(releases: list[Path], tmp_path: Path) -> None:
    """Also where nobody looks by the clock, and while there is nothing to serve."""
    bundles = tmp_path / "bundles"
    bundles.mkdir()
    with ready_server(bundles, tmp_path / "log", bundles_poll_s="0") as server:
        assert server.client.get("/images/1").status_code == 503
        shutil.copytree(releases[0], bundles / "faces")
        server.process.send_signal(signal.SIGHUP)
        server.wait_for("ready with tiny-32")

        assert server.client.get("/images/1").headers["x-model"] == pinned(releases[0])


def test_a_signal_while_it_proves_ends_it_well(bundles: Path, tmp_path: Path) -> None:
    """No library is torn down under the thread that proves."""
    folder = shutil.copytree(bundles, tmp_path / "bundles")
    with ready_server(folder, tmp_path / "log", bundles_poll_s="0") as server:
        write_bundle(folder, "slow-64", SLOW)
        server.process.send_signal(signal.SIGHUP)
        server.wait_for("asked to read")
        server.process.terminate()

        assert server.process.wait(PATIENCE_S) == 0
    assert "Traceback" not in server.text


def test_a_terminal_that_is_closed_ends_it_well(bundles: Path, tmp_path: Path) -> None:
    """A hang-up whose terminal has gone is no wish to read bundles."""
    terminal, end = os.openpty()
    with ready_server(bundles, tmp_path / "log", stdin=end) as server:
        os.close(end)
        os.close(terminal)
        server.process.send_signal(signal.SIGHUP)

        assert server.process.wait(PATIENCE_S) == 0
    assert "draining" in server.text
