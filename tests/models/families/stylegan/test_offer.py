"""The offer of the StyleGAN2: its initial weights and its fixed noise."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from models.families.stylegan.config import StyleganConfig
from models.families.stylegan.generator import StyleganGenerator
from models.families.stylegan.offer import STYLEGAN_FAMILY
from models.family import DiscriminatorOptions, ImageDiscriminator
from models.latent import noise_of

CONFIG = StyleganConfig(32, 1, 32, 32, 2, 1024, 32, classes=3)


def drawn() -> tuple[StyleganGenerator, ImageDiscriminator]:
    """Both networks, with weights from one source."""
    source = np.random.Generator(np.random.Philox(0))
    generator = STYLEGAN_FAMILY.generator(CONFIG, None)
    discriminator = STYLEGAN_FAMILY.discriminator(CONFIG, DiscriminatorOptions("projection"))
    for network in (generator, discriminator):
        STYLEGAN_FAMILY.initialise(network, source)
    assert isinstance(generator, StyleganGenerator)
    return generator, discriminator


def test_weights_begin_standard_normal_and_slow_ones_a_hundred_times_as_large() -> None:
    """Their scales are in the layers; styles begin as no change, noise without effect."""
    for network in drawn():
        for name, value in network.named_parameters():
            if name.endswith("affine.bias"):
                assert (value == 1.0).all()
            elif name.endswith(("bias", "strength")):
                assert not value.any()
            elif value.numel() > 500:
                slow = name.startswith(("mapping.layers", "classes.layers"))
                assert value.std().item() == pytest.approx(100.0 if slow else 1.0, rel=0.1), name


def test_the_first_images_have_a_deviation_of_about_one() -> None:
    """Of the range of pixels: neither flat nor out of range."""
    generator, _ = drawn()
    images = generator(torch.randn(16, 32), None, torch.arange(16) % 3)

    assert 0.3 < images.std().item() < 4.0


def test_the_same_source_draws_the_same_weights_and_noise_follows_from_the_layer() -> None:
    """Whatever the seed of the run."""
    (one, _), (other, _) = drawn(), drawn()

    weights = one.state_dict()
    assert all(torch.equal(value, weights[name]) for name, value in other.state_dict().items())
    for place, layer in enumerate(one.styled_layers):
        expected = noise_of(place, layer.noise.numel())
        assert layer.noise.flatten().tolist() == expected.tolist()
