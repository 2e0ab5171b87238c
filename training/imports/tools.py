"""The tools whose files can be imported.

Owns the list: adding a tool is a module that maps its layers, and a row here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from models.families.table import offer_of
from models.family import ImageGenerator
from models.resolution import level_of
from training.imports import (
    dcgan,
    gan_zoo,
    genforce,
    pro_gan_pth,
    stylegan2_ada,
    stylegan2_rosinality,
)
from training.imports.assembly import assemble
from training.imports.effective_layers import ProganLayers
from training.imports.reading import SourceFile, read_source
from training.imports.refusal import ImportRefusedError


@dataclass(frozen=True)
class Tool:
    """A tool whose files hold a generator.

    Attributes:
        title: name, in words.
        networks: keys at the top of its files that may hold the generator, the wanted one first.
        build: the generator of a file, in evaluation mode.
    """

    title: str
    networks: tuple[str, ...]
    build: Callable[[SourceFile], ImageGenerator]


def _progan(
    layers_of: Callable[[SourceFile], ProganLayers],
) -> Callable[[SourceFile], ImageGenerator]:
    def build(source: SourceFile) -> ImageGenerator:
        return assemble(layers_of(source))

    return build


TOOLS = {
    "pro-gan-pth": Tool(
        "pro_gan_pytorch (pro-gan-pth)",
        pro_gan_pth.PRO_GAN_NETWORKS,
        _progan(pro_gan_pth.pro_gan_layers),
    ),
    "gan-zoo": Tool("pytorch_GAN_zoo", gan_zoo.GAN_ZOO_NETWORKS, _progan(gan_zoo.gan_zoo_layers)),
    "genforce": Tool(
        "genforce's conversion of the official TensorFlow networks",
        genforce.GENFORCE_NETWORKS,
        _progan(genforce.genforce_layers),
    ),
    "dcgan": Tool("the DCGAN of PyTorch's examples", dcgan.DCGAN_NETWORKS, dcgan.dcgan_of),
    "stylegan2-ada": Tool(
        "StyleGAN2-ADA for PyTorch", stylegan2_ada.ADA_NETWORKS, stylegan2_ada.ada_stylegan
    ),
    "stylegan2-rosinality": Tool(
        "rosinality/stylegan2-pytorch",
        stylegan2_rosinality.ROSINALITY_NETWORKS,
        stylegan2_rosinality.rosinality_stylegan,
    ),
}


def read_generator(
    path: Path, tool: str, resolution: int | None = None
) -> tuple[ImageGenerator, SourceFile]:
    """Read a file of a tool, and build its generator, up to `resolution`.

    Raises:
        ImportRefusedError: the file is not of this tool, cannot be mapped, or has no such
            resolution; the message begins with the path.
        OSError: there is no room for temporary files.
    """
    source = read_source(path, TOOLS[tool].networks)
    try:
        generator = TOOLS[tool].build(source)
    except ImportRefusedError as error:
        raise ImportRefusedError(f"{path}: {error}. Nothing was written") from error
    if resolution is None:
        return generator, source
    config = generator.config
    offered = config.resolutions[1:] if offer_of(config).grows else config.resolutions[-1:]
    if resolution not in offered:
        listed = ", ".join(map(str, offered))
        raise ImportRefusedError(f"{path} has no {resolution} px to be imported up to: {listed}")
    return generator.up_to(level_of(resolution)), source
