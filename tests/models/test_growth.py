"""How far the networks have grown, and the cross-fade."""

import pytest
import torch

from models.growth import Growth, blend, fade_images
from models.layers.resampling import downsample, upsample


@pytest.mark.parametrize(
    ("level", "alpha"), [(-1, 1.0), (1, -0.1), (1, 1.1), (1, float("nan")), (0, 0.5)]
)
def test_impossible_growth_is_refused(level: int, alpha: float) -> None:
    """Levels begin at 0, alpha lies in [0, 1], and level 0 has nothing to fade from."""
    with pytest.raises(ValueError, match="alpha"):
        Growth(level, alpha)


def test_growth_knows_its_resolution_and_whether_it_fades() -> None:
    """Level 3 is 32 pixels; it fades until alpha is 1."""
    assert Growth(3).resolution == 32
    assert not Growth(3).fading
    assert Growth(3, 0.999).fading


def test_blend_is_the_old_at_zero_and_the_new_at_one() -> None:
    """Both ends are exact, the middle is the mean."""
    old, new = torch.randn(2, 3), torch.randn(2, 3)

    assert torch.equal(blend(old, new, 0.0), old)
    assert torch.equal(blend(old, new, 1.0), new)
    torch.testing.assert_close(blend(old, new, 0.5), (old + new) / 2)


def test_real_images_fade_as_the_networks_do() -> None:
    """At alpha 0 they are the lower level up-sampled, at alpha 1 themselves, between a mixture."""
    images = torch.randn(2, 3, 8, 8)
    coarse = upsample(downsample(images))

    assert torch.equal(fade_images(images, Growth(1, 0.0)), coarse)
    assert torch.equal(fade_images(images, Growth(1)), images)
    torch.testing.assert_close(fade_images(images, Growth(1, 0.25)), 0.75 * coarse + 0.25 * images)
