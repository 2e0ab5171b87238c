"""Classes of generated pictures, as among the real ones."""

from dataclasses import replace

import numpy as np
import pytest

from training.config.config import TrainingConfig
from training.data.manifest import DataError
from training.data.stream import Prepared
from training.quality.classes import labels_like
from training.quality.pictures import PictureSet
from training.run.data_origin import Origin

ORIGIN = Origin("noise", "", "", 12, "", ("class 0", "class 1", "class 2"), "")


def test_each_generated_picture_has_the_class_of_a_real_one(
    conditional: TrainingConfig, labelled: Prepared
) -> None:
    """In the order in which they were chosen."""
    numbers, labels = np.array([7, 2, 9, 2]), labelled.labels()
    assert labels is not None
    real = PictureSet(labelled.images(8), numbers)

    assert labels_like(real, labelled, conditional, ORIGIN) == labels[numbers].tolist()


def test_without_classes_there_are_none(config: TrainingConfig, labelled: Prepared) -> None:
    """Whatever the data has."""
    real = PictureSet(labelled.images(8), np.arange(12))

    assert labels_like(real, labelled, config, ORIGIN) is None


@pytest.mark.parametrize("other", ["none", "names"])
def test_data_with_other_classes_is_refused(
    conditional: TrainingConfig, labelled: Prepared, prepared: Prepared, other: str
) -> None:
    """Numbers alone do not make a class."""
    origin = replace(ORIGIN, labels=("a", "b", "c")) if other == "names" else ORIGIN
    data = prepared if other == "none" else labelled
    real = PictureSet(data.images(8), np.arange(12))

    with pytest.raises(DataError, match="has other classes than the run, which knows"):
        labels_like(real, data, conditional, origin)
