"""The division of an entry vector among the layers of a BigGAN."""

from __future__ import annotations

import torch

from models.families.biggan.config import BigganConfig
from models.families.biggan.synthesis import BigganSynthesis


@torch.no_grad()
def test_shared_class_vectors_are_mixed_by_the_shares_of_the_classes() -> None:
    """Half of each of two classes gives the mean of their vectors, so the image between them."""
    synthesis = BigganSynthesis(BigganConfig(16, 1, 9, 4, 256, 16, classes=2)).eval()
    assert synthesis.embedding is not None
    latent = torch.randn(1, 9)
    half = torch.cat([latent, torch.tensor([[0.5, 0.5]])], dim=1)
    expected = synthesis(half)

    synthesis.embedding.weight.copy_(synthesis.embedding.weight.mean(dim=1, keepdim=True))

    one = torch.cat([latent, torch.tensor([[1.0, 0.0]])], dim=1)
    torch.testing.assert_close(synthesis(one), expected, atol=1e-6, rtol=1e-5)


@torch.no_grad()
def test_its_latent_weights_are_those_of_every_layer_that_reads_the_latent() -> None:
    """A part of the latent for the first layer and for each of two blocks with four layers."""
    synthesis = BigganSynthesis(BigganConfig(16, 1, 9, 4, 256, 16, classes=2)).eval()

    weights = synthesis.latent_weights()

    assert weights.shape == (16 * 16 + 2 * 4 * 16, 9)
    assert torch.equal(weights[: 16 * 16, :3], synthesis.first.kernel())
    assert not weights[: 16 * 16, 3:].any()
    assert weights[16 * 16 : 16 * 16 + 64, 3:6].any()
    assert not weights[16 * 16 : 16 * 16 + 64, 6:].any()
