"""Precision of a run, where its preset leaves it to the machine.

Owns the value of `precision=auto`. It is stored with the run, so it stays when the run resumes.
Pictures of 16 bits need fp32: a number in bf16 has 8 significant bits.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import torch

from models.picture import BitDepth
from training.config.config import CONFIG_FILE, TrainingConfig
from training.config.groups import AUTO, BF16, FP32
from training.objectives.gradient_penalty import survives_bf16
from training.run_folder.resume import read_config


def resolve_precision(
    config: TrainingConfig, run: Path, device: torch.device, bit_depth: BitDepth = 8
) -> TrainingConfig:
    """Replace `precision=auto` by the precision of the run.

    Args:
        config: as set by the user or a preset.
        run: the folder of the run. An existing run keeps its precision, on any machine.
        device: of a new run.
        bit_depth: of the pictures.

    Raises:
        ConfigError: the configuration of the run cannot be read.
    """
    kept = run / CONFIG_FILE
    if config.precision == AUTO and kept.exists():
        return replace(config, precision=read_config(kept).precision)
    return precision_for(config, device, bit_depth)


def precision_for(
    config: TrainingConfig, device: torch.device, bit_depth: BitDepth = 8
) -> TrainingConfig:
    """Configuration of a new run: `auto` becomes the precision in which `device` is faster.

    With pictures of 16 bits it becomes fp32.
    """
    if config.precision != AUTO:
        return config
    survives = bit_depth == 8 and survives_bf16(config.penalty.kind, config.penalty.sigma)
    return replace(config, precision=BF16 if survives and multiplies_bf16(device) else FP32)


def multiplies_bf16(device: torch.device) -> bool:
    """True if a device has bf16 matrix units; other devices are faster in fp32."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    return bool(torch.cpu.get_capabilities().get("amx_bf16"))
