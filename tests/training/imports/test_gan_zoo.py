"""The layout, arithmetic and settings of pytorch_GAN_zoo; files are in `test_import_weights`."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.training.imports.source_networks import (
    MAPS,
    gan_zoo_settings,
    gan_zoo_shapes,
    random_weights,
)
from training.imports.gan_zoo import gan_zoo_layers
from training.imports.reading import SourceFile
from training.imports.refusal import ImportRefusedError

WEIGHTS = random_weights(gan_zoo_shapes())
SETTINGS = {f"config/{name}": value for name, value in gan_zoo_settings().items()}
SOURCE = SourceFile(Path("weights.pth"), "0" * 64, "avgG", WEIGHTS, SETTINGS)


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("alpha", 0.3),
        ("alpha", "much"),
        ("perChannelNormalization", False),
        ("leakyReluLeak", 0.1),
        ("lossCriterion", "DCGAN"),
        ("categoryVectorDim", 10),
    ],
)
def test_a_network_that_differs_from_ours_is_refused(setting: str, value: object) -> None:
    """By the setting that makes the difference."""
    source = replace(SOURCE, settings={**SETTINGS, f"config/{setting}": value})

    with pytest.raises(ImportRefusedError, match=f"its configuration has {setting} = "):
        gan_zoo_layers(source)


@pytest.mark.parametrize(
    ("setting", "value"), [("alpha", 3e-15), ("alpha", None), ("lossCriterion", "Logistic")]
)
def test_a_network_that_only_learned_otherwise_is_accepted(setting: str, value: object) -> None:
    """A rounding may be left of the fade; this loss, too, is without tanh."""
    source = replace(SOURCE, settings={**SETTINGS, f"config/{setting}": value})

    assert len(gan_zoo_layers(source).exits) == len(MAPS)


def test_names_of_newer_files_are_understood() -> None:
    """They have the wrapped module in between."""
    newer = {
        f"{name.rpartition('.')[0]}.module.{name.rpartition('.')[2]}": weight
        for name, weight in WEIGHTS.items()
    }

    ours, theirs = gan_zoo_layers(SOURCE), gan_zoo_layers(replace(SOURCE, tensors=newer))

    assert (ours.dense.weight == theirs.dense.weight).all()
    assert (ours.levels[1][1].bias == theirs.levels[1][1].bias).all()


def test_without_equalized_rate_nothing_is_scaled() -> None:
    """Neither weight nor bias."""
    plain = replace(SOURCE, settings={**SETTINGS, "config/equalizedlR": False})

    assert (gan_zoo_layers(plain).conv.bias == WEIGHTS["groupScale0.0.bias"]).all()
    scale = (2 / (9 * MAPS[0])) ** 0.5
    assert gan_zoo_layers(SOURCE).conv.bias.tolist() == pytest.approx(
        (WEIGHTS["groupScale0.0.bias"].double() * scale).tolist()
    )
