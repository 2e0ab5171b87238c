"""The exported artifact: what is saved comes back, and what is damaged is refused."""

import json
import math
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import safetensors.torch
import torch

from models import bundle as bundle_module
from models.bundle import BundleError, load_bundle, load_card, save_bundle
from models.card import Card, Data, Exit
from models.direction import Direction
from models.exit_shape import ExitShape
from models.families.config import FamilyConfig
from models.families.progan.config import ProganConfig
from models.families.progan.generator import Generator
from models.growth import Growth
from models.layout import file_sha256

SHAPES = (ExitShape((5,)), ExitShape((1, 3, 1), (4, 6)), ExitShape((3, 3), (8,)), ExitShape())


@pytest.fixture
def generator(conditional: ProganConfig) -> Generator:
    """A tiny generator with classes, and exits as wide and as deep as fitted ones."""
    return Generator(conditional, SHAPES)


@pytest.fixture
def folder(tmp_path: Path, generator: Generator, card: Card) -> Path:
    """A bundle that is whole."""
    exits = tuple(
        replace(exit_, kernels=shape.kernels, hidden=shape.hidden)
        for exit_, shape in zip(card.exits, SHAPES, strict=True)
    )
    save_bundle(tmp_path, generator, replace(card, exits=exits), preview=b"webp")
    return tmp_path


def change_card(folder: Path, **changes: object) -> None:
    """Write other values into the card."""
    path = folder / "card.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def change_weights(folder: Path, tensors: dict[str, torch.Tensor]) -> None:
    """Write other weights, with a card that vouches for them."""
    path = folder / "generator.safetensors"
    safetensors.torch.save_file(tensors, path)
    change_card(folder, weights_sha256=file_sha256(path))


def weights_of(folder: Path) -> dict[str, torch.Tensor]:
    """The tensors by name."""
    return safetensors.torch.load_file(folder / "generator.safetensors")


def test_a_bundle_draws_what_its_generator_drew(folder: Path, generator: Generator) -> None:
    """The same weights, ready for inference: in evaluation mode and without gradients."""
    bundle = load_bundle(folder)
    z, labels = torch.randn(2, 16), torch.tensor([0, 1])

    assert torch.equal(bundle.generator(z, labels=labels), generator(z, labels=labels))
    assert not bundle.generator.training
    assert not any(p.requires_grad for p in bundle.generator.parameters())


def test_the_card_is_saved_with_the_digest_of_the_weights(folder: Path, card: Card) -> None:
    """All else is as it was given; the preview lies beside it."""
    saved = load_card(folder)

    assert saved.weights_sha256 == file_sha256(folder / "generator.safetensors")
    assert replace(saved, weights_sha256=card.weights_sha256, exits=card.exits) == card
    assert load_bundle(folder).card == saved
    assert (folder / "preview.webp").read_bytes() == b"webp"
    assert {path.name for path in folder.iterdir()} == {
        "card.json",
        "generator.safetensors",
        "preview.webp",
    }


def test_weights_are_saved_in_fp32_whatever_they_were(tmp_path: Path, card: Card) -> None:
    """Training may hold them in another type or memory layout."""
    generator = Generator(card.network).to(torch.bfloat16)
    for kernel in (p for p in generator.parameters() if p.ndim == 4):
        kernel.data = kernel.data.contiguous(memory_format=torch.channels_last)

    save_bundle(tmp_path, generator, card, preview=b"")

    assert {t.dtype for t in weights_of(tmp_path).values()} == {torch.float32}
    saved = load_bundle(tmp_path).generator.state_dict()
    assert all(torch.equal(saved[k], v.float()) for k, v in generator.state_dict().items())


def test_the_same_weights_have_the_same_digest(tmp_path: Path, card: Card) -> None:
    """The file holds nothing but the tensors: no time, no path, no order of chance."""
    generator = Generator(card.network)
    for name in ("one", "two"):
        (tmp_path / name).mkdir()

    one = save_bundle(tmp_path / "one", generator, card, preview=b"")
    two = save_bundle(tmp_path / "two", generator, card, preview=b"")

    assert one == two


