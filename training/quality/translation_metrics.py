"""The quick numbers of a translation at each tick, against real pictures of its domains.

Owns the comparison by domain; the numbers are those of `tick_metrics`.
"""

from __future__ import annotations

import numpy as np

from models.family import ImageGenerator
from models.growth import Growth
from models.picture import in_eight_bits
from training.data.stream import Prepared
from training.quality.tick_metrics import (
    SetStatistics,
    TickMetrics,
    compared_statistics,
    statistics_of,
)
from training.quality.translations import domain_pictures, translate_from_other


class TranslationMetrics:
    """Measures averaged generators of a translation against fixed real pictures.

    Args:
        prepared: the training pictures, of all domains.
        tick_images: images between two measurements; for short ticks fewer pictures are measured.
    """

    def __init__(self, prepared: Prepared, tick_images: int) -> None:
        self._prepared = prepared
        self._size = TickMetrics(prepared, tick_images)
        self._real: dict[int, SetStatistics] = {}

    def measure(self, average: ImageGenerator, growth: Growth) -> dict[str, float]:
        """Measure the three numbers of `TickMetrics` into each domain.

        `swd` is the mean of all; `diversity` and `distinctness` are those of the worst one. Empty
        if a domain has fewer than two pictures.
        """
        found: list[dict[str, float]] = []
        for domain in range(average.config.classes):
            members = domain_pictures(self._prepared, domain)
            count = min(self._size.count_at(growth), len(members))
            if count < 2:
                return {}
            if domain not in self._real:
                array = self._prepared.images(growth.resolution)
                self._real[domain] = statistics_of(
                    in_eight_bits(np.asarray(array[members[:count]]))
                )
            made = translate_from_other(average, self._prepared, domain, growth, count)
            found.append(compared_statistics(self._real[domain], statistics_of(made)))
        return {
            name: float(np.mean([each[name] for each in found]))
            if name == "swd"
            else min(each[name] for each in found)
            for name in found[0]
        }
