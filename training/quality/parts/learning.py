"""Training of a reader of parts.

Owns the order of pictures, the losses and the number of steps. The same pictures, parts and seed
give the same reader on one machine.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from torch import Generator, Tensor
from torch.optim import AdamW

from models.pixels import from_pixels
from training.progress_bar import OnProgress, counted, ignore_progress
from training.quality.parts.distortions import (
    LARGEST_BLOCK,
    add_noise,
    average_pairs,
    clouds_like,
    coarsen,
    vary,
)
from training.quality.parts.known import COLOUR, KnownParts, Part
from training.quality.parts.network import PartNetwork
from training.quality.pictures import PictureSet

READER_BATCH = 64  # whole pictures in a step
DESTROYED = 16  # pictures without recognisable parts in a step
MOST_STEPS = 1_000
PASSES = 40  # through the pictures, at most
READER_RATE = 0.006
DECAY = 0.02
READER_SETTINGS = (READER_BATCH, DESTROYED, MOST_STEPS, PASSES, READER_RATE, DECAY)


def train_network(
    pictures: PictureSet,
    known: KnownParts,
    seed: int,
    on_progress: OnProgress = ignore_progress,
) -> PartNetwork:
    """Train a network to tell the parts of `pictures`; `known` has them in the same order."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = PartNetwork(
            pictures.channels, pictures.array.shape[1:3], [len(part.values) for part in known.parts]
        )
    network.train().to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue] - torch's overloads leave it out
    random = Generator().manual_seed(seed)
    batch = min(READER_BATCH, len(pictures))
    steps = min(MOST_STEPS, PASSES * len(pictures) // batch)
    adam = AdamW(network.parameters(), READER_RATE, weight_decay=DECAY, fused=True)
    schedule = torch.optim.lr_scheduler.OneCycleLR(adam, READER_RATE, total_steps=steps + 1)
    advance = counted(steps, on_progress)
    places = _places(len(pictures), steps * batch, seed)
    codes = torch.from_numpy(known.codes)
    for step in range(steps):
        chosen = places[step * batch : (step + 1) * batch]
        images = from_pixels(torch.from_numpy(pictures.at(chosen)))
        shown, answers = examples(images, codes[chosen], known.parts, random)
        adam.zero_grad(set_to_none=True)
        _, logits = network(shown.contiguous(memory_format=torch.channels_last))
        loss_of(logits, answers).backward()
        adam.step()
        schedule.step()
        advance()
    return network.eval()


def examples(
    images: Tensor, codes: Tensor, parts: Sequence[Part], random: Generator
) -> tuple[Tensor, list[Tensor]]:
    """Pictures of one step, and the answer to each: probabilities `[N, V]` for each part.

    Whole pictures, slightly varied, have their own values; some of them destroyed have not.

    Args:
        images: `[B, C, H, W]` in [-1, 1].
        codes: `[B, P]`.
        parts: whose values `codes` numbers.
        random: source of all random numbers.
    """
    own = [F.one_hot(codes[:, n], len(part.values)).float() for n, part in enumerate(parts)]
    own = [answer * 1.0 for answer in own]
    varied = vary(images, random)
    some = slice(0, min(DESTROYED, len(images)))
    order = torch.randperm(len(images), generator=random)[some]
    source, of_source = varied[order], [answer[order] for answer in own]
    quarter = max(1, len(source) // 4)
    averaged, share = average_pairs(source[: 2 * quarter], random)
    half = [answer[: 2 * quarter] for answer in of_source]
    mixed = [share[:, None] * a + (1 - share[:, None]) * a.roll(-1, 0) for a in half]
    blurred = source[2 * quarter : 3 * quarter]
    factor = max(
        2, LARGEST_BLOCK * images.shape[-1] // 64 >> int(torch.randint(2, (), generator=random))
    )
    coarse = coarsen(blurred, factor)
    rest = source[3 * quarter :]
    lost = (
        add_noise(rest, random)
        if torch.rand((), generator=random) < 0.5
        else clouds_like(rest, random)
    )
    answers: list[Tensor] = []
    for n, part in enumerate(parts):
        any_value = torch.full((1, len(part.values)), 1.0 / len(part.values))
        kept = of_source[n][2 * quarter : 3 * quarter]
        of_coarse = kept if part.kind == COLOUR else any_value.expand(len(blurred), -1)
        answers.append(torch.cat([own[n], mixed[n], of_coarse, any_value.expand(len(rest), -1)]))
    return torch.cat([varied, averaged, coarse, lost]), answers


def loss_of(logits: Sequence[Tensor], answers: Sequence[Tensor]) -> Tensor:
    """Cross-entropy in nats, the mean over parts and pictures."""
    losses = [F.cross_entropy(a, b) for a, b in zip(logits, answers, strict=True)]
    return torch.stack(losses).mean()


def _places(count: int, wanted: int, seed: int) -> np.ndarray:
    """Indices of pictures to show, `wanted` of them: every pass in another random order."""
    random = np.random.default_rng(seed)
    passes = -(-wanted // count)
    return np.concatenate([random.permutation(count) for _ in range(passes)])[:wanted]
