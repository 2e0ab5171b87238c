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
