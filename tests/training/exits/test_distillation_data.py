"""Training data of exits: features and targets in one pass, and a buffer of the newest."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from models.families.progan.generator import Generator
from models.growth import Growth
from models.latent import label_of, latent_of
from training.exits import distillation_data
from training.exits.distillation_data import (
    NonFiniteGeneratorError,
    ReplayBuffer,
    capacity,
    distillation_batch,
    stem_inputs,
)


def latents(start: int, end: int) -> torch.Tensor:
    """By the seed contract."""
    return torch.from_numpy(np.stack([latent_of(seed, 8) for seed in range(start, end)]))


def test_the_inputs_of_the_stem_are_the_latents_of_the_seeds(generator: Generator) -> None:
    """As everywhere."""
    assert torch.equal(stem_inputs(generator, range(7, 9)), latents(7, 9))


def test_with_classes_each_seed_brings_its_own(generator: Generator) -> None:
    """So that exits learn from every class, as the service shows them."""
    conditional = Generator(replace(generator.config, classes=3))
    own = torch.tensor([label_of(seed, 3) for seed in range(7, 11)])

    entered = stem_inputs(conditional, range(7, 11))

    assert entered.shape == (4, 16)
    assert torch.equal(entered, conditional.stem_input(latents(7, 11), own))
    assert len(distillation_batch(conditional, range(7, 9)).features) == 2


def test_the_target_is_the_finished_picture_shrunk_by_boxes(generator: Generator) -> None:
    """Clipped to the range that a file can hold before it is shrunk; for every level below."""
    made = distillation_batch(generator, range(7, 9))
    finished = generator(latents(7, 9)).clamp(-1, 1).numpy()

    assert [tuple(f.shape) for f in made.features] == [(2, 16, 4, 4), (2, 16, 8, 8)]
    for target, size in zip(made.targets, (4, 8), strict=True):
        box = 16 // size
        expected = finished.reshape(2, 3, size, box, size, box).mean(axis=(3, 5))
        np.testing.assert_allclose(target.numpy(), expected, atol=1e-6)


def test_features_are_those_that_an_exit_reads(generator: Generator) -> None:
    """The exit of the level makes of them what the generator shows there."""
    made = distillation_batch(generator, range(7, 9))

    for level, features in enumerate(made.features):
        shown = generator(latents(7, 9), Growth(level))
        assert torch.equal(generator.exits[level](features), shown)


def test_a_generator_that_makes_no_numbers_is_refused(generator: Generator) -> None:
    """The message says what to do."""
    next(generator.levels[0].parameters()).fill_(float("nan"))

    with pytest.raises(
        NonFiniteGeneratorError, match="not finite: its weights are damaged. Export a"
    ):
        distillation_batch(generator, range(2))


def test_the_buffer_keeps_the_newest_pictures(
    generator: Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In place of the oldest, when there is no more room."""
    monkeypatch.setattr(distillation_data, "BUFFER_PICTURES", (3, 3))
    buffer = ReplayBuffer(generator, first_seed=50)
    for _ in range(3):
        buffer.refill(2)  # 50 to 55, of which 53, 54 and 55 stay

    features, targets = buffer.sample(1, 64, np.random.default_rng(0))

    made = distillation_batch(generator, range(50, 56))
    where = [
        [torch.allclose(one, old, atol=1e-5) for old in made.features[1]].index(True)
        for one in features
    ]
    assert set(where) == {3, 4, 5}
    torch.testing.assert_close(targets, made.targets[1][where])


def test_only_pictures_of_the_buffer_are_sampled(generator: Generator) -> None:
    """A buffer that is not yet full has empty places."""
    buffer = ReplayBuffer(generator, first_seed=50)
    new = buffer.refill(2)

    features, _ = buffer.sample(0, 100, np.random.default_rng(0))

    drawn = [[torch.equal(one, known) for known in new.features[0]].index(True) for one in features]
    assert set(drawn) == {0, 1}


@pytest.mark.parametrize(
    ("shape", "pictures"), [((96, 4, 4), 2048), ((32, 64, 64), 256), ((32, 512, 512), 32)]
)
def test_large_features_leave_room_for_fewer(shape: tuple[int, ...], pictures: int) -> None:
    """128 MiB for each level, but never fewer than 32 pictures."""
    assert capacity(shape) == pictures
