"""Initial weights: what a bundle and another run provide."""

import re
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from models.bundle import BundleError, load_bundle
from models.families.progan.generator import Generator
from models.growth import Growth
from tests.conftest import write_bundle
from training.config.config import CONFIG_FILE, ConfigError, LevelPlan, TrainingConfig
from training.game.state import TrainingState
from training.rendering import render
from training.run_folder.beginning import learned_resolutions, read_beginning
from training.run_folder.loaded import load_run
from training.run_folder.lowered import lowered
from training.run_folder.transfer import begin_with, beginning_with

CPU = torch.device("cpu")


def test_a_run_provides_all_three_networks(finished: Path) -> None:
    """Under its name and the digest of its newest checkpoint."""
    beginning, state = read_beginning(finished), load_run(finished).state

    assert re.fullmatch(r"finished@[0-9a-f]{64}", beginning.name)
    for name in ("generator", "average", "discriminator"):
        weights = getattr(state, name).state_dict()
        taken = getattr(beginning, name)
        assert taken.keys() == weights.keys()
        assert all(torch.equal(value, taken[key]) for key, value in weights.items())


def test_neither_a_bundle_nor_a_run_is_refused(tmp_path: Path) -> None:
    """Such as an empty folder."""
    with pytest.raises(BundleError, match=r"is not a bundle: it has no card\.json"):
        read_beginning(tmp_path)


def test_a_bundle_larger_than_the_run_gives_the_levels_that_the_run_has(
    config: TrainingConfig, tmp_path: Path
) -> None:
    """With a linear exit at the top of the run."""
    folder = write_bundle(tmp_path)
    ours, beginning = beginning_with(config, tmp_path / "run", folder)
    assert beginning is not None
    state = TrainingState.create(ours, CPU)
    begin_with(state, beginning)

    assert ours.network.resolution == 8
    assert [plan.stable_images for plan in ours.levels] == [0, config.levels[-1].stable_images]
    whole = load_bundle(folder).generator
    assert isinstance(whole, Generator)
    expected = render(lowered(whole, 8), range(4), Growth(1))
    for generator in (state.generator, state.average):
        assert np.array_equal(render(generator, range(4), Growth(1)), expected)


def test_a_run_that_still_grows_is_no_beginning(
    config: TrainingConfig, finished: Path, tmp_path: Path
) -> None:
    """Its top level would begin half awake."""
    run = shutil.copytree(finished, tmp_path / "run")
    levels = (config.levels[0], replace(config.levels[1], fade_images=480))
    (run / CONFIG_FILE).write_text(replace(config, levels=levels).to_json(), encoding="utf-8")

    with pytest.raises(ConfigError, match=r"stands at 8 px, alpha 0\.10: .* has faded in"):
        read_beginning(run)


def test_a_run_has_learned_what_it_trained_and_no_later_level_changed() -> None:
    """Crops that agree with 16 px keep it; whole pictures change all below."""
    skipped, trained = LevelPlan(8, 0, 0, 4), LevelPlan(16, 8, 8, 4)
    crops = LevelPlan(32, 8, 8, 4, crop=16)
    agreeing = replace(crops, consistency=1.0)

    assert learned_resolutions([skipped, trained]) == {16}
    assert learned_resolutions([skipped, trained, agreeing]) == {16, 32}
    for other in (crops, replace(agreeing, crop=0, consistency=0.0)):
        assert learned_resolutions([skipped, trained, other]) == {32}


def test_a_run_provides_its_learned_resolutions(finished: Path) -> None:
    """Of whole pictures only the last one."""
    assert read_beginning(finished).learned == {8}
