"""DCGANs in the layout of PyTorch's example, which most of them have.

Owns the layout: one `nn.Sequential` whose numbered modules are, again and again, a transposed
convolution without bias, batch normalisation and ReLU, and at the end a transposed convolution and
tanh. The statistics of the batch normalisation are those of the file.
Source: Radford et al. 2016, section 3.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from torch import Tensor, nn

from models.families.dcgan.config import LARGEST_DCGAN, DcganConfig
from models.families.dcgan.generator import DcganGenerator
from models.resolution import BASE_RESOLUTION
from training.imports.layout import listed_names
from training.imports.reading import SourceFile
from training.imports.refusal import ImportRefusedError

DCGAN_NETWORKS = (
    "netG_state_dict",
    "generator_state_dict",
    "state_dict_G",
    "netG",
    "generator",
    "G",
)
NUMBERED = re.compile(r"(?:.*\.)?(\d+)\.(\w+)")  # `main.3.weight`, also with names before it
COUNTER = "num_batches_tracked"  # of batches in the training; it has no effect on pictures
NORM = ("weight", "bias", "running_mean", "running_var")
EXAMPLE = "a DCGAN as in PyTorch's example"


def dcgan_of(source: SourceFile) -> DcganGenerator:
    """Build the generator of a file.

    Raises:
        ImportRefusedError: the file is not of this layout, or its widths or its size are none that
            our DCGAN has.
    """
    layers = numbered_layers(source.tensors)
    convolutions = [layer["weight"] for layer in layers if layer["weight"].dim() == 4]
    config = dcgan_config_of(convolutions)
    wanted = expected_shapes(config)
    there = [{name: tuple(each.shape) for name, each in layer.items()} for layer in layers]
    if there != wanted:
        place = next(
            (k for k, pair in enumerate(zip(there, wanted, strict=False)) if pair[0] != pair[1]),
            min(len(there), len(wanted)),
        )
        raise ImportRefusedError(
            f"this is not a generator of {EXAMPLE}: its layer {place} has {_told(there, place)}, "
            f"and {_told(wanted, place)} was expected"
        )
    require_usable(source.tensors)
    generator = DcganGenerator(config)
    for module, layer in zip(layers_with_weights(generator), layers, strict=True):
        state = module.state_dict() | {name: tensor.float() for name, tensor in layer.items()}
        _ = module.load_state_dict(state, strict=True)
    return generator.eval().requires_grad_(False)


def layers_with_weights(generator: DcganGenerator) -> list[nn.Module]:
    """Convolutions and batch normalisations, from the latent on."""
    return [
        module
        for module in generator.modules()
        if isinstance(module, nn.ConvTranspose2d | nn.BatchNorm2d)
    ]


def numbered_layers(tensors: Mapping[str, Tensor]) -> list[dict[str, Tensor]]:
    """The tensors of each module that has some, in the order of their numbers.

    Raises:
        ImportRefusedError: a name has no number, there is no weight in a module, or there are two
            networks.
    """
    layers: dict[int, dict[str, Tensor]] = {}
    origins: dict[str, str] = {}  # name before the number, by the first tensor that has it
    for name, tensor in tensors.items():
        found = NUMBERED.fullmatch(name)
        if found is None:
            raise ImportRefusedError(
                f"this is not a generator of {EXAMPLE}, whose modules are numbered: it has "
                f"{listed_names([name, *tensors])}"
            )
        origins.setdefault(name[: found.start(1)], name)
        if len(origins) > 1:
            raise ImportRefusedError(
                f"it has {listed_names([*origins.values()])}, where all names before the numbers "
                f"must be one: save the tensors of one generator, which is {EXAMPLE}"
            )
        if found[2] != COUNTER:
            layers.setdefault(int(found[1]), {})[found[2]] = tensor
    ordered = [layers[number] for number in sorted(layers)]
    if not ordered or not all("weight" in layer for layer in ordered):
        raise ImportRefusedError(
            f"this is not a generator of {EXAMPLE}: it has {listed_names([*tensors])}, and some of "
            "its modules have no weight"
        )
    return ordered


def dcgan_config_of(convolutions: list[Tensor]) -> DcganConfig:
    """The configuration of the transposed convolutions of a generator, from the latent on.

    Raises:
        ImportRefusedError: there are too few or too many of them, or the widths do not halve.
    """
    resolution = BASE_RESOLUTION << (len(convolutions) - 1) if convolutions else 0
    if not 2 * BASE_RESOLUTION <= resolution <= LARGEST_DCGAN:
        raise ImportRefusedError(
            f"this is not a generator of {EXAMPLE} of 8 to {LARGEST_DCGAN} px, which have 2 to 6 "
            f"convolutions: it has {len(convolutions)}"
        )
    maps = [weight.shape[1] for weight in convolutions]
    latent, channels = convolutions[0].shape[0], maps[-1]
    try:
        config = DcganConfig(resolution, channels, latent, generator_maps=maps[-2])
    except ValueError as error:
        raise ImportRefusedError(f"its network cannot be used: {error}") from error
    wanted = [config.feature_maps(level) for level in range(config.top_level)]
    if maps[:-1] != wanted:
        raise ImportRefusedError(
            f"its feature maps are {maps[:-1]}, and only networks whose maps halve from level to "
            f"level can be imported, such as {wanted}"
        )
    return config


def expected_shapes(config: DcganConfig) -> list[dict[str, tuple[int, ...]]]:
    """Names and shapes of the tensors of each module that has some, in their order."""
    shapes: list[dict[str, tuple[int, ...]]] = []
    inputs = config.latent_size
    for level in range(config.top_level + 1):
        maps = config.feature_maps(level)
        shapes.append({"weight": (inputs, maps, 4, 4)})
        if level < config.top_level:
            shapes.append(dict.fromkeys(NORM, (maps,)))
        inputs = maps
    return shapes


def require_usable(tensors: Mapping[str, Tensor]) -> None:
    """Check the values.

    Raises:
        ImportRefusedError: they are whole numbers, not finite, or variances below 0.
    """
    weights = {name: each for name, each in tensors.items() if not name.endswith(COUNTER)}
    if halves := [name for name, each in weights.items() if not each.is_floating_point()]:
        raise ImportRefusedError(f"tensors that are not floating-point: {listed_names(halves)}")
    for name, each in weights.items():
        values = each.float()
        if not values.isfinite().all() or (name.endswith("running_var") and (values < 0).any()):
            raise ImportRefusedError(
                f"{listed_names([name])} has values that are not finite, or a variance below 0: "
                "the file is damaged"
            )


def _told(layers: list[dict[str, tuple[int, ...]]], place: int) -> str:
    if place >= len(layers):
        return "nothing"
    return listed_names([f"{name} {[*shape]}" for name, shape in layers[place].items()])
