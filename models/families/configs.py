"""The configuration classes of all families, by name.

Owns the table, and the reading of a configuration whose family is only known from its values.
Knows no tensor.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, cast

from pydantic import Discriminator, Tag

from models.families.biggan.config import BigganConfig
from models.families.config import FamilyConfig
from models.families.cyclegan.config import CycleganConfig
from models.families.dcgan.config import DcganConfig
from models.families.progan.config import ProganConfig
from models.families.stargan.config import StarganConfig
from models.families.stylegan.config import StyleganConfig

PROGAN = "progan"  # the family of a configuration that names none
DCGAN = "dcgan"
STYLEGAN = "stylegan"
CYCLEGAN = "cyclegan"
BIGGAN = "biggan"
STARGAN = "stargan"

FAMILY_CONFIGS: dict[str, type[FamilyConfig]] = {
    PROGAN: ProganConfig,
    DCGAN: DcganConfig,
    STYLEGAN: StyleganConfig,
    CYCLEGAN: CycleganConfig,
    BIGGAN: BigganConfig,
    STARGAN: StarganConfig,
}


def family_of(network: object) -> str:
    """Name of the family of a configuration, given as such or as a dictionary."""
    if isinstance(network, dict):
        return str(cast("dict[str, object]", network).get("family", PROGAN))
    return network.family if isinstance(network, FamilyConfig) else PROGAN


def without_family(message: str, network: object) -> str:
    """Remove the family, by which `NetworkField` finds a class, from the paths in a message."""
    path = f"network.{family_of(network)}"
    return message.replace(f"{path}.", "network.").replace(f"{path}:", "network:")


if TYPE_CHECKING:
    NetworkField = FamilyConfig
else:
    # One adapter for all families, whose messages contain the path of each wrong value.
    NetworkField = Annotated[
        Annotated[ProganConfig, Tag(PROGAN)]
        | Annotated[DcganConfig, Tag(DCGAN)]
        | Annotated[StyleganConfig, Tag(STYLEGAN)]
        | Annotated[CycleganConfig, Tag(CYCLEGAN)]
        | Annotated[BigganConfig, Tag(BIGGAN)]
        | Annotated[StarganConfig, Tag(STARGAN)],
        Discriminator(
            family_of,
            custom_error_type="family_unknown",
            custom_error_message=f"its family is none of {', '.join(sorted(FAMILY_CONFIGS))}",
        ),
    ]


def read_network(value: object) -> FamilyConfig:
    """Read the configuration of a network, given as such or as a dictionary.

    Raises:
        ValueError: the family is unknown, a key is missing or unknown, or a value is out of range.
    """
    if isinstance(value, FamilyConfig):
        return value
    if not isinstance(value, dict):
        raise ValueError(f"network must be an object, not {value!r}")  # noqa: TRY004 - for pydantic
    name = family_of(cast("object", value))
    if name not in FAMILY_CONFIGS:
        known = ", ".join(sorted(FAMILY_CONFIGS))
        raise ValueError(f"network.family {name!r:.60} is unknown (known: {known})")
    return FAMILY_CONFIGS[name].from_dict(cast("dict[str, Any]", value))
