"""A running cluster: a real one, through faults and changes; and what its status says."""

from __future__ import annotations

import os
import shutil
import signal
from pathlib import Path

import pytest

pytest.importorskip("ray", reason="the extra `cluster` is not installed")

from models.picture import pixel_sha256
from service.batching.recipe import Recipe, point_of
from service.cluster.running import shortened
from service.engine.torch_models import open_models
from tests.conftest import write_bundle
from tests.service.cluster.real_cluster import Clients, RealCluster, until


def test_a_message_of_ray_is_told_without_its_traceback() -> None:
    """The last line is the sentence of the service."""
    message = "A replica failed.\nTraceback:\n  File x\n\nservice.errors.NotReady: other pictures"

    assert shortened(message) == "A replica failed. service.errors.NotReady: other pictures"
    assert shortened("one line") == "one line"
    assert shortened("") == ""


@pytest.mark.long
def test_two_replicas_give_the_pictures_of_one_process_through_faults_and_changes(
    tmp_path: Path,
) -> None:
    """One, two, one killed, two again, another bundle, one: not one wrong picture.

    Answers may be lost with a killed replica alone, and only those that it was working on.
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
            before = clients.answers[200]
            until(lambda: clients.answers[200] > before + 400, cluster.process)
            assert set(clients.answers) == {200}, clients.answers

            killed, _ = cluster.replicas()
            os.kill(killed, signal.SIGKILL)
            until(lambda: "'RUNNING': 2" not in cluster.states(), cluster.process)
            until(lambda: "'RUNNING': 2" in cluster.states(), cluster.process)
            lost = clients.answers.total() - clients.answers[200]
            assert clients.answers["wrong"] == 0
            assert lost <= 6 * 3, clients.answers

            (old,) = clients.models
            shutil.copytree(release[1], bundles / "new")
            (bundles / "tiny-32").rename(tmp_path / "gone")
            (bundles / "new").rename(bundles / "tiny-32")
            until(lambda: len(clients.models) == 2, cluster.process)
            (new,) = set(clients.models) - {old}
            so_far = clients.models[new]
            until(lambda: clients.models[new] > so_far + 400, cluster.process)
            assert clients.answers.total() - clients.answers[200] == lost, clients.answers
        until(lambda: "'RUNNING': 1" in cluster.states(), cluster.process)
        assert cluster.status("/images/1") == 200
        assert cluster.end() == 0
        assert cluster.replicas() == []


def pictures_of(folder: Path) -> tuple[str, dict[int, str]]:
    """The pinned name of a bundle, and the digest of each picture by the engine of one process."""
    models = open_models(device="cpu", threads=1, max_batch=8, max_work_s=1.0, precision="auto")
    model = models.load(folder, lambda _recipes, _seconds: None)
    models.activate(model)
    pinned = model.served.pinned_name
    recipes = [Recipe(pinned, point_of(seed), 32) for seed in range(200)]
    pictures = [models.render_batch([recipe])[0] for recipe in recipes]
    return pinned, {seed: pixel_sha256([each]) for seed, each in enumerate(pictures)}
