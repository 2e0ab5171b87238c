"""The table of families of generators.

Owns the offer of each family by its name; `configs.py` has their configurations, without torch.
"""

from __future__ import annotations

from models.families.biggan.offer import BIGGAN_FAMILY
from models.families.config import FamilyConfig
from models.families.cyclegan.offer import CYCLEGAN_FAMILY
from models.families.dcgan.offer import DCGAN_FAMILY
from models.families.progan.offer import PROGAN_FAMILY
from models.families.stargan.offer import STARGAN_FAMILY
from models.families.stylegan.offer import STYLEGAN_FAMILY
from models.family import Family

FAMILIES: dict[str, Family] = {
    "progan": PROGAN_FAMILY,
    "dcgan": DCGAN_FAMILY,
    "stylegan": STYLEGAN_FAMILY,
    "cyclegan": CYCLEGAN_FAMILY,
    "biggan": BIGGAN_FAMILY,
    "stargan": STARGAN_FAMILY,
}


def offer_of(config: FamilyConfig) -> Family:
    """The offer of the family of a configuration."""
    return FAMILIES[config.family]
