"""What the tests of training/quality/ share: an Inception network with random weights."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from training.quality.networks.inception import Inception


def random_weights(shapes: Mapping[str, torch.Size], seed: int = 0) -> dict[str, Tensor]:
    """Weights of a network of ConvNorms with which no picture vanishes, by name alone."""
    random = np.random.default_rng(seed)
    state: dict[str, Tensor] = {}
    for name in sorted(shapes):
        drawn = random.random(tuple(shapes[name]), np.float32)
        kind = name.rpartition(".")[2]
        if kind == "num_batches_tracked":
            state[name] = torch.tensor(0)
        elif kind in ("bias", "running_mean"):
            state[name] = torch.from_numpy(0.4 * drawn - 0.2)
        elif drawn.ndim == 1:
            state[name] = torch.from_numpy(0.5 + drawn)
        else:
            reach = np.float32(np.sqrt(6 / drawn[0].size))
            state[name] = torch.from_numpy((2 * drawn - 1) * reach)
    return state


@pytest.fixture(scope="session")
def inception_weights(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A file like the published one, in the form torch wrote in 2019, with random weights."""
    with torch.device("meta"):
        shapes = {name: value.shape for name, value in Inception().state_dict().items()}
    path = tmp_path_factory.mktemp("weights") / "inception.pth"
    torch.save(random_weights(shapes), path, _use_new_zipfile_serialization=False)
    yield path
    path.unlink()  # 95 MB
