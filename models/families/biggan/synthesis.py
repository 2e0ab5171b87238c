"""The way from an entry vector to an image: all layers of a BigGAN's generator.

Owns the division of the entry vector among the layers, and the class vector that they share. Knows
no smaller image.
Source: Brock et al. 2019, appendix B and figure 15.
"""

from __future__ import annotations

import math
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models.families.biggan.attention import SelfAttention
from models.families.biggan.blocks import UpResidualBlock
from models.families.biggan.config import BigganConfig
from models.families.biggan.normalisation import Correction, OutputNorm
from models.layers.progan import in_fp32
from models.layers.spectral import SpectralConv2d, SpectralLinear


class BigganSynthesis(nn.Module):
    """Entry vectors `[N, L + classes + 2 normalised maps]` -> images `[N, C, H, W]` in [-1, 1]."""

    def __init__(self, config: BigganConfig) -> None:
        super().__init__()
        maps = [config.feature_maps(level) for level in range(config.top_level + 1)]
        self.latent_size, self.classes = config.latent_size, config.classes
        self.chunk_size, self.corrected_maps = config.chunk_size, config.corrected_maps
        self.base = (maps[0], *config.base)
        shares = config.classes > 0 and config.class_size > 0
        self.embedding = (
            nn.Linear(config.classes, config.class_size, bias=False) if shares else None
        )
        first = config.chunk_size or config.latent_size
        self.first = SpectralLinear(first, math.prod(self.base))
        self.blocks = nn.ModuleList(
            UpResidualBlock(maps[level - 1], maps[level], config) for level in range(1, len(maps))
        )
        self.attended = config.resolutions.index(config.attention) if config.attention else 0
        size = config.size_at(config.attention) if config.attention else (0, 0)
        self.attention = SelfAttention(maps[self.attended], size) if config.attention else None
        self.norm = OutputNorm(maps[-1])
        self.image = SpectralConv2d(maps[-1], config.channels, 3)

    def forward(self, entry: Tensor) -> Tensor:
        """Images of entry vectors."""
        kind, corrections = self._class_vector(entry), self._corrections(entry)
        x = in_fp32(self.first, torch.narrow(entry, 1, 0, self.chunk_size or self.latent_size))
        x = x.reshape(-1, *self.base)
        for level, block in enumerate(self.blocks, start=1):
            pair = (corrections[2 * level - 2], corrections[2 * level - 1]) if corrections else None
            x = block(x, kind, self._chunk(entry, level), pair)
            if self.attention is not None and level == self.attended:
                x = self.attention(x)
        x = self.norm(x, corrections[-1] if corrections else None)
        return torch.tanh(in_fp32(self.image, x))

    def latent_weights(self) -> Tensor:
        """Weights `[M, L]` by which the latent enters, one linear layer after another."""
        rows = [self._at_chunk(self.first.kernel(), 0)]
        if self.chunk_size:
            for place, block in enumerate(self.blocks, start=1):
                weights = cast("UpResidualBlock", block).chunk_weights()
                rows += [self._at_chunk(each, place) for each in weights]
        return torch.cat(rows).detach()

    @property
    def norms(self) -> list[nn.BatchNorm2d]:
        """All batch normalisations, in the order of `BigganConfig.normalised_maps`."""
        blocks = [cast("UpResidualBlock", block) for block in self.blocks]
        pairs = [(block.first_norm.norm, block.second_norm.norm) for block in blocks]
        return [norm for pair in pairs for norm in pair] + [self.norm.norm]

    def _at_chunk(self, weights: Tensor, place: int) -> Tensor:
        before = place * self.chunk_size
        return F.pad(weights, (before, self.latent_size - before - weights.shape[1]))

    def _chunk(self, entry: Tensor, place: int) -> Tensor | None:
        if not self.chunk_size:
            return None
        return torch.narrow(entry, 1, place * self.chunk_size, self.chunk_size)

    def _corrections(self, entry: Tensor) -> list[Correction]:
        """Corrections of all normalisations, in order; none without statistics for them."""
        place, corrections = self.latent_size + self.classes, list[Correction]()
        total = sum(self.corrected_maps)
        for maps in self.corrected_maps:
            factor = torch.narrow(entry, 1, place, maps)
            corrections.append(Correction(factor, torch.narrow(entry, 1, place + total, maps)))
            place += maps
        return corrections

    def _class_vector(self, entry: Tensor) -> Tensor | None:
        if not self.classes:
            return None
        shares = torch.narrow(entry, 1, self.latent_size, self.classes)
        return shares if self.embedding is None else in_fp32(self.embedding, shares)
