"""The names that a pickle would import, found without running it.

Owns the list of names that files of weights need, and the refusal of all others. A pickle is a
program: it may import and call whatever it names. Here its instructions are only listed
(`pickletools`). Reading is left to torch, whose own reader refuses unknown names as well.
"""

from __future__ import annotations

import pickletools
from typing import BinaryIO

from training.imports.refusal import ImportRefusedError

MAX_INSTRUCTIONS = 5_000_000  # the largest files of known tools have about 50 thousand

# Plain containers and tensors; all are constructors without side effects.
NEEDED_NAMES = {
    "collections OrderedDict",
    "torch Size",
    "torch device",
    "torch.nn.parameter Parameter",
    "torch._utils _rebuild_parameter",
    "torch._utils _rebuild_tensor",
    "torch._utils _rebuild_tensor_v2",
}
NUMBER_TYPES = (
    "BFloat16",
    "Bool",
    "Byte",
    "Char",
    "Double",
    "Float",
    "Half",
    "Int",
    "Long",
    "Short",
)
STORAGES = {f"torch {kind}Storage" for kind in NUMBER_TYPES}

# Classes of settings beside the weights. Bare stand-ins take their place (`torch_file`).
SETTINGS_CLASSES = ("argparse.Namespace", "models.utils.config.BaseConfig")

ALLOWED = NEEDED_NAMES | STORAGES | {" ".join(name.rsplit(".", 1)) for name in SETTINGS_CLASSES}
NAMING = {"GLOBAL", "INST"}  # instructions with the name beside them
FOREIGN = {"STACK_GLOBAL", "OBJ", "NEWOBJ_EX", "EXT1", "EXT2", "EXT4", "PERSID"}  # not torch's


def require_known_names(file: BinaryIO, path: str) -> None:
    """Check one pickle, from the position of `file` to its end.

    Raises:
        ImportRefusedError: it names anything that is not allowed, or is damaged.
    """
    texts: list[str] = []  # the last two name an import of the STACK_GLOBAL kind
    try:
        for count, (instruction, argument, _) in enumerate(pickletools.genops(file)):
            if count > MAX_INSTRUCTIONS:
                raise ImportRefusedError(
                    f"{path} has more than {MAX_INSTRUCTIONS:,} pickle instructions: that is no "
                    "file of weights. Nothing of it was run"
                )
            if instruction.name in NAMING and argument not in ALLOWED:
                raise unknown_name(path, str(argument))
            if instruction.name in FOREIGN:
                raise unknown_name(path, " ".join(texts) or instruction.name)
            if isinstance(argument, str):
                texts = [*texts[-1:], argument[:100]]
    except ImportRefusedError:
        raise
    except Exception as error:  # pickletools raises many kinds for damaged files
        raise ImportRefusedError(
            f"{path} is damaged or cut short ({ascii(str(error))[1:-1][:100]}): download it again"
        ) from error


def unknown_name(path: str, name: str) -> ImportRefusedError:
    """The refusal of what a pickle names: `module name`, or an instruction."""
    shown = ascii(name)[1:-1][:100]  # a name may hold what no text has, such as half a character
    if "dnnlib" in name or "torch_utils" in name:
        return ImportRefusedError(
            f"{path} is a network pickle of NVIDIA's tools, of a kind that is not imported "
            f"({shown}): only those of StyleGAN2-ADA for PyTorch are (--from stylegan2-ada). For "
            "the official Progressive GAN networks take the conversion by genforce, a .pth file: "
            "--from genforce"
        )
    return ImportRefusedError(
        f"{path} wants to call {shown.replace(' ', '.')}, which no file of weights needs: it was "
        "refused, and nothing of it was run. If you trust it, load it with the tool that wrote it "
        "and save only the state dict"
    )
