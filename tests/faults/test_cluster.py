"""A real cluster: replicas on Ray Serve that start, are killed, change their bundle, and end."""

from __future__ import annotations

import os
import shutil
import signal
import time
from collections import Counter
from pathlib import Path

import pytest

pytest.importorskip("ray", reason="the extra `cluster` is not installed")

from models.picture import pixel_sha256
from service.batching.recipe import Recipe, point_of
from service.engine.torch_models import open_models
from tests.conftest import write_bundle
from tests.faults.conftest import Note
from tests.service.cluster.real_cluster import Clients, RealCluster, until


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_two_replicas_give_the_pictures_of_one_process_through_faults_and_changes(
    tmp_path: Path, note: Note
) -> None:
    """One, two, one killed, two again, another bundle, one: not one wrong picture.

    Answers are lost with a killed replica alone: those that it was working on, and those that are
    sent to it until Ray knows of its end.
    """
    bundles = tmp_path / "bundles"
    release = {n: write_bundle(tmp_path / f"release-{n}", release=n) for n in (0, 1)}
    right = {pinned: pictures for n in release for pinned, pictures in [pictures_of(release[n])]}
    shutil.copytree(release[0], bundles / "tiny-32")
    settings = {"max_replicas": "2", "target_queued_s": "0.000001", "upscale_delay_s": "0"}
    settings |= {"downscale_delay_s": "20", "bundles_poll_s": "1", "threads": "1", "encoders": "1"}
    with RealCluster(bundles, tmp_path, **settings) as cluster:
        until(lambda: cluster.status("/health/ready") == 200, cluster.process)
        clients = Clients(cluster.port, right)
        with clients.asking():
            until(lambda: "'RUNNING': 2" in cluster.states(), cluster.process)
            so_far = clients.answers[200]
            until(lambda: clients.answers[200] > so_far + 400, cluster.process)
            assert set(clients.answers) == {200}, clients.answers
            note("1 -> 2 replicas under load", seen(clients.answers))

            kill_one(cluster, clients, note)
            change_bundle(release[1], bundles / "tiny-32", cluster, clients)
            note("bundle changed under load", "200 with the old and the new model, nothing else")
        until(lambda: "'RUNNING': 1" in cluster.states(), cluster.process)
        assert cluster.status("/images/1") == 200
        assert cluster.end() == 0
        assert cluster.replicas() == []
        note("2 -> 1 replicas, then SIGTERM", "200; exit code 0, no process left")


def kill_one(cluster: RealCluster, clients: Clients, note: Note) -> None:
    """Kill one of two replicas under load, and wait until there are two again."""
    before, began = clients.answers.copy(), time.monotonic()
    killed, _ = cluster.replicas()
    os.kill(killed, signal.SIGKILL)
    until(lambda: "'RUNNING': 2" not in cluster.states(), cluster.process)
    until(lambda: "'RUNNING': 2" in cluster.states(), cluster.process)
    around = clients.answers - before
    note("one of two replicas killed", seen(around), recovery_s=time.monotonic() - began)
    assert set(around) <= {200, 500, 503, 0}, around
    assert around[200] > around.total() / 2, around


def change_bundle(release: Path, folder: Path, cluster: RealCluster, clients: Clients) -> None:
    """Put another release in place of a bundle under load: not one request is lost."""
    lost = clients.answers.total() - clients.answers[200]
    (old,) = clients.models
    shutil.copytree(release, folder.with_name("new"))
    folder.rename(folder.parents[1] / "gone")
    folder.with_name("new").rename(folder)
    until(lambda: len(clients.models) == 2, cluster.process)
    (new,) = set(clients.models) - {old}
    so_far = clients.models[new]
    until(lambda: clients.models[new] > so_far + 400, cluster.process)
    assert clients.answers.total() - clients.answers[200] == lost, clients.answers


def seen(answers: Counter[int | str]) -> str:
    """Number of answers by status, for the table."""
    return ", ".join(f"{count} x {status or 'cut'}" for status, count in answers.most_common())


def pictures_of(folder: Path) -> tuple[str, dict[int, str]]:
    """The pinned name of a bundle, and the digest of each picture by the engine of one process."""
    models = open_models(device="cpu", threads=1, max_batch=8, max_work_s=1.0, precision="auto")
    model = models.load(folder, lambda _recipes, _seconds: None)
    models.activate(model)
    pinned = model.served.pinned_name
    recipes = [Recipe(pinned, point_of(seed), 32) for seed in range(200)]
    pictures = [models.render_batch([recipe])[0] for recipe in recipes]
    return pinned, {seed: pixel_sha256([each]) for seed, each in enumerate(pictures)}
