"""Pictures and configuration: what is refused before any work, and what follows the pictures."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.training.settings import with_values
from tests.training.translating import (
    TINY,
    TINY_STARGAN,
    three_domains,
    tiny_stargan,
    tiny_translation,
    two_domains,
)
from training.config.config import ConfigError, TrainingConfig
from training.config.dcgan_presets import at_once
from training.config.groups import BF16, FP32
from training.data.stream import Prepared
from training.run.validation import check_data, check_processes, with_base, with_classes


def test_pictures_without_classes_cannot_teach_any(
    config: TrainingConfig, prepared: Prepared
) -> None:
    """The message says how to get some; without them they are welcome."""
    check_data(config, prepared)
    with pytest.raises(ConfigError, match="has 0 classes, labels=acgan needs 2 or more: prepare"):
        check_data(with_values(config, labels="acgan"), prepared)


def test_a_network_has_the_classes_of_its_pictures(
    config: TrainingConfig, conditional: TrainingConfig, labelled: Prepared
) -> None:
    """They are counted where labels are asked for; another number is refused."""
    five = replace(conditional, network=replace(conditional.network, classes=5))

    assert with_classes(config, labelled) == config
    assert with_classes(with_values(config, labels="projection"), labelled) == conditional
    with pytest.raises(ConfigError, match="has 3 classes, the network 5"):
        check_data(with_classes(five, labelled), labelled)


def test_the_network_takes_the_shape_of_the_pictures(
    config: TrainingConfig, make_prepared: Callable[..., Prepared], prepared: Prepared
) -> None:
    """Unless it names one itself, which must then be theirs."""
    wide = make_prepared(base=(4, 6))

    followed = with_base(config, wide)

    assert followed.network.base == (4, 6)
    check_data(followed, wide)
    assert with_base(config, prepared) == config
    assert with_base(followed, prepared) == followed
    with pytest.raises(ConfigError, match=r"of shape 4x4 .* the network 4x6.*--shape 4x6"):
        check_data(followed, prepared)


def skipping(config: TrainingConfig) -> TrainingConfig:
    """The same, with a first level in batches of 13 that shows no image."""
    first, *others = config.levels
    skipped = replace(first, stable_images=0, batch_size=13)
    return replace(config, levels=(skipped, *others))


def test_a_level_without_images_needs_no_pictures(
    config: TrainingConfig, prepared: Prepared
) -> None:
    """Twelve are enough where the batch of 13 is never taken."""
    check_data(skipping(config), prepared)

    shown = replace(config.levels[0], batch_size=13)
    with pytest.raises(ConfigError, match="has 12 pictures, fewer than the largest batch of 13"):
        check_data(replace(config, levels=(shown, *config.levels[1:])), prepared)


def test_a_level_without_images_is_shared_by_any_number_of_processes(
    config: TrainingConfig,
) -> None:
    """Only the batches that are taken must be divided."""
    check_processes(skipping(config), 4)

    with pytest.raises(ConfigError, match="3 processes cannot share the batch of 4 images at 8 px"):
        check_processes(skipping(config), 3)


def test_a_penalty_that_falls_on_all_images_is_shared_as_the_batch_is(
    config: TrainingConfig,
) -> None:
    """WGAN-GP takes no share of the batch, so none has to be divided."""
    levels = tuple(replace(plan, batch_size=16) for plan in config.levels)
    config = with_values(config, levels=levels, penalty_share=0.25)

    check_processes(with_values(config, objective="wgan-gp"), 8)
    with pytest.raises(ConfigError, match="share equally the 4 images that are penalised"):
        check_processes(config, 8)


@pytest.mark.parametrize(
    ("processes", "share", "message"),
    [
        (
            3,
            1.0,
            r"3 processes cannot share the batch of 4 images at 4 px equally: .*batch_size=6$",
        ),
        (
            8,
            0.25,
            r"8 processes cannot share equally the 4 images that are penalised .* of 16 at 8",
        ),
    ],
)
def test_processes_that_cannot_share_a_batch_are_refused(
    config: TrainingConfig, processes: int, share: float, message: str
) -> None:
    """The message says which batch, and what to change; as many as divide are welcome."""
    if processes == 8:
        levels = (
            replace(config.levels[0], batch_size=32),
            replace(config.levels[1], batch_size=16),
        )
        config = replace(config, levels=levels)
    config = with_values(config, penalty_share=share)

    check_processes(config, 1)
    check_processes(config, 2)
    check_processes(config, 4)
    with pytest.raises(ConfigError, match=message):
        check_processes(config, processes)


def test_bf16_would_lose_half_of_sixteen_bits(
    config: TrainingConfig, make_prepared: Callable[..., Prepared]
) -> None:
    """So it is refused, also where it is asked for; what to use is named."""
    deep = make_prepared(value_range=(0.0, 4095.0))
    gray = replace(config, network=replace(config.network, channels=1), precision=FP32)

    check_data(gray, deep)
    with pytest.raises(ConfigError, match="of which precision=bf16 keeps 8: .*precision=fp32"):
        check_data(replace(gray, precision=BF16), deep)


def test_a_translation_needs_pictures_of_two_domains(
    prepared: Prepared, labelled: Prepared, tmp_path: Path
) -> None:
    """The message says how to get some."""
    config = tiny_translation()
    check_data(config, two_domains(tmp_path / "data"))
    network = replace(TINY, resolution=8, discriminator_layers=1)
    plain = replace(config, network=network, levels=at_once(8, 24, 2, 0.001))

    for data, number in ((prepared, 0), (labelled, 3)):
        with pytest.raises(ConfigError, match=f"has {number} domains, .* prepare them together"):
            check_data(plain, data)


def test_a_stargan_has_as_many_domains_as_the_pictures(prepared: Prepared, tmp_path: Path) -> None:
    """Two or more; a number that was chosen must be theirs."""
    open_to_all = replace(tiny_stargan(), network=replace(TINY_STARGAN, classes=0))
    for make, domains in ((two_domains, 2), (three_domains, 3)):
        data = make(tmp_path / make.__name__)
        config = with_classes(open_to_all, data)
        check_data(config, data)
        assert config.network.classes == domains

    network = replace(TINY_STARGAN, resolution=8, classes=0)
    plain = replace(open_to_all, network=network, levels=at_once(8, 24, 2, 0.001))
    with pytest.raises(ConfigError, match="has 0 domains, .* between 2 or more: prepare them"):
        check_data(with_classes(plain, prepared), prepared)
    with pytest.raises(ConfigError, match="has 2 classes, the network 3: leave network.classes"):
        check_data(tiny_stargan(), two_domains(tmp_path / "other"))
