"""Evaluation of a translation: translated sources against real pictures of their new domain.

Owns the translated set, and the KID into each domain beside that of untranslated sources. The
distance itself is in `distances`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from models.family import ImageGenerator
from models.growth import Growth
from training.data.stream import Prepared
from training.progress_bar import OnProgress, OpenProgress, ignore_progress
from training.quality.distances import kernel_distance
from training.quality.features import NETWORK, Features, efficientnet_features, input_size_of
from training.quality.networks.efficientnet import EfficientNetLite0
from training.quality.pictures import PictureSet
from training.quality.report import INTO_DOMAIN, Metric, metric_entry
from training.quality.translations import translate_from_other

FEWEST_OF_KID = 3  # pictures of a domain that a KID needs


def translated_set(
    average: ImageGenerator,
    growth: Growth,
    prepared: Prepared,
    labels: Sequence[int],
    on_progress: OnProgress = ignore_progress,
) -> PictureSet:
    """Translate as many pictures into each domain as `labels` name, in their order."""
    domains = np.array(labels)
    size = prepared.images(growth.resolution).shape[1:]
    made = np.empty((len(labels), *size), np.uint8)
    done = 0
    for domain in range(average.config.classes):
        chosen = np.flatnonzero(domains == domain)
        if len(chosen):
            made[chosen] = translate_from_other(average, prepared, domain, growth, len(chosen))
        done += len(chosen)
        on_progress(done, len(labels))
    return PictureSet(made, np.arange(len(made)))


def measure_directions(
    sets: tuple[PictureSet, PictureSet],
    labels: Sequence[int],
    names: Sequence[str],
    seed: int,
    network: EfficientNetLite0,
    open_progress: OpenProgress,
) -> dict[str, Metric]:
    """Measure the KID into each domain, and that of the untranslated pictures of all others.

    Args:
        sets: real pictures of all domains, and as many translated ones of the same domains.
        labels: domain of each picture of both sets, or of more.
        names: of the domains.
        seed: of the random subsets.
        network: computes the features.
        open_progress: opens the progress bar of each part.
    """
    domains = np.array(labels[: len(sets[0])])
    found: list[Features] = []
    for told, pictures in zip(("real", "translated"), sets, strict=True):
        with open_progress(f"features of {len(pictures):,} {told} pictures") as on_progress:
            found.append(efficientnet_features(pictures, network, on_progress))
    real, made = found
    others = "the other one" if len(names) == 2 else "all others"
    how = (
        f"KID (Binkowski et al. 2018) of {NETWORK} features at {input_size_of(sets[0].shorter)} px "
        f"to real pictures of the domain; untranslated: that of real pictures of {others}"
    )
    metrics: dict[str, Metric] = {}
    for domain in range(len(names)):
        here, there = real[domains == domain], real[domains != domain]
        if min(len(here), len(there)) < FEWEST_OF_KID:
            continue
        kid = kernel_distance(here, made[domains == domain], seed)
        untranslated = kernel_distance(here, there, seed)
        metrics[f"{INTO_DOMAIN}{names[domain]}"] = metric_entry(
            kid.mean, how, deviation=kid.deviation, untranslated=untranslated.mean, images=len(here)
        )
    return metrics
