"""Advice for small data sets.

Owns the number of pictures below which it is given, and what may be set. Knows no picture.
"""

from __future__ import annotations

from models.families.table import offer_of
from training.config.config import TrainingConfig

AUGMENT = "augment=color,translation,cutout"
FEW_PICTURES = 2_000  # with fewer, the discriminator memorises them without augmentation


def hint_for_few(config: TrainingConfig, count: int) -> str:
    """Advice on settings for a small data set; empty if none is needed.

    A network that translates takes neither augmentation nor a preset of another family.
    """
    augmentation, translates = config.augmentation, offer_of(config.network).translates
    if count >= FEW_PICTURES or ((augmentation.policy or translates) and augmentation.mirror):
        return ""
    missing = [] if augmentation.policy or translates else [f"--set {AUGMENT}"]
    missing += [] if augmentation.mirror else ["--set mirror=true (where left and right may swap)"]
    preset = "" if translates else ", or begin with --preset few-128, made for 300 to 500 pictures"
    return (
        f"{count:,} pictures are few: the discriminator may memorise them. Add "
        f"{' and '.join(missing)}{preset}"
    )
