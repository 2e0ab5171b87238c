"""Network pickles: their tensors, and what in them is not to be read."""

from __future__ import annotations

import io
import pickle
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from tests.training.imports.ada_network import SOURCE_TEXT, ada_weights, save_ada
from tests.training.imports.hostile_files import calls_by, in_legacy_file
from training.imports.inert_pickle import (
    ORDERED,
    PARAMETERS,
    PERSISTENT,
    STORAGE,
    TENSOR,
    PickledCall,
)
from training.imports.network_pickle import (
    PickleParts,
    load_network_pickle,
    network_tensors,
    tensor_of,
)
from training.imports.reading import read_source
from training.imports.refusal import ImportRefusedError


@pytest.mark.parametrize("protocol", [3, 4])
def test_tensors_have_the_names_of_a_state_dictionary(protocol: int, tmp_path: Path) -> None:
    """Whatever wrote them; the source that the file carries is not run."""
    weights, file = ada_weights(), tmp_path / "network-snapshot.pkl"
    save_ada(file, weights, protocol)
    assert SOURCE_TEXT.encode() in file.read_bytes()
    networks = load_network_pickle(file.read_bytes(), "x.pkl")

    assert set(networks) == {"G_ema"}
    assert set(networks["G_ema"]) == set(weights)
    assert all(torch.equal(networks["G_ema"][name], value) for name, value in weights.items())


def test_it_is_read_in_a_process_of_its_own(tmp_path: Path) -> None:
    """As any file of weights is."""
    file = tmp_path / "network-snapshot.pkl"
    save_ada(file, ada_weights())
    source = read_source(file, ("G_ema", "G"))

    assert (source.chosen, len(source.tensors)) == ("G_ema", len(ada_weights()))


def storage(content: bytes) -> PickledCall:
    """A storage with this content."""
    return PickledCall(STORAGE, (content,))


def saved(value: object) -> bytes:
    """What torch writes for a storage in a pickle."""
    file = io.BytesIO()
    torch.save(value, file, _use_new_zipfile_serialization=False)
    return file.getvalue()


def tensor(content: bytes, offset: int = 0, size: Any = (2,), stride: Any = (1,)) -> PickledCall:
    """The call that would make a tensor."""
    hooks = PickledCall(ORDERED, ())
    return PickledCall(TENSOR, (storage(content), offset, size, stride, False, hooks))


FOUR = torch.storage.TypedStorage(
    wrap_storage=torch.arange(4.0).untyped_storage(), dtype=torch.float32, _internal=True
)


@pytest.mark.parametrize("name", PARAMETERS)
def test_a_parameter_is_the_tensor_in_it(name: str) -> None:
    """At its place in the storage."""
    made: Tensor = tensor_of(
        PickledCall(name, (tensor(saved(FOUR), 1), True, None)), "w", PickleParts()
    )

    assert made.tolist() == [1.0, 2.0]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (3, "w is no tensor"),
        (PickledCall(TENSOR, (storage(b""),)), "w is no tensor"),
        (PickledCall(TENSOR, (b"", 0, (1,), (1,))), "w has no storage of its own"),
        (tensor(b"abc"), "storage of w is no file of torch.save"),
        (tensor(saved({"a": 1})), "storage of w is something else"),
        (tensor(saved(FOUR), 3), "w lies outside of its storage"),
        (tensor(saved(FOUR), 0, (-2,)), "w lies outside of its storage"),
        (tensor(saved(FOUR), 0, "12", (1,)), "w lies outside of its storage"),
        (tensor(saved(FOUR), 0, (2,), (1, 1)), "w lies outside of its storage"),
        (tensor(saved(FOUR), -1, (2,), (1,)), "w lies outside of its storage"),
        (tensor(saved(FOUR), 0, (2.0,), (1,)), "w lies outside of its storage"),
        (tensor(saved(FOUR), 0, (2**70,), (1,)), "w lies outside of its storage"),
        (tensor(saved(FOUR), 0, (1,), (2**70,)), "w lies outside of its storage"),
        (tensor(saved(FOUR), 0, (2**34, 2**34), (0, 0)), "w lies outside of its storage"),
        (tensor(saved(FOUR), 0, (1,) * 100_000, (0,) * 100_000), "w lies outside of its storage"),
        (tensor(saved(FOUR)[:-9]), "damaged"),
    ],
)
def test_what_is_no_tensor_is_refused(value: object, message: str) -> None:
    """By the name that it has in the network."""
    with pytest.raises(ImportRefusedError, match=message):
        tensor_of(value, "w", PickleParts())


@pytest.mark.parametrize("name", ["posix.system", "__builtin__.eval", "os.mkdir"])
def test_a_storage_that_calls_anything_is_refused(name: str, tmp_path: Path) -> None:
    """A pickle may hide in it; its canary is not created."""
    content = in_legacy_file(calls_by(tmp_path / "canary")[name])
    with pytest.raises(ImportRefusedError, match=f"w wants to call {name}"):
        tensor_of(tensor(content), "w", PickleParts())
    assert not [*tmp_path.iterdir()]


def module(inner: object = None) -> PickledCall:
    """A module that holds another one."""
    state = {"_modules": {"a": inner} if inner else {}}
    return PickledCall(PERSISTENT, ({"state": state},))


def test_a_module_that_holds_itself_comes_to_an_end() -> None:
    """A pickle can be written so."""
    endless = module()
    endless.arguments[0]["state"]["_modules"]["a"] = endless

    with pytest.raises(ImportRefusedError, match="more modules or tensors, or deeper ones"):
        dict(network_tensors(endless, "x.pkl", PickleParts()))


def test_parts_that_stand_in_a_file_many_times_are_refused() -> None:
    """A small file may hold one module or tensor under a million names, in modules of modules."""
    wide = module()
    inner: dict[str, object] = wide.arguments[0]["state"]["_modules"]
    inner.update((str(number), module()) for number in range(20_000))
    many = PickledCall(PERSISTENT, ({"state": {"_parameters": dict.fromkeys(range(200_000))}},))
    few = PickledCall(PERSISTENT, ({"state": {"_parameters": dict.fromkeys(range(20))}},))
    parts = PickleParts()
    for _ in range(5_000):
        dict(network_tensors(few, "x.pkl", parts))

    for network, so_far in ((wide, PickleParts()), (many, PickleParts()), (few, parts)):
        with pytest.raises(ImportRefusedError, match="more modules or tensors"):
            dict(network_tensors(network, "x.pkl", so_far))


def test_a_storage_is_read_once() -> None:
    """However many tensors lie in it."""
    parts, first = PickleParts(), tensor(saved(FOUR))
    second = PickledCall(TENSOR, (first.arguments[0], 2, *first.arguments[2:]))
    tensors = [tensor_of(each, "w", parts) for each in (first, second)]

    assert [each.tolist() for each in tensors] == [[0.0, 1.0], [2.0, 3.0]]
    assert tensors[0].untyped_storage().data_ptr() == tensors[1].untyped_storage().data_ptr()


@pytest.mark.parametrize("value", [{"w": 1}, [1, 2], {}, None])
def test_another_pickle_is_told_from_a_file_of_weights(value: object) -> None:
    """The message says what it is not."""
    with pytest.raises(ImportRefusedError, match="neither a file of torch.save nor"):
        load_network_pickle(pickle.dumps(value, 2), "x.pkl")
