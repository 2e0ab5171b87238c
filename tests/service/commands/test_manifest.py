"""`python -m service manifest`: records on stdout, and what is missing on stderr."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import pytest

from service.commands.manifest import CUT, UNREADABLE, add_arguments, run
from service.datasets.archives import WebDatasetArchive
from service.settings import Settings
from tests.service.dataset_files import expected_records, painted_dataset, whole


def asked(*files: Path) -> argparse.Namespace:
    """The options of a command line."""
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    return parser.parse_args(list(map(str, files)))


def tar(path: Path, from_seed: int, count: int, cut_at: int | None = None) -> Path:
    """A tar file, which may end before a picture."""
    dataset = painted_dataset(from_seed, count)
    content = whole(dataset, WebDatasetArchive(dataset))
    path.write_bytes(content if cut_at is None else content[: content.index(b"%06d.png" % cut_at)])
    return path


def test_a_complete_data_set_succeeds(
    settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each record is a line."""
    code = run(asked(tar(tmp_path / "a.tar", 3, 5)), settings)
    told = capsys.readouterr()

    assert code == 0
    assert [json.loads(line) for line in told.out.splitlines()] == expected_records(3, 5)
    assert "a.tar: complete: 5 pictures of painter-32@" in told.err


def test_a_cut_one_is_told_what_to_ask_for(
    settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the digest, so that the same model goes on."""
    code = run(asked(tar(tmp_path / "a.tar", 3, 50, 10)), settings)
    told = capsys.readouterr()
    model = painted_dataset().served.pinned_name

    assert code == CUT
    assert "cut after 7 of 50 pictures" in told.err
    assert f"/datasets?model={model}&resolution=4&from_seed=10&count=43" in told.err


def test_a_cut_part_and_its_rest_are_complete(
    settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """In their order, and only with the right rest."""
    first = tar(tmp_path / "1.tar", 0, 20, 7)
    rest, other = tar(tmp_path / "2.tar", 7, 13), tar(tmp_path / "3.tar", 8, 12)
    code = run(asked(first, rest), settings)
    lines = capsys.readouterr().out.splitlines()

    assert code == 0
    assert [json.loads(line) for line in lines] == expected_records(0, 20)
    assert run(asked(rest, first), settings) == CUT
    assert run(asked(first, other), settings) == CUT


def test_a_data_set_that_lacks_its_end_alone_is_told_apart(
    settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing must be asked for."""
    path = tar(tmp_path / "a.tar", 0, 5)
    content = path.read_bytes()
    path.write_bytes(content[: content.index(b"__complete__")])

    assert run(asked(path), settings) == CUT
    assert "all 5 pictures are there" in capsys.readouterr().err


def test_what_cannot_be_read_is_named(
    settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """And the others are read all the same."""
    (tmp_path / "notes.txt").write_text("mine")
    files = asked(tmp_path / "notes.txt", tmp_path / "none", tar(tmp_path / "a.tar", 0, 2))

    assert run(files, settings) == UNREADABLE
    told = capsys.readouterr()
    assert "notes.txt: it holds no data set" in told.err
    assert len(told.out.splitlines()) == 2
