"""All metrics in order: which there are, and what they are measured on."""

from contextlib import nullcontext
from pathlib import Path

import torch

from training.data.stream import Prepared
from training.progress_bar import OnProgress, ignore_progress
from training.quality.evaluation import (
    Effort,
    FeatureNetworks,
    measure_by_features,
    measure_pixels,
)
from training.quality.pictures import choose_real
from training.quality.report import METRIC_DIRECTIONS


def test_a_data_set_is_as_good_as_itself(prepared: Prepared, tmp_path: Path) -> None:
    """No distance by any metric, and every picture a copy."""
    real = choose_real(prepared.images(8), 12, seed=0)
    networks = FeatureNetworks.load(None, torch.device("cpu"))
    opened: list[str] = []

    def open_progress(title: str) -> nullcontext[OnProgress]:
        opened.append(title)
        return nullcontext(ignore_progress)

    effort = Effort(12, 12, 10)
    metrics = measure_pixels(real, real, tmp_path, effort, open_progress)
    of_features, sheet = measure_by_features((real, real), prepared, 8, 0, networks, open_progress)

    assert list(metrics | of_features) == [
        name for name in METRIC_DIRECTIONS if name != "fid" and not name.startswith("parts_")
    ]
    assert metrics["swd"]["value"] < 100  # patches are cut at other places of the same pictures
    assert metrics["ms_ssim"]["value"] == metrics["ms_ssim"]["real_pictures"]
    assert abs(of_features["fd_efficientnet_lite0"]["value"]) < 0.01
    assert of_features["neighbour_ratio"]["low"] < 0.01
    assert sheet.startswith(b"\x89PNG")
    assert len(opened) == len(set(opened)) == 10
