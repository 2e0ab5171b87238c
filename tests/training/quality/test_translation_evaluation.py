"""KID into each domain, beside that of untranslated pictures."""

from pathlib import Path

import numpy as np
import torch

from models.families.cyclegan.generator import CycleganGenerator
from models.growth import Growth
from tests.training.quality.test_translation_metrics import Swapped
from tests.training.translating import TINY, two_domains
from training.progress_bar import progress_bar
from training.quality.features import load_efficientnet, weights_path
from training.quality.pictures import choose_real
from training.quality.translation_evaluation import measure_directions, translated_set
from training.quality.translations import translate_from_other


def test_a_perfect_translation_is_far_nearer_than_none(tmp_path: Path) -> None:
    """In both directions; each metric tells how it was measured."""
    prepared = two_domains(tmp_path / "data", 40)
    labels = prepared.labels()
    assert labels is not None
    real = choose_real(prepared.images(16), 40, 0)
    domains = [int(label) for label in labels[real.numbers]]
    made = translated_set(Swapped(TINY).eval(), Growth(2), prepared, domains)
    network = load_efficientnet(weights_path(), torch.device("cpu"))
    found = measure_directions((real, made), domains, ("dark", "light"), 0, network, progress_bar)

    assert set(found) == {"kid_to_dark", "kid_to_light"}
    for metric in found.values():
        assert metric["value"] < metric["untranslated"] / 5
        assert metric["images"] == 20
        assert "untranslated: that of real pictures of the other one" in metric["how"]


def test_translations_stand_in_the_order_of_the_labels(tmp_path: Path) -> None:
    """So that they compare with real pictures of the same domains."""
    prepared, growth = two_domains(tmp_path / "data"), Growth(2)
    torch.manual_seed(0)
    generator = CycleganGenerator(TINY).eval().requires_grad_(False)
    made = translated_set(generator, growth, prepared, [1, 0, 1])
    light = translate_from_other(generator, prepared, 1, growth, 2)

    assert np.array_equal(made.at([0, 2]), light)
    assert np.array_equal(made.at([1]), translate_from_other(generator, prepared, 0, growth, 1))
