"""Digit classifier: a small convolutional network, trained once and kept beside the results.

Owns its architecture, its training and its accuracy on the test digits. Every table states the
accuracy, because another classifier counts modes a little differently.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
import safetensors
import safetensors.torch
import torch
import torch.nn.functional as F
from safetensors import SafetensorError
from torch import Tensor, nn
from torch.optim import Adam

from training.benchmark.digits import Digits
from training.data.manifest import DataError
from training.progress_bar import OnProgress, counted, ignore_progress, progress_bar

FILE = "classifier.safetensors"
EPOCHS = 3
CLASSIFIER_BATCH = 128
LEARNING_RATE = 0.002
SEED = 0
CLASSIFYING_BATCH = 128  # fits into a core's cache: three times as fast as 1,000


class DigitClassifier(nn.Module):
    """Gray digits `[N, 1, 32, 32]` in [-1, 1] -> logits `[N, 10]`."""

    def __init__(self) -> None:
        super().__init__()
        self.convolutions = nn.Sequential(
            nn.Conv2d(1, 24, 3, stride=2, padding=1),
            nn.BatchNorm2d(24),
            nn.ReLU(),
            nn.Conv2d(24, 48, 3, padding=1),
            nn.BatchNorm2d(48),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(48, 96, 3, padding=1),
            nn.BatchNorm2d(96),
            nn.ReLU(),
            nn.MaxPool2d(2),
        )
        self.dense = nn.Linear(96 * 16, 10)

    def forward(self, digits: Tensor) -> Tensor:
        """Logits of `digits`."""
        return self.dense(self.convolutions(digits).flatten(1))


@dataclass(frozen=True)
class TrainedClassifier:
    """A trained classifier, and its accuracy on the test digits."""

    network: DigitClassifier
    accuracy: float

    def __post_init__(self) -> None:
        self.network.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue] - torch's overloads leave it out

    def classify(self, digits: Tensor) -> Tensor:
        """Classify gray digits `[N, 1, 32, 32]` in [-1, 1]; returns classes int64 `[N]`."""
        with torch.inference_mode():
            parts: list[Tensor] = [
                self.network(digits[first : first + CLASSIFYING_BATCH]).argmax(dim=1)
                for first in range(0, len(digits), CLASSIFYING_BATCH)
            ]
        return torch.cat(parts)


def load_or_train_classifier(folder: Path, train: Digits, test: Digits) -> TrainedClassifier:
    """Load the classifier kept in `folder`, or train and keep one if there is none.

    Raises:
        DataError: the file in `folder` is damaged.
        OSError: the disk is full; nothing is kept.
    """
    path = folder / FILE
    if path.is_file():
        try:
            return load_classifier(path)
        except (SafetensorError, RuntimeError, ValueError, TypeError, KeyError) as error:
            reason = str(error).partition("\n")[0]
            raise DataError(f"{path} is damaged ({reason}): delete it to train another") from error
    with progress_bar("training the digit classifier") as on_progress:
        reader = train_classifier(train, test, on_progress=on_progress)
    facts = {"accuracy": json.dumps(reader.accuracy)}
    partial = path.with_suffix(".partial")
    try:
        weights = {name: value.contiguous() for name, value in reader.network.state_dict().items()}
        safetensors.torch.save_file(weights, partial, facts)
        partial.replace(path)
    except SafetensorError as error:
        raise OSError(f"{path} cannot be written: {error}") from error
    finally:
        partial.unlink(missing_ok=True)
    return reader


def load_classifier(path: Path) -> TrainedClassifier:
    """Load the classifier in a file, with its measured accuracy."""
    network = DigitClassifier()
    network.load_state_dict(safetensors.torch.load_file(path))
    with safetensors.safe_open(path, "pt") as file:  # pyright: ignore[reportUnknownVariableType]
        facts = cast("dict[str, str]", file.metadata())  # pyright: ignore[reportUnknownMemberType]
    return TrainedClassifier(network.eval(), float(json.loads(facts["accuracy"])))


def train_classifier(
    train: Digits, test: Digits, epochs: int = EPOCHS, on_progress: OnProgress = ignore_progress
) -> TrainedClassifier:
    """Train a classifier on `train` with a fixed seed and measure it on `test`."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(SEED)
        network = DigitClassifier()
    adam = Adam(network.parameters(), lr=LEARNING_RATE, fused=True)
    images, labels = as_images(train.pixels), torch.from_numpy(train.labels.astype(np.int64))
    steps = epochs * (len(images) // CLASSIFIER_BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(adam, LEARNING_RATE, total_steps=steps + 1)
    advance = counted(steps, on_progress)
    order = np.random.Generator(np.random.Philox(SEED))
    for _ in range(epochs):
        places = torch.from_numpy(order.permutation(len(images)))
        for first in range(0, len(images) - CLASSIFIER_BATCH + 1, CLASSIFIER_BATCH):
            chosen = places[first : first + CLASSIFIER_BATCH]
            adam.zero_grad(set_to_none=True)
            F.cross_entropy(network(images[chosen]), labels[chosen]).backward()
            adam.step()
            schedule.step()
            advance()
    network.eval()
    read = TrainedClassifier(network, 0.0).classify(as_images(test.pixels)).numpy()
    return TrainedClassifier(network, float((read == test.labels).mean()))


def as_images(digits: np.ndarray) -> Tensor:
    """Convert digits uint8 `[N, 32, 32]` to images `[N, 1, 32, 32]` in [-1, 1]."""
    return torch.from_numpy(digits).float()[:, None] / 127.5 - 1.0
