"""A discriminator in a bundle: what a run that begins with it gets, and what is refused."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import torch

from models.bundle import BundleError, load_bundle, load_card
from models.growth import Growth
from models.layout import CARD_FILE, DISCRIMINATOR_FILE
from tests.training.commands.exporting import make
from tests.training.conftest import Run, train_a_run
from training.commands.export import ExportError
from training.config.config import ConfigError, TrainingConfig
from training.config.groups import LevelPlan
from training.data.stream import Prepared
from training.game.schedule import schedule_at
from training.game.state import TrainingState
from training.rendering import render
from training.run_folder.beginning import read_beginning
from training.run_folder.bundled_discriminator import read_discriminator
from training.run_folder.checkpoint import CheckpointError
from training.run_folder.loaded import load_run
from training.run_folder.transfer import begin_with, follow

pytestmark = pytest.mark.usefixtures("few_seeds")
CPU = torch.device("cpu")


@pytest.fixture
def bundle(finished: Path, tmp_path: Path) -> Path:
    """Its bundle, with the discriminator."""
    make(finished, tmp_path / "noise-8", with_discriminator=True)
    return tmp_path / "noise-8"


def test_a_run_begins_with_both_networks_of_the_bundle(
    config: TrainingConfig, finished: Path, bundle: Path
) -> None:
    """The discriminator scores as in the run that was exported, and the next level fades in."""
    levels = (*config.levels, LevelPlan(16, 20, 8, 4))
    larger = replace(config, network=replace(config.network, resolution=16), levels=levels)
    ours = follow(larger, beginning := read_beginning(bundle))
    state, before = TrainingState.create(ours, CPU), load_run(finished).state
    begin_with(state, beginning)
    images = torch.from_numpy(np.linspace(-1, 1, 4 * 3 * 64, dtype=np.float32)).view(4, 3, 8, 8)

    assert schedule_at(0, ours).growth == Growth(2, 0.0)
    scores = [each.discriminator(images, Growth(1)) for each in (before, state)]
    assert torch.equal(*scores)
    for generator in (state.generator, state.average):
        expected = render(before.average, range(3), Growth(1))
        assert np.array_equal(render(generator, range(3), Growth(1)), expected)


def test_the_model_is_the_same_without_its_discriminator(
    finished: Path, bundle: Path, tmp_path: Path
) -> None:
    """The same weights, digest and pictures; and the card says nothing of one that is not there."""
    card = make(finished, tmp_path / "plain")

    assert card == replace(load_bundle(bundle).card, discriminator_sha256=None)
    assert read_beginning(tmp_path / "plain").discriminator == {}
    assert not (tmp_path / "plain" / DISCRIMINATOR_FILE).exists()
    assert "discriminator_sha256" not in (tmp_path / "plain" / CARD_FILE).read_text()


def test_the_command_line_has_an_option_for_it(run: Run, finished: Path, tmp_path: Path) -> None:
    """Off unless asked for."""
    out = tmp_path / "noise-8"
    export = ("export", "--run", finished, "--out", out, "--exit-steps", 2)

    assert run(*export, "--with-discriminator") == 0
    assert read_discriminator(out, load_card(out))
    assert run(*export, "--replace") == 0
    assert not (out / DISCRIMINATOR_FILE).exists()


def test_a_bundle_of_a_part_of_the_run_has_no_discriminator(
    config: TrainingConfig, make_prepared: Callable[..., Prepared], tmp_path: Path
) -> None:
    """It judges other sizes; the message says what to do."""
    levels = (*config.levels, LevelPlan(16, 20, 8, 4))
    larger = replace(config, network=replace(config.network, resolution=16), levels=levels)
    run = train_a_run(larger, make_prepared(resolution=16), tmp_path / "run")

    with pytest.raises(ExportError, match="judges pictures of 16 px.* or leave"):
        make(run, tmp_path / "out", resolution=8, with_discriminator=True)
    assert not (tmp_path / "out").exists()
    with pytest.raises(CheckpointError, match="--resolution 12"):
        make(run, tmp_path / "out", resolution=12, with_discriminator=True)


def test_directions_leave_the_discriminator_in_place(
    run: Run, bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the bundle itself and in another one."""
    monkeypatch.setattr("training.directions.finding.SAMPLED_SEEDS", 200)
    before = read_discriminator(bundle, load_card(bundle))
    assert run("directions", "--bundle", bundle, "--count", 1) == 0
    assert run("directions", "--bundle", bundle, "--count", 1, "--out", tmp_path / "new") == 0

    for folder in (bundle, tmp_path / "new"):
        after = read_discriminator(folder, load_card(folder))
        assert after.keys() == before.keys()
        assert all(torch.equal(value, after[name]) for name, value in before.items())


# ----------------------------------------------------------------------------------------
# Files that do not fit


def test_a_missing_file_is_told_with_both_ways_out(bundle: Path) -> None:
    """A copy of the bundle, or a card without it; the model itself still loads."""
    (bundle / DISCRIMINATOR_FILE).unlink()

    load_bundle(bundle)
    with pytest.raises(BundleError, match="cannot be read: .*Copy the bundle again, or take disc"):
        read_beginning(bundle)
    values = json.loads((bundle / CARD_FILE).read_text())
    del values["discriminator_sha256"]
    (bundle / CARD_FILE).write_text(json.dumps(values))
    assert read_beginning(bundle).discriminator == {}


def test_a_changed_file_is_refused(bundle: Path) -> None:
    """One bit is enough."""
    path = bundle / DISCRIMINATOR_FILE
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)

    with pytest.raises(BundleError, match="the card says .* truncated or changed"):
        read_beginning(bundle)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (safetensors.torch.save({"head": torch.tensor([1.0, torch.nan])}), "head has numbers that"),
        (b"no tensors", "cannot be used"),
    ],
)
def test_a_file_of_no_use_is_refused(bundle: Path, content: bytes, message: str) -> None:
    """Though the card has its digest."""
    (bundle / DISCRIMINATOR_FILE).write_bytes(content)
    values = json.loads((bundle / CARD_FILE).read_text())
    values["discriminator_sha256"] = _sha256(content)
    (bundle / CARD_FILE).write_text(json.dumps(values))

    with pytest.raises(BundleError, match=message):
        read_beginning(bundle)


def test_one_of_another_network_is_refused_by_the_run(config: TrainingConfig, bundle: Path) -> None:
    """Its weights have no place; the message names the first."""
    beginning = read_beginning(bundle)
    state = TrainingState.create(follow(config, beginning), CPU)
    strange = replace(beginning, discriminator={"strange": torch.zeros(3)})

    with pytest.raises(ConfigError, match=r"strange of what .* shape \(3,\), has no place"):
        begin_with(state, strange)


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
