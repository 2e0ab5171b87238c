"""Device of a command, and its number of CPU threads.

Owns the options, their values, the number of threads of torch, and the settings of CUDA, whose
code follows the documentation and was not measured. Knows no command.
"""

from __future__ import annotations

import argparse
import os
import sys

import torch

from models.plain_number import is_digits
from training.config.config import ConfigError
from training.config.groups import FP32
from training.threads import available_threads

MAX_THREADS = 1024
DEVICE_TYPES = ("cpu", "cuda")


def add_machine_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options `--device` and `--threads`."""
    parser.add_argument("--device", help="cpu, cuda, cuda:1; the first CUDA device, else the CPU")
    add_threads_argument(parser)


def add_determinism_argument(parser: argparse.ArgumentParser) -> None:
    """Add the option `--no-deterministic`, for `set_determinism`."""
    parser.add_argument(
        "--deterministic",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="on CUDA: the same bytes in every run, or the fastest algorithms; a CPU has the first",
    )


def add_threads_argument(parser: argparse.ArgumentParser) -> None:
    """Add the option `--threads`, for `use_threads`."""
    parser.add_argument(
        "--threads",
        type=thread_count,
        help="CPU threads (default: as many as cores that this process may use)",
    )


def device_of(name: str | None) -> torch.device:
    """Device of that name; without a name the first CUDA device, else the CPU.

    Raises:
        ConfigError: there is no such device here.
    """
    try:
        device = torch.device(name or ("cuda" if torch.cuda.is_available() else "cpu"))
        if device.type not in DEVICE_TYPES:
            raise ConfigError(f"--device {name} cannot be used: cpu, cuda and cuda:1 are possible")
        torch.empty(1, device=device)
        if device.type == "cuda":
            torch.cuda.set_device(device)  # pinned memory belongs to the current device
    except (AssertionError, RuntimeError) as error:
        reason = str(error).partition("\n")[0]
        raise ConfigError(f"--device {name} cannot be used: {reason}") from error
    return device


def set_matrix_precision(precision: str) -> None:
    """Disable TF32 on CUDA for fp32 runs: TF32, cuDNN's default, has a mantissa of 10 bits."""
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = precision != FP32


def set_determinism(device: torch.device, deterministic: bool) -> None:
    """Choose reproducible or the fastest algorithms of CUDA; on a CPU do nothing.

    Call it before the first operation. Not measured on CUDA.

    Args:
        device: of the networks.
        deterministic: True for the same bytes in every run; False to let cuDNN try algorithms for
            each shape and take the fastest, whatever its order of summation.
    """
    if device.type != "cuda":
        return
    torch.backends.cudnn.benchmark = not deterministic
    torch.backends.cudnn.deterministic = deterministic
    if deterministic:
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
        torch.utils.deterministic.fill_uninitialized_memory = False  # pyright: ignore[reportAttributeAccessIssue] - torch's types leave it out
    torch.set_deterministic_debug_mode("warn" if deterministic else "default")


def thread_count(text: str) -> int:
    """Parse the value of `--threads`."""
    if not is_digits(text) or not 1 <= int(text) <= MAX_THREADS:
        raise argparse.ArgumentTypeError(f"1 to {MAX_THREADS} threads are possible, not {text!r}")
    return int(text)


def use_threads(wanted: int | None) -> int:
    """Set the number of CPU threads of torch, at most as many as can compute at once here.

    A number above the CPU affinity or the quota of the container is reduced, with a sentence on
    the standard error: the surplus threads would only wait for one another.

    Args:
        wanted: the value of `--threads`; None for torch's default, which follows
            `OMP_NUM_THREADS`.

    Returns:
        The number of threads of torch.
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
