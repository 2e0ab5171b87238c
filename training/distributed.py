"""Data-parallel training: the processes that `torchrun` started for one run.

Owns all communication between them: ranks, shares of a batch, means, barriers. Knows no step,
schedule or file. A single process initialises nothing, and every operation returns its input.

**Shares.** Of each batch, process r of W has the images r, r + W, r + 2 W and so on: the real
image, fake image, class and random numbers of one index are on the same process. Image n is in
group n modulo M of the minibatch deviation: whole on one process if W divides M; otherwise the
deviation is computed over the features of all processes (`Processes.stddev`).

**Why not `DistributedDataParallel`.** It averages gradients by hooks that each forward pass
prepares for one backward pass over the same parameters; its documentation excludes
`torch.autograd.grad`, which the penalties use. Here the discriminator runs several forward passes
for one backward pass, so gradients are averaged after it: the same mean, without hooks.
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

from models.layers.progan import at_least_fp32, group_of, minibatch_stddev

TIMEOUT = timedelta(hours=1)  # while the first process measures and writes


class DistributedError(RuntimeError):
    """The processes of a run cannot continue together; the message states the reason."""


@dataclass(frozen=True)
class Processes:
    """One of the processes of a run.

    Attributes:
        rank: from 0; the process of rank 0 is the first one, which writes all files.
        count: number of processes (world size).
        local_rank: rank on its machine, and number of its CUDA device.
        local_count: number of processes on its machine.
    """

    rank: int = 0
    count: int = 1
    local_rank: int = 0
    local_count: int = 1

    @classmethod
    def from_environment(cls) -> Self:
        """Read the variables that `torchrun` sets; without them, a single process."""
        if not dist.is_torchelastic_launched():
            return cls()
        names = ("RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE")
        return cls(*(int(os.environ[name]) for name in names))

    @property
    def first(self) -> bool:
        """True if this process writes files and messages for all."""
        return self.rank == 0

    @property
    def share(self) -> slice:
        """Slice of the batch indices of this process."""
        return slice(self.rank, None, self.count)

    def shard(self, batch: Tensor) -> Tensor:
        """Select this process's share of a batch `[N, ...]`: `[N / count, ...]`."""
        return batch if self.count == 1 else batch[self.share]

    def device_name(self, name: str | None) -> str | None:
        """Name of this process's device: with several processes, each has its own CUDA device.

        Raises:
            DistributedError: several processes of a machine are given the same device.
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
        """Communicate over NCCL or gloo inside the context; a lost process raises an error."""
        if self.count == 1:
            yield
            return
        if on_cuda := device.type == "cuda":
            torch.cuda.set_device(device)
        dist.init_process_group("cpu:gloo,cuda:nccl" if on_cuda else "gloo", timeout=TIMEOUT)
        try:
            yield
        except RuntimeError as error:
            if "gloo" in str(error) or isinstance(error, dist.DistError):
                message = "another process is gone; its own message says why"
                raise DistributedError(message) from error
            raise
        dist.destroy_process_group()  # after a failure, `torchrun` ends the remaining processes

    def exit(self, code: int) -> NoReturn:
        """End this process with an exit code.

        Threads of gloo may abort the interpreter during its shutdown (pytorch/pytorch#190489): of
        several processes each exits without a shutdown; all files are already written.
        """
        if self.count == 1:
            sys.exit(code)
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)

    # ------------------------------------------------------------------------------------
    # Means. A term is a mean over its images and all shares have equal size, so the mean over the
    # processes is that of the whole batch; the same holds for its gradient.

    def mean(self, values: Tensor) -> Tensor:
        """Mean of each value over all processes, without gradient."""
        if self.count == 1:
            return values
        total = values.detach().clone()
        dist.all_reduce(total)
        return total / self.count

    @torch.no_grad()
    def average(self, tensors: Sequence[Tensor]) -> None:
        """Average each tensor over all processes, in place; all pass tensors of the same shapes."""
        if self.count == 1:
            return
        flat = torch.cat([tensor.flatten() for tensor in tensors])
        dist.all_reduce(flat)
        flat /= self.count
        parts = cast("tuple[Tensor, ...]", flat.split([tensor.numel() for tensor in tensors]))
        for tensor, part in zip(tensors, parts, strict=True):
            tensor.copy_(part.view(tensor.shape))

    def stddev(self, features: Tensor, group_size: int) -> Tensor:
        """Compute `minibatch_stddev` of a share `[n, C, H, W]` in the whole batch."""
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
        """Logical or of a flag over all processes."""
        if self.count == 1:
            return flag
        flags = torch.tensor(int(flag))
        dist.all_reduce(flags, dist.ReduceOp.MAX)
        return bool(flags.item())

    def require_same(self, **texts: str) -> None:
        """Raise an error if texts differ between processes.

        Args:
            texts: the names appear in the message.

        Raises:
            DistributedError: on all processes; the message names the texts that differ.
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
        """Context that all processes complete, or none: an error on one is an error on all.

        Inside the context, no process may wait for another.

        Raises:
            DistributedError: another process failed inside.
        """
        try:
            yield
        except Exception:
            with suppress(RuntimeError):  # the others may have ended already
                self.any(True)
            raise
        if self.count > 1 and self.any(False):
            raise DistributedError("another process of this run failed; its own message says why")


SINGLE = Processes()


# ----------------------------------------------------------------------------------------
# Both are linear and adjoint to each other, hence double backward is correct.


class Gather(Function):
    """All-gather: `[n, ...]` of each process -> `[W, n, ...]`, the same on all."""

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
    """Reduce-scatter: `[W, n, ...]` of each process -> `[n, ...]`, this process's part."""

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
