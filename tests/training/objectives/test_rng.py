"""Random draws: pure, and each purpose and moment with numbers of its own."""

from itertools import combinations

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from training.objectives.rng import Stream, generator_at, normal, uniform

SEEDS = st.integers(0, 2**63 - 1)
IMAGES = st.integers(0, 10**9)


@given(SEEDS, st.sampled_from(Stream), IMAGES)
def test_the_same_moment_draws_the_same_numbers(seed: int, purpose: Stream, images: int) -> None:
    """There is no state between two draws."""
    first = normal(generator_at(seed, purpose, images), 3, 2)
    again = normal(generator_at(seed, purpose, images), 3, 2)

    assert torch.equal(first, again)


def test_no_two_streams_share_a_number() -> None:
    """Another seed, another purpose, or another moment: other words of the counter generator."""
    streams = [(seed, p, images) for seed in (0, 1) for p in Stream for images in (0, 1, 4)]
    words = {s: set(generator_at(*s).bit_generator.random_raw(2_000).tolist()) for s in streams}

    assert all(words[a].isdisjoint(words[b]) for a, b in combinations(streams, 2))


def test_the_words_are_those_of_philox_at_the_stated_counter_and_key() -> None:
    """The purpose is the highest word of the counter; seed and images shown are the key."""
    expected = np.random.Philox(
        counter=np.array([0, 0, 0, 2], np.uint64), key=np.array([7, 40], np.uint64)
    )

    drawn = generator_at(7, Stream.GENERATOR_LATENTS, 40).bit_generator.random_raw(8)

    assert drawn.tolist() == expected.random_raw(8).tolist()


def test_normal_numbers_are_standard_normal() -> None:
    """Mean 0 and deviation 1, in fp32."""
    drawn = normal(generator_at(3, Stream.LATENTS, 0), 200, 100)

    assert drawn.shape == (200, 100)
    assert drawn.dtype == torch.float32
    assert abs(drawn.mean().item()) < 0.03
    assert abs(drawn.std().item() - 1.0) < 0.03


def test_uniform_numbers_fill_the_unit_interval() -> None:
    """From 0 up to 1 and never 1 itself, in fp32."""
    drawn = uniform(generator_at(3, Stream.PENALTY, 0), 5_000, 1, 1, 1)

    assert drawn.shape == (5_000, 1, 1, 1)
    assert drawn.dtype == torch.float32
    assert 0.0 <= drawn.min().item() < 0.01
    assert 0.99 < drawn.max().item() < 1.0
