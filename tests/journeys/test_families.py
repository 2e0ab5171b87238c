"""A family from the first picture to a real service: trained, killed, resumed, exported, served."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from models.bundle import load_bundle
from models.family import ImageGenerator
from service.batching.recipe import Point, Recipe, point_of
from service.engine.backends.eager import CompiledNetwork, eager_network
from service.engine.backends.openvino import openvino_network
from service.engine.device import Target
from service.engine.entry_vectors import EntryVectors
from service.engine.exactness import exact_network, ladder
from service.engine.rendering import render_network
from tests.journeys.server import PATIENCE_S, ready_server
from tests.training.command_process import CommandProcess
from tests.training.prepared import write_prepared

CPU = torch.device("cpu")
SETTINGS = (
    *("network.latent_size=8", "network.generator_maps=4", "network.discriminator_maps=4"),
    *("levels.32.stable_images=192", "levels.*.batch_size=4", "tick_images=48"),
    "labels=concatenation",
)
COMPILERS: dict[str, Callable[[ImageGenerator], CompiledNetwork]] = {
    "eager": lambda generator: eager_network(generator, CPU),
    "openvino": lambda generator: openvino_network(generator, Target(CPU, 1, "fp32")),
}


def train(data: Path, run: Path, log: str) -> CommandProcess:
    """Begin a tiny DCGAN with classes, or go on with it."""
    settings = [word for setting in SETTINGS for word in ("--set", setting)]
    words = ("--data", data, "--run", run, "--preset", "dcgan-32", "--threads", 1)
    return CommandProcess(run.with_name(log), "train", *words, *settings)


def lasting(run: Path) -> dict[str, bytes]:
    """The bytes that must not depend on interruptions."""
    record = max((run / "checkpoints").glob("*.json"))
    paths = [run / "journal.jsonl", *sorted((run / "samples").iterdir())]
    return {path.name: path.read_bytes() for path in (*paths, record.with_suffix(".safetensors"))}


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of a run that was killed on its way, and ended in the bytes of one left alone."""
    folder = tmp_path_factory.mktemp("families")
    data = write_prepared(folder / "data", resolution=32, classes=3)
    train(data, folder / "undisturbed", "log-undisturbed").finish()
    begun = train(data, folder / "killed", "log-killed")
    while not [*(folder / "killed").glob("checkpoints/*.json")]:
        assert begun.process.poll() is None, begun.told
        time.sleep(0.002)
    begun.kill()
    assert "resuming after" in train(data, folder / "killed", "log-resumed").finish()
    assert lasting(folder / "killed") == lasting(folder / "undisturbed")
    out = folder / "bundles" / "dcgan"
    out.parent.mkdir()
    words = ("export", "--run", folder / "killed", "--threads", 1)
    CommandProcess(folder / "log-export", *words, "--out", out).finish()
    smaller = ("--out", folder / "smaller", "--resolution", 16)
    refused = CommandProcess(folder / "log-smaller", *words, *smaller)
    assert refused.process.wait(PATIENCE_S) == 2
    assert "its bundle all resolutions below; leave the option out" in refused.told
    return out


@pytest.mark.slow
def test_a_request_is_answered_at_every_resolution_and_with_every_class(
    bundle: Path, tmp_path: Path
) -> None:
    """By a real service; what the model does not take is refused in words."""
    with ready_server(bundle.parent, tmp_path / "log") as server:
        card = server.client.get("/models/dcgan").json()
        assert (card["family"], card["takes"]) == ("dcgan", ["seed", "label"])
        assert card["engine"]["exact"]
        digests: set[str] = set()
        for resolution in (4, 8, 16, 32):
            answer = server.client.get("/images/ada", params={"resolution": resolution})
            assert answer.status_code == 200, answer.text
            digests.add(answer.headers["x-pixel-sha256"])
        for label in card["labels"]:
            answer = server.client.get("/images/ada", params={"label": label})
            digests.add(answer.headers["x-pixel-sha256"])
        refused = server.client.get("/images/ada", params={"label": "unicorn"})

    assert len(digests) == 6  # the class of the seed is one of the three
    assert refused.status_code == 422
    assert "has no 'unicorn'" in refused.json()["detail"]


@pytest.mark.slow
@pytest.mark.parametrize("name", COMPILERS)
def test_a_picture_has_the_bytes_that_it_has_alone(bundle: Path, name: str) -> None:
    """In batches of 2, 3, 7 and 8, of all resolutions, with classes and between two of them."""
    loaded = load_bundle(bundle)
    entry = EntryVectors(loaded.generator.entrance, loaded.card.labels)
    sizes, names = loaded.card.resolutions, (*loaded.card.labels, None)
    recipes = [Recipe("m", point_of(n), sizes[-1 - n % 4], names[n % 4]) for n in range(6)]
    recipes += [Recipe("m", Point(n, n + 1, 0.3), sizes[-1]) for n in range(2)]
    compiled = COMPILERS[name](loaded.generator)
    with torch.inference_mode():
        network = exact_network(compiled, entry.of(recipes), ladder(8))

    alone = [render_network(network, entry, [recipe])[0] for recipe in recipes]

    for count in (2, 3, 7, 8):
        together = render_network(network, entry, recipes[:count])
        assert all(map(np.array_equal, together, alone)), count
    assert len({picture.tobytes() for picture in alone}) == len(alone)
