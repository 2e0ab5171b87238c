"""Where a command computes: its device, and the threads of the CPU.

Owns the two options, what they accept, and how many threads torch is given. Knows no command.
"""

from __future__ import annotations

import argparse
import sys

import torch

from training.config.config import ConfigError
from training.config.groups import FP32
from training.threads import available_threads

MAX_THREADS = 1024
DEVICE_TYPES = ("cpu", "cuda")


def add_machine_arguments(parser: argparse.ArgumentParser) -> None:
    """`--device` and `--threads`."""
    parser.add_argument("--device", help="cpu, cuda, cuda:1; the first CUDA device, else the CPU")
    add_threads_argument(parser)


def add_threads_argument(parser: argparse.ArgumentParser) -> None:
    """`--threads`; `use_threads` obeys it."""
    parser.add_argument(
        "--threads",
        type=thread_count,
        help="CPU threads (default: as many as cores that this process may use)",
    )


def device_of(name: str | None) -> torch.device:
    """The device of that name; the first CUDA device, else the CPU, without one.

    Raises:
        ConfigError: there is no such device here.
    """
    try:
        device = torch.device(name or ("cuda" if torch.cuda.is_available() else "cpu"))
        if device.type not in DEVICE_TYPES:
            raise ConfigError(f"--device {name} cannot be used: cpu, cuda and cuda:1 are possible")
        torch.empty(1, device=device)
    except (AssertionError, RuntimeError) as error:
        reason = str(error).partition("\n")[0]
        raise ConfigError(f"--device {name} cannot be used: {reason}") from error
    return device


def set_matrix_precision(precision: str) -> None:
    """Compute fp32 in fp32 on CUDA: TF32, cuDNN's default there, keeps 10 bits of the mantissa."""
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = precision != FP32


def thread_count(text: str) -> int:
    """The value of `--threads`."""
    if not text.isdecimal() or not 1 <= int(text) <= MAX_THREADS:
        raise argparse.ArgumentTypeError(f"1 to {MAX_THREADS} threads are possible, not {text!r}")
    return int(text)


def use_threads(wanted: int | None) -> int:
    """Give torch that many CPU threads, or as many as can compute at once here.

    More than affinity and the quota of a container allow would wait for one another, so a larger
    number is reduced, with a sentence on the standard error.

    Args:
        wanted: the value of `--threads`; None for torch's default, which follows
            `OMP_NUM_THREADS`.

    Returns:
        How many it has now.
    """
    most = available_threads()
    if wanted and wanted > most:
        sys.stderr.write(
            f"--threads {wanted}: affinity and CPU quota let this process use {most} at once, so "
            f"it takes {most}\n"
        )
    count = min(wanted or torch.get_num_threads(), most)
    torch.set_num_threads(count)
    return count
