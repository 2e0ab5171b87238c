"""The entrance of a BigGAN that takes truncated latents: the frozen rule of its statistics."""

from __future__ import annotations

import pytest
import torch

from models.entrance import ClassPoint, StyleEntrance, TruncatingEntrance
from models.families.biggan.entrance import BigganEntrance
from models.families.one_hot_entrance import OneHotEntrance
from models.latent import latent_of
from models.truncation import truncated_latent

MEANS = torch.tensor([[0.0, 1.0, 2.0], [1.0, 1.0, 4.0], [3.0, 2.0, 0.0]], dtype=torch.float64)
DEVIATIONS = torch.tensor([[0.5, 1.0, 2.0], [1.0, 2.0, 2.0], [4.0, 3.0, 1.0]], dtype=torch.float64)
ENTRANCE = BigganEntrance(OneHotEntrance(4, 2), MEANS, DEVIATIONS)
POINT = ClassPoint(1, 1)


def test_it_is_the_interface_of_truncated_latents_and_not_of_styles() -> None:
    """Callers tell by it what to interpolate."""
    assert isinstance(ENTRANCE, TruncatingEntrance)
    assert not isinstance(ENTRANCE, StyleEntrance)
    assert not isinstance(ENTRANCE.one_hot, TruncatingEntrance)
    assert (ENTRANCE.latent_size, ENTRANCE.classes, ENTRANCE.size) == (4, 2, 12)


def test_at_psi_of_one_nothing_is_corrected() -> None:
    """Factors of exactly 1 and summands of exactly 0, after latent and class."""
    latent = torch.from_numpy(latent_of(7, 4))

    vector = ENTRANCE.enter(latent, POINT)

    assert vector.tolist() == [*latent.tolist(), 0, 1, 1, 1, 1, 0, 0, 0]
    assert ENTRANCE.truncated_latent(latent, 1.0).data_ptr() == latent.data_ptr()


@pytest.mark.parametrize(
    ("psi", "mean", "deviation"),
    [
        (0.0, [0.0, 1.0, 2.0], [0.5, 1.0, 2.0]),
        (0.5, [1.0, 1.0, 4.0], [1.0, 2.0, 2.0]),
        (0.75, [2.0, 1.5, 2.0], [2.5, 2.5, 1.5]),
    ],
)
def test_statistics_are_those_of_psi_or_between_their_neighbours(
    psi: float, mean: list[float], deviation: list[float]
) -> None:
    """A normalisation with the statistics of psi 1 then gives (x - mean) / deviation."""
    factor, summand = ENTRANCE.corrections(psi)
    x = torch.tensor([0.3, -2.0, 5.0])

    normalised = (x * factor + summand - MEANS[-1]) / DEVIATIONS[-1]

    expected = (x - torch.tensor(mean)) / torch.tensor(deviation)
    torch.testing.assert_close(normalised.float(), expected, atol=1e-6, rtol=0)


def test_the_whole_vector_is_of_the_truncated_latent_and_its_statistics() -> None:
    """In one call each, as the service makes them."""
    latent = torch.from_numpy(latent_of(7, 4))
    truncated = ENTRANCE.truncated_latent(latent, 0.5)

    vector = ENTRANCE.enter_truncated(truncated, POINT, 0.5)

    assert vector[:4].tolist() == truncated_latent(latent.numpy(), 0.5).tolist()
    assert vector[6:].tolist() == [*(4.0, 1.5, 0.5), *(-1.0, 0.5, -2.0)]
    assert vector.dtype == torch.float32


@pytest.mark.parametrize("psi", [-0.01, 1.5, float("nan")])
def test_there_are_statistics_from_zero_to_one_only(psi: float) -> None:
    """And up to the last number below 1."""
    ENTRANCE.corrections(1.0 - 2.0**-53)
    with pytest.raises(ValueError, match="statistics for a psi from 0 to 1"):
        ENTRANCE.corrections(psi)
