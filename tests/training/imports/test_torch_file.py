"""A file of torch as plain tensors and settings."""

import io
from pathlib import Path

import pytest
import safetensors.torch
import torch

from tests.training.imports.hostile_files import (
    claimed_tensor,
    doubled_tuples,
    in_legacy_file,
    nested_lists,
    wide_lists,
)
from training.imports import torch_file
from training.imports.refusal import ImportRefusedError
from training.imports.torch_file import StandIn, load_content, write_tensors


def saved(value: object) -> bytes:
    """The bytes of `torch.save`."""
    file = io.BytesIO()
    torch.save(value, file)
    return file.getvalue()


def test_tensors_of_the_first_network_and_all_settings_are_handed_over(tmp_path: Path) -> None:
    """By their names; what is neither a number nor a text is None."""
    shared = torch.arange(6.0)
    value = {
        "netG": {"w": torch.zeros(1)},
        "avgG": {"w": shared[:4].reshape(2, 2).T, "same": shared, "count": torch.tensor(3)},
        "conf": {
            "depth": 5,
            "sizes": [4, 8],
            "text": "ä",
            "far": 2**80,
            "odd": float("nan"),
            7: None,
        },
        "empty": [],
    }
    content = saved(value)

    facts = write_tensors(
        load_content(content, "F"), ("avgG", "netG"), len(content), tmp_path / "t"
    )

    assert facts["chosen"] == "avgG"
    assert facts["settings"] == {
        "conf/depth": 5,
        "conf/sizes": [4, 8],
        "conf/text": "ä",
        "conf/far": None,
        "conf/odd": None,
        "conf/7": None,
        "empty": [],
    }
    tensors = safetensors.torch.load_file(tmp_path / "t")
    assert tensors["w"].tolist() == [[0.0, 2.0], [1.0, 3.0]]
    assert {name: tuple(t.shape) for name, t in tensors.items()} == {
        "w": (2, 2),
        "same": (6,),
        "count": (),
    }


def test_without_a_network_by_that_name_all_tensors_are_handed_over(tmp_path: Path) -> None:
    """A plain state dictionary."""
    content = saved({"a.weight": torch.zeros(2), "avgG": None})

    facts = write_tensors(load_content(content, "F"), ("avgG",), len(content), tmp_path / "t")

    assert facts["chosen"] == ""
    assert [*safetensors.torch.load_file(tmp_path / "t")] == ["a.weight"]


@pytest.mark.parametrize("name", ["argparse.Namespace", "models.utils.config.BaseConfig"])
def test_a_class_of_settings_is_replaced_by_a_stand_in(name: str) -> None:
    """A bare object without methods, which runs nothing."""
    module, _, name = name.rpartition(".")
    new = f"c{module}\n{name}\n)".encode() + b"\x81}X\x01\x00\x00\x00aK\x05sb."

    loaded = load_content(in_legacy_file(b"\x80\x02" + new), "F")

    assert type(loaded) is StandIn
    assert vars(loaded) == {"a": 5}


def test_attributes_set_on_a_dictionary_change_nothing(tmp_path: Path) -> None:
    """An instruction may set some, such as one named `items`."""
    pickled = b"\x80\x02ccollections\nOrderedDict\n)R}X\x05\x00\x00\x00itemsK\x01sb."
    content = in_legacy_file(pickled)

    assert write_tensors(load_content(content, "F"), (), len(content), tmp_path / "t") == {
        "chosen": "",
        "settings": {},
    }


@pytest.mark.parametrize(
    ("pickled", "reason"),
    [
        (
            b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\n}X\x01\x00\x00\x00aK\x01sb.",
            "Can only build",
        ),
        (b"\x80\x02cargparse\nNamespace\n}X\x01\x00\x00\x00aK\x01sb.", "Can only build"),
        (b"\x80\x02ctorch\nSize\n(J\xff\xff\xff\x7ftR.", "not iterable"),
        (b"\x80\x02K\x01K\x02\x81.", "Can only create new object"),
        (claimed_tensor(9, (3, 3), (3, 1)), "."),
    ],
)
def test_instructions_that_weights_do_not_need_are_refused(pickled: bytes, reason: str) -> None:
    """Attributes on a function or class, nonsense, and numbers that are not there."""
    with pytest.raises(ImportRefusedError, match=rf"F cannot be read by torch .*{reason}"):
        load_content(in_legacy_file(pickled, numbers=4), "F")


@pytest.mark.parametrize(
    ("pickled", "message"),
    [
        (nested_lists(10_000), "nested more than 12 deep"),
        (doubled_tuples(60), "nested more than 12 deep"),
        (wide_lists(100, 9), "more than 5,000 values"),
        (b"\x80\x02]q\x00h\x00a.", "nested more than 12 deep"),
        (claimed_tensor(1, (1 << 20, 1 << 14), (0, 0)), "tensors are larger than the file, .*: w"),
    ],
)
def test_a_file_that_grows_when_it_is_read_is_refused(
    pickled: bytes, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Deep lists, lists of lists, a list in itself, and one number that is many."""
    monkeypatch.setattr(torch_file, "MAX_VALUES", 5000)
    content = in_legacy_file(pickled, numbers=1 if b"FloatStorage" in pickled else 0)
    loaded = load_content(content, "F")

    with pytest.raises(ImportRefusedError, match=message):
        write_tensors(loaded, (), len(content), tmp_path / "t")


def test_a_network_that_is_far_too_large_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Though the file has all of it: the command would need several times as much memory."""
    monkeypatch.setattr(torch_file, "MAX_NETWORK_BYTES", 100)
    content = saved({"a": torch.zeros(26)})

    with pytest.raises(ImportRefusedError, match="or than 100 bytes: a"):
        write_tensors(load_content(content, "F"), (), len(content), tmp_path / "t")


def test_names_and_texts_without_end_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A long key in each of many dictionaries is one text in the file, and many when it is read."""
    monkeypatch.setattr(torch_file, "MAX_ALL_TEXT", 10_000)
    key = "k" * 900
    content = saved([{key: {key: number}} for number in range(9)])

    with pytest.raises(ImportRefusedError, match=r"more than 10,000 characters"):
        write_tensors(load_content(content, "F"), (), len(content), tmp_path / "t")


def test_a_tensor_that_is_not_plain_is_refused(tmp_path: Path) -> None:
    """Complex numbers have no place in these networks."""
    content = saved({"a": torch.zeros(2, dtype=torch.complex64)})

    with pytest.raises(ImportRefusedError, match="a is not a plain tensor"):
        write_tensors(load_content(content, "F"), (), len(content), tmp_path / "t")
