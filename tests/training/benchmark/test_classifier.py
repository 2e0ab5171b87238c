"""What reads digits."""

from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import torch

from tests.training.benchmark.mnist import write_mnist
from training.benchmark.classifier import as_images, load_or_train_classifier, train_classifier
from training.benchmark.digits import read_digits
from training.data.manifest import DataError


def test_a_classifier_learns_and_is_kept(tmp_path: Path) -> None:
    """It reads digits it has not seen; the second call reads the file of the first."""
    folder = write_mnist(tmp_path / "mnist")
    train, test = read_digits(folder, "train"), read_digits(folder, "test")
    reader = load_or_train_classifier(tmp_path, train, test)
    kept = load_or_train_classifier(tmp_path, test, train)

    assert reader.accuracy > 0.5
    assert kept.accuracy == reader.accuracy
    images = as_images(test.pixels)
    assert torch.equal(kept.classify(images), reader.classify(images))
    assert (reader.classify(images).numpy() == test.labels).mean() == reader.accuracy


def test_a_damaged_classifier_is_named(tmp_path: Path) -> None:
    """Cut short, or of other shapes; the message says what to do."""
    digits = read_digits(write_mnist(tmp_path / "mnist", 256), "train")
    path = tmp_path / "classifier.safetensors"
    for content in (b"cut short", safetensors.torch.save({"dense.bias": torch.zeros(3)})):
        path.write_bytes(content)
        with pytest.raises(DataError, match=r"classifier.safetensors is damaged .*: delete it"):
            load_or_train_classifier(tmp_path, digits, digits)


def test_a_classifier_appears_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that ends in the midst of writing leaves none."""

    def cut(_tensors: object, path: Path, _facts: object) -> None:
        Path(path).write_bytes(b"half")
        raise KeyboardInterrupt

    digits = read_digits(write_mnist(tmp_path / "mnist", 256), "train")
    monkeypatch.setattr(safetensors.torch, "save_file", cut)
    with pytest.raises(KeyboardInterrupt):
        load_or_train_classifier(tmp_path, digits, digits)

    assert [path.name for path in tmp_path.glob("classifier*")] == []


def test_training_a_classifier_is_repeatable_and_leaves_the_random_state(tmp_path: Path) -> None:
    """The same digits give the same weights, and nobody else's random numbers change."""
    digits = read_digits(write_mnist(tmp_path / "mnist", 256), "train")
    before = torch.random.get_rng_state()
    first, second = (train_classifier(digits, digits, epochs=1) for _ in range(2))

    assert torch.equal(torch.random.get_rng_state(), before)
    for one, other in zip(
        first.network.state_dict().values(), second.network.state_dict().values(), strict=True
    ):
        np.testing.assert_array_equal(one.numpy(), other.numpy())
