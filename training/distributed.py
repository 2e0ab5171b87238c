"""Data-parallel training: the processes that `torchrun` started for one run.

Owns all communication between them: ranks, shares of a batch, means, barriers. Knows no step,
schedule or file. A single process sets up nothing, and every operation returns its input.

**Shares.** Of each batch, process r of W has the images r, r + W, r + 2 W and so on: real and fake
image, class and random numbers of one place stay together. Image n is in group n modulo M of the
minibatch deviation, so the M groups are whole on one process where W divides M; elsewhere the
deviation is taken over the features of all (`Processes.stddev`).

**Why not `DistributedDataParallel`.** It averages gradients by hooks that it arms in each forward
pass, for one backward pass over the same parameters; its documentation excludes
`torch.autograd.grad`, which the penalties are made of. Here a discriminator scores two to four
times for one backward pass, once with its parameters frozen, and the levels that take part change.
So gradients are averaged when all of them are there, in one go: the same mean, without hooks.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, NoReturn, Self, cast

import torch
import torch.distributed as dist
from torch import Tensor
from torch.autograd import Function

from models.layers import at_least_fp32, group_of, minibatch_stddev

TIMEOUT = timedelta(hours=1)  # while the first process measures and writes


class DistributedError(RuntimeError):
    """The processes of a run cannot go on together; the message says why."""


@dataclass(frozen=True)
class Processes:
    """One of the processes of a run.

    Attributes:
        rank: its number, from 0; the first one writes all files.
        count: how many there are.
        local_rank: its number on its machine: that of its CUDA device.
        local_count: how many there are on its machine.
    """

    rank: int = 0
    count: int = 1
    local_rank: int = 0
    local_count: int = 1

    @classmethod
    def from_environment(cls) -> Self:
        """The process as `torchrun` started it; a single one without it."""
        if not dist.is_torchelastic_launched():
            return cls()
        names = ("RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE")
        return cls(*(int(os.environ[name]) for name in names))

    @property
    def first(self) -> bool:
        """Whether this process writes files and messages for all."""
        return self.rank == 0

    @property
    def share(self) -> slice:
        """The places of a batch that are this process's."""
        return slice(self.rank, None, self.count)

    def shard(self, batch: Tensor) -> Tensor:
        """This process's share of a batch `[N, ...]`: `[N / count, ...]`."""
        return batch if self.count == 1 else batch[self.share]

    def device_name(self, name: str | None) -> str | None:
        """Each process of a machine has a CUDA device of its own, unless it is alone there.

        Raises:
            DistributedError: several processes of a machine are given one and the same.
        """
        if self.local_count > 1 and name and name.startswith("cuda:"):
            raise DistributedError(
                f"--device {name} is one device for {self.local_count} processes: use --device "
                "cuda, and each takes one of its own"
            )
        if self.count > 1 and name in (None, "cuda") and torch.cuda.is_available():
            return f"cuda:{self.local_rank}"
        return name

    @contextmanager
    def process_group(self, device: torch.device) -> Generator[None]:
        """Communication over NCCL or gloo inside the context; the loss of a process is an error."""
        if self.count == 1:
            yield
            return
        on_cuda = device.type == "cuda"
        if on_cuda:
            torch.cuda.set_device(device)
        dist.init_process_group("cpu:gloo,cuda:nccl" if on_cuda else "gloo", timeout=TIMEOUT)
        try:
            yield
        except RuntimeError as error:
            if "gloo" in str(error) or isinstance(error, dist.DistError):
                raise DistributedError(
                    "another process is gone; its own message says why"
                ) from error
            raise
        dist.destroy_process_group()  # after a failure, `torchrun` ends whoever is left

    def exit(self, code: int) -> NoReturn:
        """End this process with a code.

        Threads of gloo may outlive the process group, and now and then abort an interpreter that
        shuts down (pytorch/pytorch#190489). So one of several exits without a shutdown: everything
        is written by then.
        """
        if self.count == 1:
            sys.exit(code)
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)

    # ------------------------------------------------------------------------------------
    # Means. A term is a mean over its images and all shares are equal, so the mean over the
    # processes is that of the whole batch; so is its gradient.

    def mean(self, values: Tensor) -> Tensor:
        """The mean of each value over all processes, without gradient."""
        if self.count == 1:
            return values
        total = values.detach().clone()
        dist.all_reduce(total)
        return total / self.count

    @torch.no_grad()
    def average(self, tensors: Sequence[Tensor]) -> None:
        """Put the mean over all processes into each of these tensors, which are alike on all."""
        if self.count == 1:
            return
        flat = torch.cat([tensor.flatten() for tensor in tensors])
        dist.all_reduce(flat)
        flat /= self.count
        parts = cast("tuple[Tensor, ...]", flat.split([tensor.numel() for tensor in tensors]))
        for tensor, part in zip(tensors, parts, strict=True):
            tensor.copy_(part.view(tensor.shape))

    def stddev(self, features: Tensor, group_size: int) -> Tensor:
        """`models.layers.minibatch_stddev` of a share, `[n, C, H, W]`, as of the whole batch."""
        images = len(features) * self.count
        if images // group_of(images, group_size) % self.count == 0:
            return minibatch_stddev(features, group_size)
        parts = cast("Tensor", Gather.apply(at_least_fp32(features)))
        everything = parts.transpose(0, 1).flatten(0, 1)  # [W * n, ...] in the order of the batch
        deviation = minibatch_stddev(everything, group_size)[self.share, -1:]
        return torch.cat([features, deviation.to(features.dtype)], dim=1)

    # ------------------------------------------------------------------------------------
    # Agreement.

    def any(self, flag: bool) -> bool:
        """The logical or of a flag over all processes."""
        if self.count == 1:
            return flag
        flags = torch.tensor(int(flag))
        dist.all_reduce(flags, dist.ReduceOp.MAX)
        return bool(flags.item())

    def require_same(self, **texts: str) -> None:
        """Refuse to go on where texts differ between processes.

        Args:
            texts: by the names for the message.

        Raises:
            DistributedError: on all of them, naming what differs.
        """
        if self.count == 1:
            return
        digests = [hashlib.sha256(text.encode()).digest()[:7] for text in texts.values()]
        mine = torch.tensor([int.from_bytes(digest) for digest in digests])
        lowest, highest = mine.clone(), mine.clone()
        dist.all_reduce(lowest, dist.ReduceOp.MIN)
        dist.all_reduce(highest, dist.ReduceOp.MAX)
        same = cast("list[bool]", (lowest == highest).tolist())
        differing = [name for name, equal in zip(texts, same, strict=True) if not equal]
        if differing:
            raise DistributedError(
                f"the {self.count} processes differ in {', '.join(differing)}: start all with the "
                "same command, and give them --data and --run on a disk that all of them see"
            )

    @contextmanager
    def all_or_none(self) -> Generator[None]:
        """All processes leave the context, or none: an error on one is an error on all.

        Inside, no process may wait for another.

        Raises:
            DistributedError: another process failed inside.
        """
        try:
            yield
        except Exception:
            with suppress(RuntimeError):  # the others may be gone already
                self.any(True)
            raise
        if self.count > 1 and self.any(False):
            raise DistributedError("another process of this run failed; its own message says why")


