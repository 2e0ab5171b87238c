"""The tools whose files can be imported."""

from pathlib import Path

import pytest

from models.families.progan.generator import Generator
from tests.training.imports.source_networks import SourceNetwork, source_network
from training.imports import tools
from training.imports.reading import SourceFile
from training.imports.refusal import ImportRefusedError
from training.imports.tools import TOOLS, read_generator


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch) -> SourceNetwork:
    """A file of genforce, as if it had been read."""
    found = source_network("genforce")
    read = SourceFile(Path("w.pth"), "0" * 64, "generator_smooth", found.weights, {})
    monkeypatch.setattr(tools, "read_source", lambda *_: read)
    return found


def test_a_network_can_be_imported_up_to_a_resolution(network: SourceNetwork) -> None:
    """The levels above it are left out, and not its own toRGB layer."""
    generator, source = read_generator(Path("w.pth"), network.tool, resolution=16)

    assert generator.config.resolutions == (4, 8, 16)
    assert source.chosen == "generator_smooth"
    assert isinstance(generator, Generator)
    kernel = generator.exits[-1].get_parameter("bias")
    assert (kernel == network.weights["output2.bias"]).all()


@pytest.mark.parametrize("resolution", [4, 12, 64])
def test_another_resolution_is_refused(network: SourceNetwork, resolution: int) -> None:
    """The message lists those that there are."""
    message = rf"w\.pth has no {resolution} px to be imported up to: 8, 16, 32"
    with pytest.raises(ImportRefusedError, match=message):
        read_generator(Path("w.pth"), network.tool, resolution)


@pytest.mark.parametrize("tool", sorted(set(TOOLS) - {"genforce"}))
@pytest.mark.usefixtures("network")
def test_a_file_of_another_tool_is_refused(tool: str) -> None:
    """With its path, and the names of its tensors."""
    with pytest.raises(
        ImportRefusedError, match=r"w\.pth: this is not a generator of .*lod|layer0"
    ):
        read_generator(Path("w.pth"), tool)
