"""Places of crops: from seed and images shown alone, and shared between processes."""

from collections import Counter
from dataclasses import replace

import pytest
import torch

from models.families.progan.config import ProganConfig
from models.growth import Growth
from tests.training.stepping import changed, pixels_for, weights_of
from training.config.config import TrainingConfig
from training.config.groups import LevelPlan
from training.distributed import SINGLE, Processes
from training.game.crops import crops_at
from training.game.schedule import schedule_at
from training.game.state import TrainingState
from training.game.step import take_step

HELD = 16  # images shown: 64 px, held


@pytest.fixture(scope="module")
def cropped() -> TrainingConfig:
    """64 px, of which crops of 16 px are seen."""
    skipped = tuple(LevelPlan(size, 0, 0, 8) for size in (4, 8, 16, 32))
    return TrainingConfig(
        preset="cropped",
        network=ProganConfig(64, latent_size=8, fmap_base=256, fmap_max=8),
        levels=(*skipped, LevelPlan(64, 0, 80, 8, crop=16)),
    )


def test_places_depend_on_seed_and_images_shown(cropped: TrainingConfig) -> None:
    """Another step and another seed have others; the same step has the same."""
    schedule = schedule_at(HELD, cropped)
    here = crops_at(cropped, schedule, SINGLE)
    assert here is not None
    assert len(set(here.corners)) > 1
    assert here == crops_at(cropped, schedule, SINGLE)
    for other in (replace(cropped, seed=1), cropped):
        moved = replace(schedule, images_shown=HELD + 8 * (other is cropped))
        assert crops_at(other, moved, SINGLE) != here


def test_every_place_is_drawn(cropped: TrainingConfig) -> None:
    """Those at the edges more often, since other crops show less of these."""
    schedule = schedule_at(HELD, cropped)
    steps = [crops_at(cropped, replace(schedule, images_shown=8 * n), SINGLE) for n in range(60)]
    drawn = [corner for crops in steps if crops for corner in crops.corners]

    for side in range(2):
        count = Counter(corner[side] for corner in drawn)
        assert sorted(count) == [0, 1, 2, 3, 4, 5, 6]
        assert min(count[0], count[6]) > max(count[place] for place in range(1, 6))


def test_processes_share_the_places_of_a_batch(cropped: TrainingConfig) -> None:
    """Two halves make the whole."""
    schedule = schedule_at(HELD, cropped)
    whole = crops_at(cropped, schedule, SINGLE)
    halves = [crops_at(cropped, schedule, Processes(rank, 2)) for rank in range(2)]

    assert whole is not None
    corners = [corner for half in halves if half for corner in half.corners]
    assert sorted(corners) == sorted(whole.corners)


def test_whole_images_have_no_places(config: TrainingConfig) -> None:
    """Unless a level has crops."""
    assert crops_at(config, schedule_at(0, config), SINGLE) is None


def test_a_step_on_crops_keeps_what_decides_the_whole_picture(cropped: TrainingConfig) -> None:
    """Low levels of the generator stay; the discriminator learns at the resolution of the crops."""
    state = TrainingState.create(cropped, torch.device("cpu"))
    before = [weights_of(network) for network in (state.generator, state.discriminator)]
    schedule = schedule_at(HELD, cropped)

    take_step(state, schedule, cropped, pixels_for(schedule))

    generator, discriminator = (
        {".".join(name.split(".")[:2]) for name in changed(network, old)}
        for network, old in zip((state.generator, state.discriminator), before, strict=True)
    )
    assert schedule.growth == Growth(4)
    assert schedule.judged == Growth(2)
    assert generator == {"levels.1", "levels.2", "levels.3", "exits.4"}
    assert discriminator == {
        *("entries.2", "levels.0", "levels.1", "head.conv", "head.dense", "head.score"),
    }


def test_consistent_crops_come_nearer_to_the_smaller_picture(cropped: TrainingConfig) -> None:
    """And what draws that picture stays as it is."""
    plan = replace(cropped.levels[-1], consistency=100.0, learning_rate=0.003)
    smaller = replace(cropped.levels[2], stable_images=HELD)
    levels = (*cropped.levels[:2], smaller, cropped.levels[3], plan)
    config = replace(cropped, levels=levels)
    state = TrainingState.create(config, torch.device("cpu"))
    before, terms = weights_of(state.generator), list[float]()
    for step in range(30):
        schedule = schedule_at(HELD + 8 * step, config)
        terms.append(take_step(state, schedule, config, pixels_for(schedule))["consistency"])

    learned = {".".join(name.split(".")[:2]) for name in changed(state.generator, before)}
    assert learned == {"levels.2", "levels.3", "exits.4"}
    assert sum(terms[-5:]) < 0.7 * sum(terms[:5])
