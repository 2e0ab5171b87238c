"""A CycleGAN and a StarGAN from data to a bundle: trained, killed, resumed, measured, exported."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from models.bundle import load_bundle
from models.family import ImageGenerator
from service.batching.recipe import Recipe, SourcePicture, point_of
from service.engine.backends.eager import CompiledNetwork, eager_network
from service.engine.backends.openvino import openvino_network
from service.engine.device import Target
from service.engine.entry_vectors import EntryVectors
from service.engine.exactness import ExactStep, exact_network, ladder
from service.engine.rendering import render_network
from tests.journeys.server import Server, ready_server
from tests.training.command_process import LONGEST_S, CommandProcess, run_from_scratch
from tests.training.translating import three_domains, two_domains
from training.data.stream import Prepared

SETTINGS = (
    *("network.generator_maps=4", "network.generator_blocks=1", "network.discriminator_maps=4"),
    *("levels.64.stable_images=24", "levels.*.batch_size=2", "tick_images=8"),
    *("cool_down_images=12", "precision=fp32"),
)


@dataclass(frozen=True)
class Family:
    """A family that translates, the settings of a tiny run, and its data."""

    name: str
    settings: tuple[str, ...]
    make_data: Callable[..., Prepared]
    domains: tuple[str, ...]
    grid_rows: int


FAMILIES = (
    Family("cyclegan", ("pool_size=3",), two_domains, ("dark", "light"), 6),
    Family("stargan", (), three_domains, ("dark", "gray", "light"), 12),
)


CPU = torch.device("cpu")
COMPILERS: dict[str, Callable[[ImageGenerator], CompiledNetwork]] = {
    "eager": lambda generator: eager_network(generator, CPU),
    "openvino": lambda generator: openvino_network(generator, Target(CPU, 1, "fp32")),
}


def training_words(family: Family, data: Path, run: Path) -> list[object]:
    """The command that begins a tiny network, or goes on with it."""
    chosen = (*SETTINGS, *family.settings)
    settings = [word for setting in chosen for word in ("--set", setting)]
    words = ("--data", data, "--run", run, "--preset", f"{family.name}-64", "--threads", 1)
    return ["train", *words, *settings]


def lasting(run: Path) -> dict[str, bytes]:
    """The bytes that must not depend on interruptions."""
    record = max((run / "checkpoints").glob("*.json"))
    paths = [run / "journal.jsonl", *sorted((run / "samples").iterdir())]
    return {path.name: path.read_bytes() for path in (*paths, record.with_suffix(".safetensors"))}


@pytest.fixture(scope="module", params=FAMILIES, ids=[family.name for family in FAMILIES])
def family(request: pytest.FixtureRequest) -> Family:
    """One after the other."""
    return request.param


@pytest.fixture(scope="module")
def bundle(family: Family, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of a run that was killed on its way, and ended in the bytes of one left alone."""
    folder = tmp_path_factory.mktemp("translation")
    family.make_data(folder / "data", resolution=64)
    run_from_scratch(*training_words(family, folder / "data", folder / "undisturbed"))
    words = training_words(family, folder / "data", folder / "killed")
    command = CommandProcess(folder / "killed-log", *words)
    while not [*(folder / "killed").glob("checkpoints/*.json")]:
        assert command.process.poll() is None, command.told
        time.sleep(0.002)
    command.kill()
    assert "resuming after" in CommandProcess(folder / "resumed-log", *words).finish()
    assert lasting(folder / "killed") == lasting(folder / "undisturbed")
    words = ["evaluate", "--run", folder / "killed", "--data", folder / "data", "--images", 12]
    CommandProcess(folder / "evaluate-log", *words, "--pairs", 10).finish()
    out = folder / "bundles" / "shades"
    out.parent.mkdir()
    words = ["export", "--run", folder / "killed", "--out", out, "--threads", 1]
    CommandProcess(folder / "export-log", *words).finish()
    return out


