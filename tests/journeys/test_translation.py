"""A CycleGAN from two domains to a bundle: trained, killed, resumed, measured, exported."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from PIL import Image

from tests.training.translating import two_domains

ROOT = Path(__file__).parents[2]
SETTINGS = (
    *("network.generator_maps=4", "network.generator_blocks=1", "network.discriminator_maps=4"),
    *("levels.64.stable_images=24", "levels.*.batch_size=2", "tick_images=8"),
    *("cool_down_images=12", "pool_size=3", "precision=fp32"),
)


def start(*words: object) -> subprocess.Popen[str]:
    """A command of training, with what it says in a pipe."""
    return subprocess.Popen(
        [sys.executable, "-m", "training", *map(str, words)],
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def train(data: Path, run: Path) -> subprocess.Popen[str]:
    """Begin a tiny CycleGAN, or go on with it."""
    settings = [word for setting in SETTINGS for word in ("--set", setting)]
    words = ("--data", data, "--run", run, "--preset", "cyclegan-64", "--threads", 1)
    return start("train", *words, *settings)


def finish(process: subprocess.Popen[str]) -> str:
    """Everything it said until it ended by itself, without an error."""
    said, _ = process.communicate(timeout=600)
    assert process.returncode == 0, said
    return said


def lasting(run: Path) -> dict[str, bytes]:
    """The bytes that must not depend on interruptions."""
    record = max((run / "checkpoints").glob("*.json"))
    paths = [run / "journal.jsonl", *sorted((run / "samples").iterdir())]
    return {path.name: path.read_bytes() for path in (*paths, record.with_suffix(".safetensors"))}


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of a run that was killed on its way, and ended in the bytes of one left alone."""
    folder = tmp_path_factory.mktemp("translation")
    two_domains(folder / "data", resolution=64)
    finish(train(folder / "data", folder / "undisturbed"))
    process = train(folder / "data", folder / "killed")
    while not [*(folder / "killed").glob("checkpoints/*.json")]:
        assert process.poll() is None, process.communicate()[0]
        time.sleep(0.002)
    process.kill()
    process.communicate()
    assert "resuming after" in finish(train(folder / "data", folder / "killed"))
    assert lasting(folder / "killed") == lasting(folder / "undisturbed")
    words = ("--run", folder / "killed", "--data", folder / "data", "--images", 12)
    finish(start("evaluate", *words, "--pairs", 10))
    out = folder / "bundles" / "shades"
    out.parent.mkdir()
    finish(start("export", "--run", folder / "killed", "--out", out, "--threads", 1))
    return out


@pytest.mark.slow
def test_the_bundle_holds_both_directions(bundle: Path) -> None:
    """Its card names the domains, and how near they are; its preview is the grid of the run."""
    card = json.loads((bundle / "card.json").read_text())

    assert (card["family"], card["labels"]) == ("cyclegan", ["dark", "light"])
    assert {golden["resolution"] for golden in card["golden"]} == {4, 8, 16, 32, 64}
    assert {"kid_to_dark", "kid_to_light"} <= set(card["quality"])
    with Image.open(bundle / "preview.webp") as preview:
        assert preview.size == (8 * 64, 6 * 64)


@pytest.mark.slow
def test_what_needs_seeds_is_refused_in_words(bundle: Path, tmp_path: Path) -> None:
    """There are no pictures of seeds; the message tells where to send some."""
    words = ("--bundle", bundle, "--seeds", "1", "--out", tmp_path / "out")
    said, _ = start("generate", *words).communicate(timeout=600)

    assert "it translates pictures: export and serve it, and send them to POST /translate" in said