SINGLE = Processes()


# ----------------------------------------------------------------------------------------
# Both are linear and mutually adjoint, hence double backward is correct.


class Gather(Function):
    """`[n, ...]` of each process -> `[W, n, ...]`, the same on all."""

    @staticmethod
    def forward(_context: Any, share: Tensor) -> Tensor:  # noqa: ANN401 - torch's own
        """Gather the tensor of every process."""
        share = share.contiguous()
        parts = [torch.empty_like(share) for _ in range(dist.get_world_size())]
        dist.all_gather(parts, share)
        return torch.stack(parts)

    @staticmethod
    def backward(_context: Any, gradient: Tensor) -> Tensor:  # noqa: ANN401 # pyright: ignore[reportIncompatibleMethodOverride] - torch's own
        """Sum the gradients of all processes for this process's share."""
        return cast("Tensor", Scatter.apply(gradient))


class Scatter(Function):
    """`[W, n, ...]` of each process -> `[n, ...]`: this process's part of their sum."""

    @staticmethod
    def forward(_context: Any, parts: Tensor) -> Tensor:  # noqa: ANN401 - torch's own
        """Sum over all processes, and keep this process's part."""
        total = parts.contiguous().clone()
        dist.all_reduce(total)
        return total[dist.get_rank()].clone()

    @staticmethod
    def backward(_context: Any, gradient: Tensor) -> Tensor:  # noqa: ANN401 # pyright: ignore[reportIncompatibleMethodOverride] - torch's own
        """Gather the gradients of every process."""
        return cast("Tensor", Gather.apply(gradient))
