"""Pictures for the tests of preparing."""

from pathlib import Path

import pytest

from tests.training.data.pet_pictures import draw


@pytest.fixture
def pets(tmp_path: Path) -> Path:
    """Six good pictures in two classes, and four that cannot be used."""
    folder = tmp_path / "pets"
    for number in range(6):
        draw(folder / ("cat", "dog")[number % 2] / f"{number}.png", seed=number)
    draw(folder / "cat/narrow.png", (16, 40))
    draw(folder / "cat/small.png", (12, 12))
    (folder / "dog/text.jpg").write_text("no picture at all")
    whole = (folder / "cat/0.png").read_bytes()
    (folder / "dog/cut.png").write_bytes(whole[: len(whole) // 2])
    return folder
