"""Untrained bundles: one of every family, which load like any other."""

from __future__ import annotations

from pathlib import Path

from bench.untrained_bundles import TILING, UNTRAINED, write_untrained_bundles
from models.bundle import load_bundle
from models.families.table import FAMILIES
from training.config.presets import PRESETS


def test_there_is_the_smallest_preset_of_every_family() -> None:
    """With classes or domains; and a Progressive GAN that tiles, without."""
    networks = {name: network() for name, network in UNTRAINED.items()}

    assert set(networks) == {*FAMILIES, TILING}
    for family in FAMILIES:
        network = networks[family]
        others = [each.network for each in PRESETS.values() if each.network.family == family]
        assert network.family == family
        assert network.classes >= 2
        assert network.resolution == min(other.resolution for other in others)
    assert networks[TILING].tiling
    assert not networks[TILING].classes


def test_a_bundle_loads_with_exits_or_domains(tmp_path: Path) -> None:
    """Its weights are the same each time."""
    names = ("progan", TILING)
    for folder in ("a", "b"):
        write_untrained_bundles(tmp_path / folder, names)
    cards = [[load_bundle(tmp_path / folder / name).card for name in names] for folder in "ab"]

    assert cards[0] == cards[1]
    assert cards[0][0].labels == ("class-0", "class-1", "class-2")
    assert cards[0][0].exits[0].kernels == (1, 3, 1)
