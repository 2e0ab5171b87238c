"""The mapping networks: unit latents, classes, and styles that are computed alone."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from models.families.stylegan.config import StyleganConfig
from models.families.stylegan.mapping import ClassMapping, Mapping
from models.families.stylegan.offer import draw_stylegan_weights

PLAIN = StyleganConfig(16, 1, 8, 6, 3, 64, 8)
WITH_CLASSES = StyleganConfig(16, 1, 8, 6, 3, 64, 8, classes=3)


def test_the_length_of_a_latent_does_not_matter() -> None:
    """It is scaled to unit mean square first, so shrinking a latent is no truncation."""
    mapping, z = Mapping(PLAIN), torch.randn(2, 8)

    torch.testing.assert_close(mapping(z), mapping(3.0 * z))


def test_a_class_changes_the_style_and_must_be_told() -> None:
    """By labels where there are classes, and only there."""
    mapping, z = Mapping(WITH_CLASSES), torch.randn(1, 8)

    assert not torch.equal(mapping(z, torch.tensor([0])), mapping(z, torch.tensor([1])))
    with pytest.raises(ValueError, match="labels are needed where there are some"):
        mapping(z)
    with pytest.raises(ValueError, match="this generator has 0 classes"):
        Mapping(PLAIN)(z, torch.tensor([0]))


def test_styles_computed_one_by_one_are_those_of_batches_of_one() -> None:
    """To the bit; a batch may round otherwise."""
    mapping, z = Mapping(WITH_CLASSES), torch.randn(3, 8)
    labels = torch.tensor([2, 0, 1])
    styles = mapping.one_by_one(z, labels)

    for n in range(3):
        assert torch.equal(styles[n], mapping(z[n : n + 1], labels[n : n + 1])[0])
    torch.testing.assert_close(styles, mapping(z, labels))


def test_vectors_of_classes_differ() -> None:
    """One for each class, of the size of the features."""
    mapping = ClassMapping(3, 12)
    draw_stylegan_weights(mapping, np.random.default_rng(0))
    vectors = mapping(torch.tensor([0, 1, 2, 0]))

    assert vectors.shape == (4, 12)
    assert torch.equal(vectors[0], vectors[3])
    assert not torch.allclose(vectors[0], vectors[1])