def test_a_folder_that_is_no_bundle_is_refused(tmp_path: Path) -> None:
    """The message names the file that is missing."""
    with pytest.raises(BundleError, match=r"is not a bundle: it has no card\.json"):
        load_bundle(tmp_path)


@pytest.mark.parametrize(
    "text",
    [
        *("", "{", "[]", "7", "null", "\udcff", "\ufeff{}", "[" * 100_000, '{"a":' * 100_000),
        *('{"name": "a", "name": "a"}', '{"psnr_db": NaN}', '{"a": -Infinity}', " " * (5 << 20)),
    ],
)
def test_a_card_that_is_no_json_object_is_refused(folder: Path, text: str) -> None:
    """The message says to copy it again."""
    (folder / "card.json").write_bytes(text.encode("utf-8", "surrogateescape"))

    with pytest.raises(BundleError, match="Copy the bundle again"):
        load_bundle(folder)


def test_missing_weights_are_refused(folder: Path) -> None:
    """The message names the file."""
    (folder / "generator.safetensors").unlink()

    with pytest.raises(BundleError, match=r"has no generator\.safetensors"):
        load_bundle(folder)


def test_a_truncated_file_is_refused(folder: Path) -> None:
    """By its digest, before a byte of it is interpreted."""
    path = folder / "generator.safetensors"
    path.write_bytes(path.read_bytes()[:-1])

    with pytest.raises(BundleError, match="truncated or changed. Copy the bundle again"):
        load_bundle(folder)


@pytest.mark.parametrize("place", [0, 1000, -1])
def test_one_flipped_bit_is_refused(folder: Path, place: int) -> None:
    """In the header as in the numbers."""
    path = folder / "generator.safetensors"
    damaged = bytearray(path.read_bytes())
    damaged[place] ^= 1
    path.write_bytes(damaged)

    with pytest.raises(BundleError, match="truncated or changed. Copy the bundle again"):
        load_bundle(folder)


def test_a_file_of_another_kind_is_refused_even_if_its_card_vouches_for_it(folder: Path) -> None:
    """A pickle, say: it is never opened as one."""
    path = folder / "generator.safetensors"
    path.write_bytes(b"\x80\x04 this is no safetensors file")
    change_card(folder, weights_sha256=file_sha256(path))

    with pytest.raises(BundleError, match="does not fit its card"):
        load_bundle(folder)


def test_an_unknown_weight_is_refused(folder: Path) -> None:
    """The message names it."""
    change_weights(folder, {**weights_of(folder), "levels.9.up.weight": torch.zeros(1)})

    with pytest.raises(BundleError, match=r"does not fit its card: .*\s.*levels\.9\.up\.weight"):
        load_bundle(folder)


def test_a_missing_weight_is_refused(folder: Path) -> None:
    """The message names it."""
    tensors = weights_of(folder)
    del tensors["stem.dense.bias"]
    change_weights(folder, tensors)

    with pytest.raises(BundleError, match=r"does not fit its card: .*\s.*stem\.dense\.bias"):
        load_bundle(folder)


def test_a_weight_of_the_wrong_shape_is_refused(folder: Path) -> None:
    """Here the card says another width for an exit than the file has."""
    exits: list[dict[str, Any]] = json.loads((folder / "card.json").read_text())["exits"]
    exits[0]["kernels"] = [3]
    change_card(folder, exits=exits)

    with pytest.raises(BundleError, match=r"does not fit its card: .*\s.*exits\.0\.weight"):
        load_bundle(folder)


@pytest.mark.parametrize("number", [math.nan, math.inf])
def test_a_weight_that_is_no_finite_number_is_refused(folder: Path, number: float) -> None:
    """Of a run that diverged; also one that no golden seed reaches, such as a centre of styles."""
    tensors = weights_of(folder)
    name = min(tensors)
    tensors[name].view(-1)[-1] = number
    change_weights(folder, tensors)

    with pytest.raises(BundleError, match=f"{name} has numbers that are not finite"):
        load_bundle(folder)


def test_an_unknown_key_of_the_card_is_refused(folder: Path) -> None:
    """The message names file and key."""
    change_card(folder, colour="blue")

    with pytest.raises(BundleError, match=r"card\.json: the card does not fit: colour: unknown"):
        load_bundle(folder)


