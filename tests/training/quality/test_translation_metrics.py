"""The quick numbers of a translation."""

from pathlib import Path

import pytest
import torch

from models.families.cyclegan.generator import CycleganGenerator
from models.growth import Growth
from tests.training.translating import TINY, two_domains
from training.quality.translation_metrics import TranslationMetrics

TOP = Growth(2)


class Swapped(CycleganGenerator):
    """Translates perfectly: dark noise becomes light noise, and light noise dark."""

    def translate(self, source: torch.Tensor, domain: int) -> torch.Tensor:
        """Move all values by the distance of the domains."""
        return source + (1.0 if domain else -1.0) * 127 / 127.5


def test_a_perfect_translation_is_nearer_than_none(tmp_path: Path) -> None:
    """All numbers are near those of the data; an untrained network has no variety."""
    prepared = two_domains(tmp_path / "data")
    watch = TranslationMetrics(prepared, 16)
    perfect = watch.measure(Swapped(TINY).eval(), TOP)
    torch.manual_seed(0)
    untrained = watch.measure(CycleganGenerator(TINY).eval(), TOP)

    assert set(perfect) == {"swd", "diversity", "distinctness"}
    assert perfect["swd"] < untrained["swd"]
    assert perfect["diversity"] == pytest.approx(1.0, abs=0.05)
    assert untrained["diversity"] < 0.9
    assert watch.measure(Swapped(TINY).eval(), TOP) == perfect


def test_a_domain_of_one_picture_has_no_numbers(tmp_path: Path) -> None:
    """There is no distance within it."""
    prepared = two_domains(tmp_path / "data", 3)

    assert TranslationMetrics(prepared, 16).measure(Swapped(TINY).eval(), TOP) == {}