@pytest.mark.slow
def test_the_bundle_holds_all_domains(bundle: Path, family: Family) -> None:
    """Its card names the domains, and how near they are; its preview is the grid of the run."""
    card = json.loads((bundle / "card.json").read_text())

    assert (card["family"], card["labels"]) == (family.name, [*family.domains])
    assert {golden["resolution"] for golden in card["golden"]} == {4, 8, 16, 32, 64}
    assert {f"kid_to_{domain}" for domain in family.domains} <= set(card["quality"])
    with Image.open(bundle / "preview.webp") as preview:
        assert preview.size == (8 * 64, family.grid_rows * 64)


def upload(number: int) -> bytes:
    """A picture of noise, of a size of its own."""
    noise = np.random.default_rng(number).integers(0, 256, (70 + number, 80, 3), np.uint8)
    file = io.BytesIO()
    Image.fromarray(noise).save(file, "PNG")
    return file.getvalue()


def translated_to(server: Server, domain: str) -> bytes:
    """One upload in a domain."""
    answer = server.client.post("/translate", params={"to": domain}, content=upload(0))
    assert answer.headers["x-to"] == domain
    return answer.content


@pytest.mark.slow
def test_uploads_are_translated_by_a_real_service(
    bundle: Path, family: Family, tmp_path: Path
) -> None:
    """The same upload gives the same bytes, alone and under way together with others."""
    with ready_server(bundle.parent, tmp_path / "log") as server:
        card = server.client.get("/models/shades").json()
        assert (card["takes"], card["engine"]["exact"]) == (["source", "to"], True)
        assert "openvino" in card["engine"]["libraries"]

        def translated(number: int) -> bytes:
            to, resolution = family.domains[number % 2], (64, 32)[number % 3 == 2]
            query = {"to": to, "resolution": resolution}
            answer = server.client.post("/translate", params=query, content=upload(number // 2))
            assert answer.status_code == 200, answer.text
            return answer.content

        alone = [translated(number) for number in range(12)]
        with ThreadPoolExecutor(12) as senders:
            together = [*senders.map(translated, range(12))]
        each = {translated_to(server, domain) for domain in family.domains}
        refused = server.client.get("/images/ada")

    assert together == alone
    assert (len({*alone}), len(each)) == (12, len(family.domains))
    assert "POST /translate?model=shades&to=dark" in refused.json()["detail"]


@pytest.mark.slow
@pytest.mark.parametrize("name", COMPILERS)
def test_a_translation_has_the_bytes_that_it_has_alone(bundle: Path, name: str) -> None:
    """In batches of 2, 3, 7 and 8, into all domains, at all resolutions; sources and seeds."""
    loaded = load_bundle(bundle)
    entry = EntryVectors(loaded.generator.entrance, loaded.card.labels)
    sizes, random = loaded.card.resolutions, np.random.default_rng(0)
    recipes: list[Recipe] = []
    for n in range(8):
        pixels = random.integers(0, 256, (64, 64, 3), np.uint8).tobytes()
        source = SourcePicture(f"{n}", pixels) if n < 6 else None
        label = loaded.card.labels[n % len(loaded.card.labels)]
        recipes.append(Recipe("m", point_of(n), sizes[-1 - n % 3], label, source=source))
    compiled = COMPILERS[name](loaded.generator)
    with torch.inference_mode():
        network = exact_network(compiled, entry.of(recipes), ladder(8))
    alone = [render_network(network, entry, [recipe])[0] for recipe in recipes]

    for count in (2, 3, 7, 8):
        together = render_network(network, entry, recipes[:count])
        assert all(map(np.array_equal, together, alone)), count
    assert len({picture.tobytes() for picture in alone}) == len(alone)
    top = network.ways[-1]
    assert isinstance(top, ExactStep)
    assert name == "eager" or top.sizes[0] == 8  # instance normalisation does not end batching


@pytest.mark.slow
def test_what_needs_seeds_is_refused_in_words(bundle: Path, tmp_path: Path) -> None:
    """There are no pictures of seeds; the message tells where to send some."""
    words = ("--bundle", bundle, "--seeds", "1", "--out", tmp_path / "out")
    command = CommandProcess(tmp_path / "log", "generate", *words)
    command.process.wait(LONGEST_S)
    said = command.told

    assert "it translates pictures: export and serve it, and send them to POST /translate" in said
