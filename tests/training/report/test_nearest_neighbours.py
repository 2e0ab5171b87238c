"""The training pictures most alike: found, put into a sheet, and kept."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from models.families.progan.generator import Generator
from models.growth import Growth
from training.config.config import TrainingConfig
from training.data.stream import Prepared
from training.report import nearest_neighbours
from training.report.nearest_neighbours import find_neighbours, save_neighbours


def test_a_copied_picture_is_found(
    prepared: Prepared, config: TrainingConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It stands below itself in the sheet: eight columns, one row drawn and three found."""
    copies = np.asarray(prepared.images(8)[:8])
    monkeypatch.setattr(nearest_neighbours, "sample_pictures", lambda *_: copies)

    found = find_neighbours(Generator(config.network), Growth(1), prepared)

    sheet = np.asarray(Image.open(io.BytesIO(found.webp)))
    assert (sheet.shape, found.searched) == ((4 * 8, 8 * 8, 3), 12)
    assert (sheet[:8] == sheet[8:16]).all()
    assert (sheet[:8] != sheet[16:24]).any()


def test_the_sheet_is_kept(prepared: Prepared, config: TrainingConfig, tmp_path: Path) -> None:
    """For a page made later, without the pictures."""
    found = find_neighbours(Generator(config.network), Growth(0), prepared)
    save_neighbours(tmp_path / "report", found)

    assert (tmp_path / "report" / nearest_neighbours.SHEET_FILE).read_bytes() == found.webp
