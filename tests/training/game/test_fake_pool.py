"""The pool of earlier fakes: filled first, then exchanged with even chances."""

import numpy as np
import torch

from training.game.fake_pool import exchanged


def images(*values: float) -> torch.Tensor:
    """One picture of one pixel for each value."""
    return torch.tensor(values).reshape(-1, 1, 1, 1)


def test_a_pool_that_is_not_full_takes_every_fake_and_shows_it() -> None:
    """As in Zhu et al. 2017."""
    pool, count = torch.zeros(3, 1, 1, 1), torch.tensor(0)
    shown = exchanged(images(1, 2), pool, count, np.random.default_rng(0))

    assert shown.flatten().tolist() == [1, 2]
    assert (pool.flatten().tolist(), count.item()) == ([1, 2, 0], 2)


def test_a_full_pool_shows_new_and_earlier_fakes_equally_often() -> None:
    """What is shown from the pool leaves it, for the new one; nothing is lost or made up."""
    pool, count = torch.zeros(50, 1, 1, 1), torch.tensor(0)
    source = np.random.Generator(np.random.Philox(0))
    new = earlier = 0
    alive = set[float]()
    for value in range(2000):
        alive.add(value)
        (shown,) = exchanged(images(value), pool, count, source).flatten().tolist()
        full = value >= 50
        new += full and shown == value
        earlier += full and shown != value
        if full:
            alive.remove(shown)
        assert set(pool.flatten().tolist()[: int(count)]) == alive

    assert 900 < new < 1050
    assert new + earlier == 1950


def test_it_is_a_function_of_the_random_numbers() -> None:
    """And shares no memory with the fakes."""
    results: list[list[float]] = []
    for _ in range(2):
        pool, count = images(7, 8), torch.tensor(2)
        fakes = images(1, 2, 3, 4)
        shown = exchanged(fakes, pool, count, np.random.default_rng(5))
        fakes.zero_()
        results.append([*shown.flatten().tolist(), *pool.flatten().tolist()])

    assert results[0] == results[1]
    assert sorted(results[0]) == [1, 2, 3, 4, 7, 8]
