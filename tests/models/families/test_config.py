"""The part of a configuration that all families share."""

from __future__ import annotations

import pytest

from models.families.config import FamilyConfig
from models.families.configs import FAMILY_CONFIGS
from models.families.table import FAMILIES

OF_SEEDS = {name: FAMILY_CONFIGS[name] for name, each in FAMILIES.items() if not each.translates}


@pytest.mark.parametrize("kind", OF_SEEDS.values(), ids=OF_SEEDS)
def test_a_network_takes_a_label_where_it_has_classes(kind: type[FamilyConfig]) -> None:
    """And a seed always; the classes of families that translate pictures are domains."""
    values = kind.from_dict({**example(kind), "classes": 3})

    plain = kind.from_dict(example(kind)).takes
    assert plain[0] == "seed"
    assert "label" not in plain
    assert (*plain[:1], "label", *plain[1:]) == values.takes


@pytest.mark.parametrize("kind", FAMILY_CONFIGS.values(), ids=FAMILY_CONFIGS)
def test_plain_values_name_the_family_and_come_back(kind: type[FamilyConfig]) -> None:
    """A Progressive GAN names none, as before there were others."""
    config = kind.from_dict(example(kind))

    assert kind.from_dict(config.to_dict()) == config
    assert config.to_dict().get("family", "progan") == config.family


@pytest.mark.parametrize("kind", FAMILY_CONFIGS.values(), ids=FAMILY_CONFIGS)
def test_costs_and_maps_are_told_for_every_level(kind: type[FamilyConfig]) -> None:
    """A level costs no less than one below it."""
    config = kind.from_dict(example(kind))
    costs = config.path_costs()

    assert len(costs) == len(config.resolutions)
    assert list(costs) == sorted(costs)
    assert all(config.feature_maps(level) > 0 for level in range(config.top_level + 1))


def example(kind: type[FamilyConfig]) -> dict[str, object]:
    """Values of a configuration of 64 px, with the defaults of its family."""
    return {**kind(64).to_dict()}  # type: ignore[call-arg]
