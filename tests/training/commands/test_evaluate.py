"""The evaluation of a run: what it writes, and that it writes the same again."""

import json
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from models.layout import file_sha256
from training.commands.evaluate import EvaluationError, evaluate_run, labels_like
from training.config.config import TrainingConfig
from training.data.manifest import DataError
from training.data.stream import Prepared
from training.quality import evaluation, fid, swd
from training.quality.distances import frechet_distance
from training.quality.evaluation import Effort
from training.quality.features import (
    WeightsError,
    efficientnet_features,
    load_efficientnet,
    weights_path,
)
from training.quality.pictures import PictureSet, choose_real, draw_generated
from training.quality.report import quality_for_card
from training.run_folder.checkpoint import sealed
from training.run_folder.data_origin import Origin
from training.run_folder.loaded import load_run

CPU = torch.device("cpu")
ORIGIN = Origin("noise", "", "", 12, "", ("class 0", "class 1", "class 2"), "")
LITTLE = Effort(images=12, feature_images=11, pairs=20)


@pytest.fixture(scope="module", autouse=True)
def few_directions() -> Iterator[None]:
    """16 directions of the sliced distance in place of 512, and one EfficientNet for all tests.

    The distance and the network have tests of their own.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(swd, "REPEATS", 1)
        patch.setattr(swd, "DIRECTIONS", 16)
        patch.setattr(evaluation, "load_efficientnet", cache(load_efficientnet))
        yield


@pytest.fixture
def run(finished: Path, tmp_path: Path) -> Path:
    """A finished run of one's own."""
    return shutil.copytree(finished, tmp_path / "run")


@pytest.fixture(scope="module")
def measured(finished: Path, prepared: Prepared, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that was evaluated, never changed."""
    run = shutil.copytree(finished, tmp_path_factory.mktemp("measured") / "run")
    measure(run, prepared)
    return run


def report_of(run: Path) -> dict[str, Any]:
    """As it was written."""
    return json.loads((run / "quality.json").read_text(encoding="utf-8"))


def measure(run: Path, prepared: Prepared, effort: Effort = LITTLE) -> dict[str, Any]:
    """The report, as it was written."""
    evaluate_run(run, prepared, run / "quality.json", effort, CPU)
    return report_of(run)


def test_every_number_says_how_it_was_measured(measured: Path) -> None:
    """And on how many pictures."""
    report = report_of(measured)

    metrics = report["metrics"]
    assert list(metrics) == [
        *("swd", "ms_ssim", "kid", "fd_efficientnet_lite0", "precision", "recall"),
        "neighbour_ratio",
    ]
    assert all(isinstance(m["value"], float) and len(m["how"]) > 40 for m in metrics.values())
    assert (metrics["swd"]["images"], list(metrics["swd"]["per_level"])) == (12, ["8"])
    assert (metrics["ms_ssim"]["pairs"], metrics["kid"]["images"]) == (20, 11)
    assert (metrics["neighbour_ratio"]["searched"], metrics["neighbour_ratio"]["of"]) == (12, 12)
    assert metrics["neighbour_ratio"]["looked_at"] in (11, 12)
    assert all(metrics["neighbour_ratio"][low] > 0 for low in ("low", "low_of_real"))
    assert "EfficientNet-Lite0 features at 128 px" in metrics["kid"]["how"]


def test_the_report_tells_its_circumstances(measured: Path, prepared: Prepared) -> None:
    """Of the run, the data and the pictures drawn."""
    report = report_of(measured)

    assert (report["images_shown"], report["resolution"], report["alpha"]) == (72, 8, 1.0)
    assert report["generated"] == {"images": 12, "first_seed": 3_000_000}
    assert report["data"]["trained_on"] is True
    assert report["data"]["sha256"] == prepared.digest
    assert (report["device"], report["torch"]) == ("cpu", torch.__version__)
    assert report["wall_seconds"] > 0


def test_the_averaged_generator_is_what_is_measured(
    measured: Path, prepared: Prepared, tmp_path: Path
) -> None:
    """A Frechet distance put together by hand."""
    report = report_of(measured)

    newest = load_run(measured)
    network = load_efficientnet(weights_path(), CPU)
    seeds = range(3_000_000, 3_000_012)
    drawn = draw_generated(newest.state.average, newest.schedule.growth, seeds, tmp_path).first(11)
    real = choose_real(prepared.images(8), 12, seed=0).first(11)
    expected = frechet_distance(
        efficientnet_features(real, network), efficientnet_features(drawn, network)
    )
    assert report["metrics"]["fd_efficientnet_lite0"]["value"] == pytest.approx(expected, rel=1e-3)


def test_fid_is_measured_with_the_weights_that_are_given(
    run: Path,
    prepared: Prepared,
    inception_weights: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Beside the rest, into the card too; other weights are refused, and nothing is measured."""
    effort = replace(LITTLE, inception=inception_weights)
    monkeypatch.setattr(fid, "INCEPTION_INPUT", 75)
    with pytest.raises(WeightsError, match="is needed: FID is defined by the file pt_inception"):
        measure(run, prepared, effort)
    assert not (run / "quality.json").exists()
    monkeypatch.setattr(fid, "INCEPTION_SHA256", file_sha256(inception_weights))

    metrics = measure(run, prepared, effort)["metrics"]

    newest, network = load_run(run), fid.load_inception(inception_weights, CPU)
    seeds = range(3_000_000, 3_000_011)
    drawn = draw_generated(newest.state.average, newest.schedule.growth, seeds, tmp_path)
    seen = (choose_real(prepared.images(8), 12, seed=0).first(11), drawn)
    expected = frechet_distance(*(fid.inception_features(pictures, network) for pictures in seen))
    assert list(metrics)[-2:] == ["neighbour_ratio", "fid"]
    assert metrics["fid"]["value"] == pytest.approx(expected, rel=1e-3)
    assert metrics["fid"]["images"] == 11
    assert quality_for_card(run, 72)["fid"] == metrics["fid"]


def test_the_same_settings_give_the_same_report(
    measured: Path, run: Path, prepared: Prepared
) -> None:
    """But for the time it took; another seed gives another."""
    first, again = report_of(measured), measure(run, prepared)
    other = measure(run, prepared, Effort(12, 11, 20, seed=1))

    assert {**first, "wall_seconds": 0} == {**again, "wall_seconds": 0}
    assert other["metrics"]["swd"]["value"] != first["metrics"]["swd"]["value"]


def test_the_nearest_training_pictures_are_shown(measured: Path, finished: Path) -> None:
    """A sheet of 12 rows beside the report; no scratch file is left."""
    with Image.open(measured / "neighbours.png") as image:
        image.load()
        assert image.size == (6 * 64, 12 * 64)
    before, after = ({path.name for path in run.iterdir()} for run in (finished, measured))
    assert after - before == {"quality.json", "neighbours.png"}


def test_a_run_in_the_middle_of_a_fade_is_measured_where_it_stands(
    run: Path, prepared: Prepared
) -> None:
    """At its resolution, and the report says how far it has faded in."""
    for record in (run / "checkpoints").glob("*.json"):
        values = json.loads(record.read_text())
        record.write_text(json.dumps(sealed({**values, "images_shown": 36})))

    report = measure(run, prepared)

    assert (report["images_shown"], report["resolution"], report["alpha"]) == (36, 8, 0.5)


def test_other_pictures_than_those_of_the_training_are_told(
    run: Path, make_prepared: Callable[..., Prepared]
) -> None:
    """Held-out pictures are a good measure; a card must not hide them."""
    assert measure(run, make_prepared(seed=1))["data"]["trained_on"] is False


def test_pictures_that_do_not_fit_are_refused(
    run: Path, make_prepared: Callable[..., Prepared], tmp_path: Path
) -> None:
    """Too few, too small; nothing is written."""
    before = sorted(run.iterdir())

    with pytest.raises(EvaluationError, match="has 9 pictures: at least 10 are needed"):
        measure(run, make_prepared(count=9))
    shutil.rmtree(tmp_path / "made")
    with pytest.raises(DataError, match="has pictures of 4 pixels, not 8"):
        measure(run, make_prepared(resolution=4))

    assert sorted(run.iterdir()) == before


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"channels": 1}, "have 1 channels, those of the run have 3: give the --data it was"),
        (
            {"base": (4, 6)},
            r"have the shape 4x6 \(height x width\), those of the run have 4x4: give",
        ),
    ],
)
def test_pictures_of_another_kind_are_refused_with_both_sides_named(
    run: Path, make_prepared: Callable[..., Prepared], options: dict[str, Any], said: str
) -> None:
    """Channels or shape, whichever differs; nothing is written."""
    before = sorted(run.iterdir())

    with pytest.raises(EvaluationError, match=said):
        measure(run, make_prepared(**options))

    assert sorted(run.iterdir()) == before


