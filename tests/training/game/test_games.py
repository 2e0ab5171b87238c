"""The games: what each family is shown."""

from pathlib import Path

import torch

from models.families.cyclegan.discriminator import CycleganDiscriminator
from tests.training.translating import (
    three_domains,
    tiny_stargan,
    tiny_translation,
    two_domains,
)
from training.config.config import TrainingConfig
from training.data.stream import Prepared
from training.distributed import SINGLE
from training.game.games import (
    AdversarialGame,
    MultiDomainGame,
    TranslationGame,
    game_of,
    renewed_stream,
)
from training.game.schedule import schedule_at
from training.game.state import TrainingState


def test_the_family_decides_the_game(config: TrainingConfig, prepared: Prepared) -> None:
    """Only a translation needs domains."""
    assert isinstance(game_of(config, prepared), AdversarialGame)
    assert isinstance(game_of(tiny_translation(), prepared), TranslationGame)
    assert isinstance(game_of(tiny_stargan(), prepared), MultiDomainGame)


def test_each_discriminator_is_shown_pictures_of_its_domain(tmp_path: Path) -> None:
    """Dark ones and light ones; every step shows others."""
    prepared, config = two_domains(tmp_path / "data"), tiny_translation()
    state = TrainingState.create(config, torch.device("cpu"))
    seen: dict[int, list[float]] = {0: [], 1: []}

    class Watching(CycleganDiscriminator):
        def patches(self, images: torch.Tensor, domain: int) -> torch.Tensor:
            seen[domain].append(images.mean().item())
            return super().patches(images, domain)

    state.discriminator.__class__ = Watching
    game = game_of(config, prepared)
    for shown in (0, 2):
        game.play(state, schedule_at(shown, config), config, 0.0, SINGLE)

    # Of each step: the generators' fakes, then real and fake ones of the discriminators.
    assert all(value < 0 for value in seen[0][1::3])
    assert all(value > 0 for value in seen[1][1::3])
    assert len({*seen[0][1::3]}) == 2


def test_a_stargan_is_shown_pictures_of_all_domains_with_their_names(tmp_path: Path) -> None:
    """It learns which is which: after 150 steps it names dark, gray and light noise."""
    prepared, config = three_domains(tmp_path / "data"), tiny_stargan(600)
    state = TrainingState.create(config, torch.device("cpu"))
    game = game_of(config, prepared)
    numbers = [
        game.play(state, schedule_at(shown, config), config, 0.0, SINGLE).read()["class_real"]
        for shown in range(0, 600, 4)
    ]

    assert numbers[0] > 0.9  # near the logarithm of 3
    assert numbers[-1] < 0.7


def test_a_stream_is_renewed_only_for_another_setting(
    config: TrainingConfig, prepared: Prepared
) -> None:
    """Its order is costly to compute, and does not depend on mirroring."""
    stream = renewed_stream(None, prepared, config)

    assert renewed_stream(stream, prepared, config) is stream
    other = tiny_translation()
    assert other.augmentation.mirror != config.augmentation.mirror
    assert renewed_stream(stream, prepared, other) is not stream
