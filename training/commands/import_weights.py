"""`python -m training import`: a bundle of weights that another tool trained.

Owns the arguments, what is asked about the origin, and the card. Reading is that of
`training.imports`; the bundle is proved as `export` proves its own.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from shlex import quote

import torch
from safetensors import SafetensorError

from models.bundle import save_bundle
from models.card import Card, Data, model_name_of
from models.family import ImageGenerator
from models.plain_number import whole_number
from training.atomic_folder import atomic_folder
from training.commands.export import check_destination, prove
from training.device import add_threads_argument, use_threads
from training.imports.lower_resolutions import (
    BOX_FILTERED,
    LowerResolutions,
    lower_resolutions,
)
from training.imports.reading import SourceFile, shown
from training.imports.refusal import ImportRefusedError
from training.imports.tools import TOOLS, read_generator
from training.interpreter import python_command
from training.run_folder.commit import commit_of
from training.run_folder.golden import golden_of, preview_of

MAX_STATEMENT = 500  # characters of a licence or an origin
NOT_STATED = "not stated"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `import`."""
    parser.add_argument("file", type=Path, help="the file of weights, such as a .pth")
    parser.add_argument(
        "--from", dest="tool", choices=sorted(TOOLS), required=True, help="the tool that wrote it"
    )
    parser.add_argument("--out", type=Path, required=True, help="the folder of the new bundle")
    parser.add_argument(
        "--licence",
        required=True,
        help="of these weights, as whoever published them states it: it may forbid what you plan",
    )
    parser.add_argument(
        "--origin",
        required=True,
        help="who trained them on what, and where the file is from; clients read it as the credit",
    )
    parser.add_argument(
        "--name", help="of the model, for clients (default: made of the name of --out)"
    )
    parser.add_argument("--title", help="for people (default: the name)")
    parser.add_argument("--description", default="", help="one or two sentences for the card")
    parser.add_argument(
        "--data", default=NOT_STATED, help="the pictures it learned from (default: %(default)s)"
    )
    parser.add_argument(
        "--resolution",
        type=whole_number,
        metavar="R",
        help="of the largest pictures; for a network whose upper levels were never trained, or "
        "to leave them out (default: the highest)",
    )
    add_threads_argument(parser)
    parser.add_argument("--replace", action="store_true", help="replace an older bundle")


def run(options: argparse.Namespace) -> int:
    """Run the `import` command."""
    use_threads(options.threads)
    out: Path = options.out
    name: str = options.name or model_name_of(out.resolve().name)
    licence, origin = statement("licence", options.licence), statement("origin", options.origin)
    check_destination(out, name, options.replace)
    found, source = read_generator(options.file, options.tool, options.resolution)
    tell_found(options.file, found, source)
    lower = lower_resolutions(found)
    names = (name, options.title or name, options.description)
    statements = (licence, origin, statement("data", options.data))
    card = imported_card(lower, source, options.tool, names, statements)
    card = write_proved(out, lower.generator, card, replace=options.replace)
    for exit_ in card.exits:
        told = "finished picture"
        if exit_.psnr_db is not None:
            told = f"{exit_.psnr_db:.1f} dB"
        elif exit_.resolution < card.network.resolution:
            told = BOX_FILTERED
        print(f"{exit_.resolution:5d} px  {told}")
    print(f"{out}: {card.pinned_name}, proved")
    print(f"serve it: PROGAN_BUNDLES={quote(str(out.parent))} {python_command()} -m service")
    return 0


def tell_found(file: Path, generator: ImageGenerator, source: SourceFile) -> None:
    """Print what the file holds, and that the rest takes a while."""
    weights, top = sum(p.numel() for p in generator.parameters()), generator.config.resolution
    print(f"{shown(file)}: {source.chosen or 'a generator'} of {top} px, {weights:,} weights")
    print(
        "making and proving the bundle: minutes, for a network as wide as the paper's", flush=True
    )


def statement(option: str, text: str) -> str:
    """A text for the card, in one line.

    Raises:
        ImportRefusedError: it is empty, or longer than 500 characters.
    """
    line = " ".join(text.split())
    if not 1 <= len(line) <= MAX_STATEMENT or not line.isprintable():
        raise ImportRefusedError(
            f"--{option} needs a text of 1 to {MAX_STATEMENT} printable characters, not "
            f"{len(line)}: {line[:40]!r}"
        )
    return line


def imported_card(
    lower: LowerResolutions,
    source: SourceFile,
    tool: str,
    names: tuple[str, str, str],
    statements: tuple[str, str, str],
) -> Card:
    """Build the card.

    Args:
        lower: the generator of the file, with its pictures of lower resolutions.
        source: the file.
        tool: key of `TOOLS`.
        names: name, title and description of the model.
        statements: licence and origin of the weights, and the pictures they learned from.
    """
    licence, origin, data = statements
    return Card(
        *names,
        licence=licence,
        network=lower.generator.config,
        family=lower.generator.config.family,
        exits=lower.exits,
        data=Data(data, licence=NOT_STATED, attribution=origin, images=0),
        weights_sha256="",
        golden=golden_of(lower.generator),
        training={
            "imported": {
                "tool": TOOLS[tool].title,
                "origin": origin,
                "licence": licence,
                "network": source.chosen or "the whole file",
                "file": shown(Path(source.path.name)),
                "file_sha256": source.sha256,
            },
            "lower_resolutions": lower.told,
            "commit": commit_of(Path(__file__).parent),
            "torch": torch.__version__,
        },
        quality={"not_measured": "the network was imported, and no pictures were compared"},
    )


def write_proved(out: Path, generator: ImageGenerator, card: Card, *, replace: bool) -> Card:
    """Write the bundle, load it back and compare golden seeds; returns the card as read.

    Raises:
        ExportError: a picture differs; `out` is unchanged.
        OSError: the disk is full; `out` is unchanged.
    """
    try:
        with atomic_folder(out, replace=replace, public=True) as partial:
            save_bundle(partial, generator, card, preview_of(generator))
            return prove(partial, generator)
    except SafetensorError as error:
        raise OSError(f"{out} cannot be written: {error}") from error
