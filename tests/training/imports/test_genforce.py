"""The layout of genforce's conversions; whole files are in `test_import_weights`."""

from pathlib import Path

import pytest
import torch

from tests.training.imports.source_networks import genforce_shapes, random_weights
from training.imports.genforce import genforce_layers
from training.imports.reading import SourceFile
from training.imports.refusal import ImportRefusedError


@pytest.mark.parametrize("lod", [0.5, 2.0])
def test_a_network_that_still_grows_is_refused(lod: float) -> None:
    """Its upper levels show nothing yet."""
    weights = random_weights(genforce_shapes()) | {"lod": torch.tensor(lod)}
    source = SourceFile(Path("weights.pth"), "0" * 64, "generator_smooth", weights, {})

    with pytest.raises(ImportRefusedError, match="its lod is not 0"):
        genforce_layers(source)


def test_without_lod_a_network_is_grown() -> None:
    """Some conversions leave it out."""
    weights = random_weights(genforce_shapes())
    del weights["lod"]
    source = SourceFile(Path("weights.pth"), "0" * 64, "generator_smooth", weights, {})

    assert len(genforce_layers(source).exits) == 4
