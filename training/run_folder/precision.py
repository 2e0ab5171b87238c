"""Which number format a run computes in, where its preset leaves that to the machine.

Owns what `precision=auto` comes to. The answer is kept with the run, so it never changes under way.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import torch

from training.config.config import CONFIG_FILE, TrainingConfig
from training.config.groups import AUTO, BF16, FP32
from training.objectives.gradient_penalty import survives_bf16
from training.run_folder.resume import read_config


def resolve_precision(config: TrainingConfig, run: Path, device: torch.device) -> TrainingConfig:
    """The configuration with its precision decided.

    Args:
        config: what a person or a preset says.
        run: the folder of the run. One that was begun goes on in the precision it has, on any
            machine.
        device: where a new run computes.

    Raises:
        ConfigError: the configuration of the run cannot be read.
    """
    kept = run / CONFIG_FILE
    if config.precision == AUTO and kept.exists():
        return replace(config, precision=read_config(kept).precision)
    return precision_for(config, device)


def precision_for(config: TrainingConfig, device: torch.device) -> TrainingConfig:
    """The configuration of a new run: where `auto` asks, in the precision `device` is faster in."""
    if config.precision != AUTO:
        return config
    survives = survives_bf16(config.penalty.kind, config.penalty.sigma)
    return replace(config, precision=BF16 if survives and multiplies_bf16(device) else FP32)


def multiplies_bf16(device: torch.device) -> bool:
    """Whether a device has units that multiply matrices of bf16; others are faster in fp32."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    return bool(torch.cpu.get_capabilities().get("amx_bf16"))
