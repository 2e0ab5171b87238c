"""Classes of generated pictures: as often as among the real ones they are measured against.

Owns that choice. Knows no metric and no network.
"""

from __future__ import annotations

from training.config.config import TrainingConfig
from training.data.manifest import DataError
from training.data.stream import Prepared
from training.quality.pictures import PictureSet
from training.run.data_origin import Origin


def labels_like(
    real: PictureSet, prepared: Prepared, config: TrainingConfig, origin: Origin
) -> list[int] | None:
    """A class for each generated picture: those of `real`, in order; None without classes.

    Raises:
        DataError: the data has not the classes the run was trained on.
    """
    if not config.network.classes:
        return None
    classes = prepared.labels()
    if classes is None or prepared.manifest.label_names != origin.labels:
        raise DataError(
            f"{prepared.folder} has other classes than the run, which knows "
            f"{', '.join(origin.labels)}: give the --data it was trained on, or prepare it in the "
            "same way"
        )
    return [int(label) for label in classes[real.numbers]]