def test_a_newer_format_is_refused(folder: Path) -> None:
    """The message says what this release reads and what to do."""
    change_card(folder, format_version=3)

    with pytest.raises(BundleError, match="format version 3, this release reads 1 to 2: use the"):
        load_bundle(folder)


def test_an_unknown_family_is_refused(folder: Path) -> None:
    """The message lists the known ones."""
    change_card(folder, family="vae")

    with pytest.raises(
        BundleError,
        match=r"'vae' is unknown \(known: biggan, cyclegan, dcgan, progan, stargan, stylegan\)",
    ):
        load_bundle(folder)


@pytest.mark.parametrize("kernel", ["3", 3.0, 2, -1, None])
def test_an_exit_that_cannot_be_built_is_refused(folder: Path, kernel: object) -> None:
    """As a bundle that does not fit, not as a crash of the reader."""
    exits = json.loads((folder / "card.json").read_text())["exits"]
    exits[0]["kernels"] = [kernel]
    change_card(folder, exits=exits)

    with pytest.raises(BundleError, match=r"card\.json: the card does not fit: exits\.0"):
        load_bundle(folder)


def test_a_file_that_is_cut_short_while_it_is_read_does_no_harm(
    folder: Path, generator: Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was hashed is what is loaded; a mapped file would end the process."""
    real = bundle_module.hashlib.sha256

    def cut_short(content: bytes) -> Any:
        (folder / "generator.safetensors").write_bytes(b"")
        return real(content)

    monkeypatch.setattr(bundle_module.hashlib, "sha256", cut_short)
    loaded = load_bundle(folder).generator.state_dict()

    assert (folder / "generator.safetensors").stat().st_size == 0
    assert all(torch.equal(loaded[name], value) for name, value in generator.state_dict().items())


def test_a_bundle_of_the_first_format_is_read(tmp_path: Path, config: ProganConfig) -> None:
    """As it was written by the first release, with one convolution for each exit."""
    generator = Generator(config, tuple(ExitShape((k,)) for k in (5, 3, 3, 1)))
    card = Card(
        name="old",
        title="Old",
        description="",
        licence="MIT",
        network=config,
        exits=tuple(Exit(r, (1,), None) for r in config.resolutions),
        data=Data("none", "MIT", "nobody", 0),
        weights_sha256="",
        golden=(),
    )
    save_bundle(tmp_path, generator, card, preview=b"webp")
    kernels = zip(config.resolutions, (5, 3, 3, 1), strict=True)
    exits = [{"resolution": r, "kernel": k, "psnr_db": None} for r, k in kernels]
    change_card(tmp_path, exits=exits, format_version=1)

    z = torch.randn(1, 16)
    for level in range(4):
        old = generator(z, Growth(level))
        assert torch.equal(load_bundle(tmp_path).generator(z, Growth(level)), old)


def test_counts_among_the_weights_stay_whole_numbers(
    tmp_path: Path, card: Card, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such as `num_batches_tracked` of a batch norm: fp32 would round them above 2^24."""

    def build(config: FamilyConfig, shapes: tuple[ExitShape, ...] | None) -> Generator:
        generator = Generator(config, shapes)
        generator.norm = torch.nn.BatchNorm1d(2)
        return generator

    offer = replace(bundle_module.FAMILIES["progan"], generator=build)
    monkeypatch.setitem(bundle_module.FAMILIES, "progan", offer)
    generator = build(card.network, (ExitShape(),) * 4)
    generator.get_submodule("norm").get_buffer("num_batches_tracked").fill_(2**24 + 1)

    save_bundle(tmp_path, generator, card, preview=b"")

    assert weights_of(tmp_path)["norm.num_batches_tracked"].dtype == torch.int64
    assert load_bundle(tmp_path).generator.get_buffer("norm.num_batches_tracked") == 2**24 + 1


def test_a_bundle_is_pushed_to_the_disk(
    tmp_path: Path, card: Card, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its three files, then their names: a power cut leaves no empty file under a good name."""
    pushed: list[Path] = []
    real = bundle_module.os.fsync

    def fsync(handle: int) -> None:
        pushed.append(Path(f"/proc/self/fd/{handle}").readlink())
        real(handle)

    monkeypatch.setattr(bundle_module.os, "fsync", fsync)
    save_bundle(tmp_path, Generator(card.network), card, preview=b"webp")

    assert {path.name for path in pushed[:-1]} == {
        *("card.json", "generator.safetensors", "preview.webp")
    }
    assert pushed[-1] == tmp_path.resolve()


def test_a_card_that_asks_for_more_memory_than_there_is_is_refused(folder: Path) -> None:
    """By the shapes of the weights, before the memory is taken: here 2^20 * 2^21 numbers."""
    network = json.loads((folder / "card.json").read_text())["network"]
    change_card(folder, network={**network, "latent_size": 2**20, "fmap_base": 2**20})

    with pytest.raises(BundleError, match=r"does not fit its card: [\s\S]*size mismatch"):
        load_bundle(folder)


@pytest.mark.parametrize("name", ["card.json", "generator.safetensors"])
def test_a_pipe_is_not_read(folder: Path, name: str) -> None:
    """It may have no end."""
    (folder / name).unlink()
    os.mkfifo(folder / name)

    with pytest.raises(BundleError, match=r"cannot be read: it is not a file"):
        load_bundle(folder)


def test_a_card_names_the_family_of_its_network(folder: Path) -> None:
    """A network of another family would be built from the wrong shapes."""
    change_card(folder, family="vae")

    with pytest.raises(BundleError, match="generator family 'vae' is unknown"):
        load_bundle(folder)


def test_a_progressive_gan_has_no_box_filters(folder: Path) -> None:
    """They are for families whose exits are not fitted."""
    exits = json.loads((folder / "card.json").read_text())["exits"]
    change_card(folder, exits=[{**exits[0], "kernels": [], "hidden": []}, *exits[1:]])

    with pytest.raises(BundleError, match="convolutions, not box filters"):
        load_bundle(folder)


def directed(folder: Path, generator: Generator, vectors: torch.Tensor) -> Path:
    """The bundle with two directions, whose vectors may not fit them."""
    out = folder / "directed"
    out.mkdir()
    entries = tuple(Direction(f"pca-{n}", "by hand", 0.1) for n in (1, 2))
    save_bundle(out, generator, replace(load_card(folder), directions=entries), b"", vectors)
    return out


def test_directions_are_in_the_file_of_the_weights(folder: Path, generator: Generator) -> None:
    """So the digest of the model is another; the network is the same."""
    vectors = torch.randn(2, generator.config.direction_size)
    bundle = load_bundle(directed(folder, generator, vectors))

    assert bundle.directions is not None
    assert bundle.directions.names == ("pca-1", "pca-2")
    assert torch.equal(bundle.directions.vectors, vectors)
    assert bundle.card.weights_sha256 != load_bundle(folder).card.weights_sha256
    for name, weight in bundle.generator.state_dict().items():
        assert torch.equal(weight, generator.state_dict()[name])


def test_a_bundle_without_directions_has_none(folder: Path) -> None:
    """As every bundle from before there were any."""
    assert load_bundle(folder).directions is None


@pytest.mark.parametrize("shape", [(1, 0), (2, 1), (3, 0)])
def test_directions_of_another_shape_are_refused(
    folder: Path, generator: Generator, shape: tuple[int, int]
) -> None:
    """Another number of them, or of their numbers."""
    rows, more = shape
    vectors = torch.zeros(rows, generator.config.direction_size + more)

    with pytest.raises(BundleError, match="directions: a tensor of float32 with the shape"):
        load_bundle(directed(folder, generator, vectors))


def test_directions_that_the_card_does_not_list_are_refused(
    folder: Path, generator: Generator
) -> None:
    """They would change the digest and do nothing."""
    out = folder / "unlisted"
    out.mkdir()
    vectors = torch.zeros(2, generator.config.direction_size)
    save_bundle(out, generator, load_card(folder), b"", vectors)

    with pytest.raises(BundleError, match="directions"):
        load_bundle(out)