def test_a_run_with_classes_is_measured_by_the_classes_of_the_data(
    finished_with_classes: Path, labelled: Prepared, prepared: Prepared, tmp_path: Path
) -> None:
    """The same report again; data without these classes is refused."""
    run = shutil.copytree(finished_with_classes, tmp_path / "run")
    first, again = (measure(run, labelled) for _ in range(2))

    assert first["metrics"] == again["metrics"]
    with pytest.raises(DataError, match="has other classes"):
        measure(run, prepared)


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


def test_a_log_says_what_is_measured(
    run: Path, prepared: Prepared, capsys: pytest.CaptureFixture[str]
) -> None:
    """A line for each part when it is done, on the standard error."""
    measure(run, prepared)

    lines = capsys.readouterr().err.splitlines()
    assert [line.partition(":")[0] for line in lines] == [
        "drawing 12 pictures of 8 px",
        "sliced Wasserstein distance",
        "MS-SSIM of generated pictures",
        "MS-SSIM of real pictures",
        "features of 11 real pictures",
        "features of 11 generated pictures",
        "KID, Frechet distance, precision and recall",
        "nearest of 12 training pictures to generated ones",
        "nearest of 12 training pictures to real ones",
        *(line.partition(":")[0] for line in lines if "likely copies" in line),
    ]
    assert all(re.search(r": ([\d,]+) of \1 steps, \d+ s$", line) for line in lines)


def test_parts_are_read_where_those_of_the_data_are_known(run: Path, patterns: Prepared) -> None:
    """The numbers stand in the report and in the card; a flag leaves them out."""
    effort = replace(LITTLE, images=30)

    with_parts = measure(run, patterns, effort)["metrics"]
    assert quality_for_card(run, 72)["parts_sure"] == with_parts["parts_sure"]
    without = measure(run, patterns, replace(effort, parts=False))["metrics"]

    added = [name for name in with_parts if name not in without]
    assert added == [
        f"parts_{name}" for name in ("sure", "distance", "combinations", "kid", "recall")
    ]
    assert with_parts["parts_sure"]["images"] == 25
    assert with_parts["parts_sure"]["per_part"].keys() == {"class"}
    assert {name: with_parts[name] for name in without} == without
