"""The exits that a network of another tool brings along."""

from models.families.progan.config import ProganConfig
from models.families.progan.generator import Generator
from training.imports.grown_exits import grown_exits


def test_exits_are_described_as_they_are() -> None:
    """One 1x1 convolution each; those below the top with their measured fidelity and cost."""
    generator = Generator(ProganConfig(16, 3, 8, 64, 8)).eval().requires_grad_(False)

    exits = grown_exits(generator)

    assert [exit_.resolution for exit_ in exits] == [4, 8, 16]
    assert {(exit_.kernels, exit_.hidden) for exit_ in exits} == {((1,), ())}
    assert [exit_.multiply_adds for exit_ in exits] == [16 * 8 * 3, 64 * 8 * 3, 256 * 8 * 3]
    measured = [exit_.psnr_db for exit_ in exits]
    assert measured[-1] is None
    assert all(0 < db < 40 for db in measured[:-1] if db is not None)
