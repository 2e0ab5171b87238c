"""The nearest training pictures: found, at every size, and put into a sheet."""

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy.spatial.distance import cdist

from models.generator import Generator
from models.growth import Growth
from training.config import TrainingConfig
from training.data import Prepared
from training.report import lookalikes
from training.report.lookalikes import find_lookalikes, flat, halved_to, keep_lookalikes, nearest


def test_a_copied_picture_is_found(
    prepared: Prepared, config: TrainingConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It stands below itself in the sheet: eight columns, one row drawn and three found."""
    copies = np.asarray(prepared.images(8)[:8])
    monkeypatch.setattr(lookalikes, "render", lambda *_: copies)

    found = find_lookalikes(Generator(config.network), Growth(1), prepared)

    sheet = np.asarray(Image.open(io.BytesIO(found.webp)))
    assert (sheet.shape, found.searched) == ((4 * 8, 8 * 8, 3), 12)
    assert (sheet[:8] == sheet[8:16]).all()
    assert (sheet[:8] != sheet[16:24]).any()


def test_the_search_agrees_with_scipy(make_prepared: Callable[..., Prepared]) -> None:
    """Over some of the pictures only, whose places are given."""
    array = np.asarray(make_prepared(count=50).images(8))
    numbers = np.arange(49, -1, -2)
    points = flat(array[:4])

    expected = np.argsort(cdist(points, flat(array[numbers])), axis=1)[:, :3]

    assert (nearest(points, array, numbers) == expected).all()


def test_pictures_are_halved_until_they_fit() -> None:
    """Each pixel the mean of a block; smaller ones stay."""
    pictures = np.arange(2 * 8 * 8, dtype=np.uint8).reshape(2, 8, 8, 1)

    assert halved_to(pictures, 4)[0, 0, 1, 0] == round((2 + 3 + 10 + 11) / 4)
    assert halved_to(pictures, 4).shape == (2, 4, 4, 1)
    assert halved_to(pictures, 2).shape == (2, 2, 2, 1)
    assert halved_to(pictures, 16) is pictures


def test_the_sheet_is_kept(prepared: Prepared, config: TrainingConfig, tmp_path: Path) -> None:
    """For a page made later, without the pictures."""
    found = find_lookalikes(Generator(config.network), Growth(0), prepared)
    keep_lookalikes(tmp_path / "report", found)

    assert (tmp_path / "report" / lookalikes.SHEET_FILE).read_bytes() == found.webp
