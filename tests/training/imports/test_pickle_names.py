"""Names in a pickle: what is not needed for weights is refused, and nothing is run."""

import io
import pickle
from pathlib import Path

import pytest

from tests.training.imports.hostile_files import calls_by
from training.imports import pickle_names
from training.imports.pickle_names import require_known_names, unknown_name
from training.imports.refusal import ImportRefusedError


@pytest.mark.parametrize("name", calls_by(Path("canary")))
def test_a_call_is_refused_by_its_name(name: str, tmp_path: Path) -> None:
    """However it is written, and without being made."""
    canary = tmp_path / "canary"
    with pytest.raises(ImportRefusedError, match=rf"F wants to call .*{name}, .*nothing of it was"):
        require_known_names(io.BytesIO(calls_by(canary)[name]), "F")

    assert not canary.exists()


@pytest.mark.parametrize("protocol", [3, 4, 5])
def test_a_call_of_another_protocol_is_refused_by_its_name(protocol: int) -> None:
    """These name what they import by two texts on the stack."""
    pickled = pickle.dumps(Path("a"), protocol)

    with pytest.raises(ImportRefusedError, match=r"wants to call pathlib(\._local)?\.PosixPath"):
        require_known_names(io.BytesIO(pickled), "F")


def test_a_network_pickle_of_nvidia_is_refused_with_advice() -> None:
    """That of another tool, or what to take in its place."""
    pickled = b"\x80\x03cdnnlib.tflib.network\nNetwork\n)\x81."

    with pytest.raises(
        ImportRefusedError,
        match="of a kind that is not imported.*--from stylegan2-ada.*--from genforce",
    ):
        require_known_names(io.BytesIO(pickled), "F")


@pytest.mark.parametrize("module", ["os", "dnnlib", "torch_utils"])
def test_a_name_that_is_no_text_is_shown_escaped(module: str) -> None:
    """Half of a character has no UTF-8, so a message with it could not be printed."""
    told = str(unknown_name("F", f"{module} \ud800"))

    told.encode()
    assert "ud800" in told


@pytest.mark.parametrize(
    "pickled", [b"", b"\x80", b"\x80\x02", b"\x80\x02}", b"\x80\x02X\xff\xff\xff\xff", b"\xff."]
)
def test_a_damaged_pickle_is_refused(pickled: bytes) -> None:
    """In words."""
    with pytest.raises(ImportRefusedError, match="F is damaged or cut short .*: download it again"):
        require_known_names(io.BytesIO(pickled), "F")


def test_a_pickle_of_too_many_instructions_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """It would take long."""
    monkeypatch.setattr(pickle_names, "MAX_INSTRUCTIONS", 100)
    with pytest.raises(ImportRefusedError, match="more than 100 pickle instructions"):
        require_known_names(io.BytesIO(b"\x80\x02" + b"]" * 101 + b"."), "F")


def test_plain_values_pass() -> None:
    """Containers and numbers name nothing."""
    require_known_names(io.BytesIO(pickle.dumps({"a": [1, 2.5, None, "text"]}, 2)), "F")
