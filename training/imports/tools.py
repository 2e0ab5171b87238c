"""The tools whose files can be imported.

Owns the list: adding a tool is a module that maps its layers, and a row here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from models.families.progan.generator import Generator
from models.resolution import level_of
from training.imports import gan_zoo, genforce, pro_gan_pth
from training.imports.assembly import assemble
from training.imports.effective_layers import ProganLayers
from training.imports.reading import SourceFile, read_source
from training.imports.refusal import ImportRefusedError


@dataclass(frozen=True)
class Tool:
    """A tool: its name in words, where its files hold a generator, and how that is mapped."""

    title: str
    networks: tuple[str, ...]
    layers_of: Callable[[SourceFile], ProganLayers]


TOOLS = {
    "pro-gan-pth": Tool(
        "pro_gan_pytorch (pro-gan-pth)", pro_gan_pth.PRO_GAN_NETWORKS, pro_gan_pth.pro_gan_layers
    ),
    "gan-zoo": Tool("pytorch_GAN_zoo", gan_zoo.GAN_ZOO_NETWORKS, gan_zoo.gan_zoo_layers),
    "genforce": Tool(
        "genforce's conversion of the official TensorFlow networks",
        genforce.GENFORCE_NETWORKS,
        genforce.genforce_layers,
    ),
}


def read_generator(
    path: Path, tool: str, resolution: int | None = None
) -> tuple[Generator, SourceFile]:
    """Read a file of a tool, and build its generator, up to `resolution`.

    Raises:
        ImportRefusedError: the file is not of this tool, cannot be mapped, or has no such
            resolution; the message begins with the path.
        OSError: there is no room for temporary files.
    """
    source = read_source(path, TOOLS[tool].networks)
    try:
        generator = assemble(TOOLS[tool].layers_of(source))
    except ImportRefusedError as error:
        raise ImportRefusedError(f"{path}: {error}. Nothing was written") from error
    if resolution is None:
        return generator, source
    offered = generator.config.resolutions[1:]
    if resolution not in offered:
        listed = ", ".join(map(str, offered))
        raise ImportRefusedError(f"{path} has no {resolution} px to be imported up to: {listed}")
    return generator.up_to(level_of(resolution)), source
