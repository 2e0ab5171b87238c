"""Reading a configuration whose family is only known from its values."""

from __future__ import annotations

import pytest

from models.families.configs import FAMILY_CONFIGS, family_of, read_network
from models.families.progan.config import ProganConfig


def test_values_without_a_family_are_of_a_progressive_gan() -> None:
    """As those of every release that knew no other."""
    config = ProganConfig(32, 3, 16, 256, 16)

    assert read_network(config.to_dict()) == config
    assert read_network(config) is config
    assert ("progan", "progan", "progan") == tuple(map(family_of, (config, {}, 3)))


@pytest.mark.parametrize(
    ("value", "message"),
    [(3, "network must be an object"), ({"family": "vae"}, "'vae' is unknown .known: .*progan")],
)
def test_another_family_is_refused(value: object, message: str) -> None:
    """The message lists those that are known."""
    with pytest.raises(ValueError, match=message):
        read_network(value)


def test_every_class_knows_its_name() -> None:
    """The key of the table."""
    assert {name: kind.family for name, kind in FAMILY_CONFIGS.items()} == {
        name: name for name in FAMILY_CONFIGS
    }
