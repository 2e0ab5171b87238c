"""FID: its weights, what its network is shown, and what is said of the number."""

from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.ndimage import map_coordinates

from models.layout import file_sha256
from training.quality import fid
from training.quality.features import WeightsError
from training.quality.fid import (
    load_inception,
    measure_fid,
    resize_as_tensorflow,
    to_inception_input,
)
from training.quality.pictures import PictureSet

CPU = torch.device("cpu")


@pytest.fixture
def accepted(inception_weights: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Random weights that pass for the published ones; pictures are shown small."""
    monkeypatch.setattr(fid, "INCEPTION_SHA256", file_sha256(inception_weights))
    monkeypatch.setattr(fid, "INCEPTION_INPUT", 75)
    return inception_weights


# ----------------------------------------------------------------------------------------
# Its weights


@pytest.mark.parametrize("kind", ["another", "missing", "a folder"])
def test_other_weights_are_refused_before_they_are_read(tmp_path: Path, kind: str) -> None:
    """By their digest, with what is needed: read, this file would be no weights at all."""
    path = tmp_path / fid.INCEPTION_FILE
    if kind == "another":
        path.write_bytes(b"no weights")
    elif kind == "a folder":
        path.mkdir()

    with pytest.raises(WeightsError, match=r"; 6726825d\w{56} is needed.*/pytorch-fid; ") as no:
        load_inception(path, CPU)

    digest = file_sha256(path) if kind == "another" else "none: it is not there"
    assert f"{path} has SHA-256 {digest}; " in str(no.value)


def test_the_digest_is_the_one_that_the_file_is_named_after() -> None:
    """Its first eight figures."""
    assert fid.INCEPTION_FILE == f"pt_inception-2015-12-05-{fid.INCEPTION_SHA256[:8]}.pth"


def test_accepted_weights_are_those_of_the_network(accepted: Path) -> None:
    """All of them; none will change."""
    network = load_inception(accepted, CPU)

    published = torch.load(accepted, weights_only=True)
    assert network.state_dict().keys() == published.keys()
    assert all(torch.equal(w, published[name]) for name, w in network.state_dict().items())
    assert not network.training
    assert not any(weight.requires_grad for weight in network.parameters())


# ----------------------------------------------------------------------------------------
# What its network is shown


def test_pictures_are_resized_from_their_upper_left_corner() -> None:
    """Place i lies at i * old / new: counted by hand, larger and smaller."""
    larger = resize_as_tensorflow(torch.tensor([[[[0.0, 100.0], [200.0, 44.0]]]]), 4)
    smaller = resize_as_tensorflow(torch.arange(36.0).reshape(1, 1, 6, 6), 4)

    assert larger[0, 0].tolist() == [
        [0, 50, 100, 100],
        [100, 86, 72, 72],
        [200, 122, 44, 44],
        [200, 122, 44, 44],
    ]
    columns = torch.tensor([0, 1.5, 3, 4.5])
    assert smaller[0, 0].tolist() == (columns + 6 * columns[:, None]).tolist()


def test_nothing_is_averaged_where_pictures_become_smaller() -> None:
    """A third of the size takes every third pixel."""
    image = torch.rand(1, 2, 9, 9, generator=torch.Generator().manual_seed(0))

    assert torch.equal(resize_as_tensorflow(image, 3), image[:, :, ::3, ::3])


@pytest.mark.parametrize("size", [(32, 32), (64, 96), (299, 299), (512, 300)])
def test_resizing_agrees_with_scipy(size: tuple[int, int]) -> None:
    """At the size of the network."""
    height, width = size
    image = np.random.default_rng(0).random(size) * 255
    places = np.mgrid[:299, :299] * np.array([height / 299, width / 299])[:, None, None]

    shown = resize_as_tensorflow(torch.from_numpy(image)[None, None], 299)[0, 0]

    expected = map_coordinates(image, places, order=1, mode="nearest")
    np.testing.assert_allclose(shown, expected, atol=0.02)


def test_the_network_is_shown_numbers_around_0() -> None:
    """(x - 128) / 128, of a size of their own, gray three times."""
    pixels = np.array([0, 128, 255, 64], np.uint8).reshape(1, 2, 2, 1)

    shown = to_inception_input(pixels, 2)

    assert shown.shape == (1, 3, 2, 2)
    assert all(channel.flatten().tolist() == [-1, 0, 127 / 128, -0.5] for channel in shown[0])
    assert to_inception_input(np.zeros((2, 4, 6, 3), np.uint8), 299).shape == (2, 3, 299, 299)


def test_what_is_transparent_lies_on_white_in_whole_numbers() -> None:
    """As it would in a file without transparency."""
    glass = np.array([[0, 0, 0, 51], [200, 100, 0, 255], [9, 9, 9, 0], [255, 0, 1, 100]], np.uint8)

    shown = to_inception_input(glass.reshape(1, 2, 2, 4), 2)[0].flatten(1).T * 128 + 128

    assert shown.tolist() == [[204, 204, 204], [200, 100, 0], [255, 255, 255], [255, 155, 155]]


# ----------------------------------------------------------------------------------------
# The number


def test_fid_says_how_it_was_measured(accepted: Path) -> None:
    """0 of a set to itself, more to another; on how many pictures; that few are too few."""
    array = np.random.default_rng(0).integers(0, 256, (20, 8, 8, 3), np.uint8)
    array[10:] //= 4
    bright, dark = (PictureSet(array, places) for places in (np.arange(10), np.arange(10, 20)))
    network = load_inception(accepted, CPU)

    same, other = measure_fid(bright, bright, network), measure_fid(bright, dark.first(9), network)

    assert same["value"] == pytest.approx(0, abs=1e-6)
    assert other["value"] > 0.01
    assert (same["images"], other["images"]) == (10, 9)
    assert "biased upwards by few pictures, 50,000 are usual" in same["how"]
    assert "2048 features of TensorFlow's Inception" in same["how"]
