"""Settings that changed under way: a pure function of images shown, kept in the file of the run."""

from dataclasses import replace

from training.config.config import TrainingConfig
from training.config.groups import Change
from training.config.history import config_at
from training.game.schedule import schedule_at


def changed(config: TrainingConfig) -> TrainingConfig:
    """Half the batch after 32 images, a stronger penalty after 48."""
    changes = (Change(32, ("levels.*.batch_size=2",)), Change(48, ("penalty_weight=0.1",)))
    return replace(config, changes=changes)


def test_a_change_holds_from_its_image_on(config: TrainingConfig) -> None:
    """And those before it still hold."""
    sizes = [schedule_at(n, changed(config)).batch_size for n in (0, 31, 32, 60)]
    weights = [config_at(changed(config), n).penalty.weight for n in (0, 47, 48, 60)]

    assert sizes == [4, 4, 2, 2]
    assert weights == [0.05, 0.05, 0.1, 0.1]


def test_a_configuration_without_changes_is_its_own(config: TrainingConfig) -> None:
    """And its file does not speak of them."""
    assert config_at(config, 1_000) is config
    assert "changes" not in config.to_json()


def test_changes_are_read_back(config: TrainingConfig) -> None:
    """From the configuration file."""
    assert TrainingConfig.from_json(changed(config).to_json()) == changed(config)
