"""Self-attention: without effect at first, then a weighted mean over all pixels."""

from __future__ import annotations

import torch
import torch.nn.functional as F

from models.families.biggan.attention import SelfAttention


def test_it_has_no_effect_at_first() -> None:
    """Its strength begins at 0."""
    x = torch.randn(2, 16, 4, 4)

    assert torch.equal(SelfAttention(16, (4, 4))(x), x)


@torch.no_grad()
def test_it_adds_what_scaled_dot_product_attention_gives() -> None:
    """PyTorch's own, without its division by the root of the number of maps."""
    layer, x = SelfAttention(16, (4, 8)).eval(), torch.randn(2, 16, 4, 8)
    layer.strength.fill_(0.5)
    queries = layer.query(x).flatten(2).transpose(1, 2)
    keys = F.max_pool2d(layer.key(x), 2).flatten(2).transpose(1, 2)
    values = F.max_pool2d(layer.value(x), 2).flatten(2).transpose(1, 2)

    attended = F.scaled_dot_product_attention(queries, keys, values, scale=1.0)

    expected = x + 0.5 * layer.result(attended.transpose(1, 2).reshape(2, 8, 4, 8))
    torch.testing.assert_close(layer(x), expected, atol=1e-5, rtol=1e-5)
