"""The `.env` file: each line that cannot be read is named, and none is passed over."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from service.env_file import SettingsError, read_env_file


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where it would be."""
    return tmp_path / ".env"


@pytest.mark.parametrize(
    "content",
    [
        b"PROGAN_API_KEYS=first\n",
        b"# a comment\n\nexport PROGAN_API_KEYS='first'\r\n",
        b'\xef\xbb\xbfPROGAN_API_KEYS="first" # with the mark of Windows editors in front\n',
        b"K=first\nPROGAN_API_KEYS=${K}",
    ],
)
def test_what_shells_and_compose_can_read_is_read(file: Path, content: bytes) -> None:
    """Comments, quotes, ends of lines and references among them."""
    file.write_bytes(content)

    assert {v.name: v.value for v in read_env_file(file)}["PROGAN_API_KEYS"] == "first"


@pytest.mark.parametrize(
    ("content", "line", "why"),
    [
        (b"PROGAN_API_KEYS: first\n", 1, "write NAME=value"),
        (b"A=1\n\n# note\nPROGAN_API_KEYS\n", 4, "write NAME=value"),
        (b"A=1\nset PROGAN_API_KEYS=first\n", 2, "write NAME=value"),
        (b'PROGAN_API_KEYS="first\n', 1, "write NAME=value"),
        (b'$env:PROGAN_API_KEYS="first"\n', 1, "write NAME=value"),
        (b'{"PROGAN_API_KEYS": "first"}\n', 1, "write NAME=value"),
        (b'OTHER="x\nset PROGAN_API_KEYS=first\n"\n', 1, "not closed"),
        (b'A="1\nPROGAN_API_KEYS=first\nB="2"\n', 1, "write NAME=value"),
        (b'A="1\nPROGAN_API_KEYS=first\nB=2"\n', 1, "not closed"),
        (b"PROGAN_HOST='a\nb'\n", 1, "not closed"),
        (b"PROGAN_API_KEYS=first\nprogan_api_keys=\n", 2, "stands in line 1"),
        (b"A=1\nPROGAN_API_KEYS=${NO_SUCH_VARIABLE}\n", 2, "not set"),
        (b"A=1\nPROGAN_API_KEYS=schl\xfcssel\n", 2, "UTF-8"),
        ("PROGAN_API_KEYS=first\n".encode("utf-16"), 1, "UTF-8"),
        ("PROGAN_API_KEYS=first\n".encode("utf-16-le"), 1, "UTF-8"),
        ("PROGAN_API_KEYS=first\n".encode("utf-32"), 1, "UTF-8"),
    ],
)
def test_what_cannot_be_read_is_named_with_its_line(
    file: Path, content: bytes, line: int, why: str
) -> None:
    """It could be the line with the keys."""
    file.write_bytes(content)
    with pytest.raises(SettingsError) as wrong:
        read_env_file(file)

    assert any(f"{file}, line {line}:" in fault and why in fault for fault in wrong.value.faults)
    assert "first" not in str(wrong.value)


def test_lines_of_others_need_only_be_readable(file: Path) -> None:
    """Compose has settings of its own there."""
    file.write_text("OTHER\nTWICE=1\nTWICE=2\nEMPTY=${NO_SUCH_VARIABLE}\nPROGAN_PORT=9000\n")

    assert [v.value for v in read_env_file(file)] == ["", "2", "2", "", "9000"]
    assert read_env_file(file)[-1].place == f" ({file}, line 5)"


def test_no_file_is_no_variable(file: Path) -> None:
    """Most start without one."""
    assert read_env_file(file) == []


def test_a_folder_of_that_name_is_refused(file: Path) -> None:
    """As container engines make one where a file to mount is missing."""
    file.mkdir()
    with pytest.raises(SettingsError, match="cannot be read: it is a folder"):
        read_env_file(file)


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may read every file")
def test_a_file_that_may_not_be_read_is_refused(file: Path) -> None:
    """Its keys would be missing."""
    file.touch(mode=0)
    with pytest.raises(SettingsError, match="cannot be read: Permission denied"):
        read_env_file(file)
