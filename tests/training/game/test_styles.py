"""Images as training draws them: mixed styles, fresh noise, and path lengths."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from models.families.stylegan.generator import StyleganGenerator
from models.families.stylegan.offer import STYLEGAN_FAMILY
from tests.training.styled import NETWORK, tiny_stylegan
from training.game.styles import StyleDraws, path_lengths, styled_images, styles_of
from training.objectives.rng import Stream, generator_at, normal

COUNT = 400


@pytest.fixture(scope="module")
def generator() -> StyleganGenerator:
    """With drawn weights, and noise that has an effect."""
    network = StyleganGenerator(NETWORK)
    STYLEGAN_FAMILY.initialise(network, generator_at(0, Stream.INITIAL_WEIGHTS, 0))
    for layer in network.styled_layers:
        torch.nn.init.constant_(layer.strength, 0.1)
    return network


def draws_at(
    generator: StyleganGenerator, mixing: float, shown: int = 0, count: int = COUNT
) -> StyleDraws:
    """Numbers of a step."""
    return StyleDraws.at(tiny_stylegan(mixing=mixing), Stream.STYLES, shown, generator, count)


def latents(count: int) -> Tensor:
    """Standard normal numbers."""
    return normal(generator_at(1, Stream.LATENTS, 0), count, NETWORK.latent_size)


@pytest.mark.parametrize("mixing", [0.0, 0.5, 1.0])
def test_that_share_of_images_has_a_second_style(
    generator: StyleganGenerator, mixing: float
) -> None:
    """From a layer on that is never the first one; each layer is as likely."""
    draws = draws_at(generator, mixing)
    mixed = draws.first_layers[draws.first_layers < generator.style_layers]

    assert len(mixed) / COUNT == pytest.approx(mixing, abs=0.1)
    assert set(mixed.tolist()) == (set(range(1, generator.style_layers)) if mixing else set())
    assert (draws.second is None) == (mixing == 0.0)


def test_layers_below_have_the_first_style_and_those_above_the_second(
    generator: StyleganGenerator,
) -> None:
    """Each the result of the mapping network."""
    draws, z = draws_at(generator, 1.0, count=6), latents(6)
    assert draws.second is not None
    styles = styles_of(generator, z, None, draws)
    one, other = generator.styles(z), generator.styles(draws.second)

    for n, first in enumerate(draws.first_layers.tolist()):
        assert torch.equal(styles[n, :first], one[n].expand(first, -1))
        assert torch.equal(styles[n, first:], other[n].expand(generator.style_layers - first, -1))


def test_numbers_are_those_of_the_step(generator: StyleganGenerator) -> None:
    """The same again, others in the next one; and noise is another map for each image."""
    z = latents(4)
    one, same, later = (
        styled_images(generator, z, None, draws_at(generator, 0.5, shown, 4)) for shown in (0, 0, 4)
    )
    noise = draws_at(generator, 0.5, 0, 4).noise

    assert torch.equal(one, same)
    assert not torch.equal(one, later)
    assert [each.shape for each in noise] == [(4, 1, 4, 4), (4, 1, 8, 8), (4, 1, 8, 8)]
    assert not torch.equal(noise[0][0], noise[0][1])


def test_a_path_length_is_that_of_finite_differences(generator: StyleganGenerator) -> None:
    """Equation 4: norm of the gradient of an image times a direction; one style in all layers."""
    network = StyleganGenerator(NETWORK).double()
    network.load_state_dict(generator.state_dict())
    z, direction = latents(1).double(), torch.randn(1, 3, 8, 8, dtype=torch.float64)
    draws = draws_at(generator, 0.0, count=1)
    draws = StyleDraws(None, draws.first_layers, [each.double() for each in draws.noise])
    lengths = path_lengths(network, z, None, draws, direction)

    styles = styles_of(network, z, None, draws).detach()
    slopes = torch.zeros_like(styles)
    for place in range(styles.numel()):
        step = torch.zeros(styles.numel(), dtype=torch.float64)
        step[place] = 1e-5
        ends = [
            (network.draw(styles + sign * step.reshape(styles.shape), draws.noise) * direction)
            .sum()
            .item()
            for sign in (1.0, -1.0)
        ]
        slopes.flatten()[place] = (ends[0] - ends[1]) / 2e-5 / 8.0  # root of 8x8 pixels
    expected = slopes.square().sum(dim=2).mean(dim=1).sqrt()

    torch.testing.assert_close(lengths.detach(), expected, rtol=1e-4, atol=1e-8)
    lengths.sum().backward()
    assert network.mapping.layers[0].weight.grad is not None
