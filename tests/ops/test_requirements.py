"""What the images install, read from pyproject.toml."""

from __future__ import annotations

from pathlib import Path

import pytest

from docker.requirements import requirements

PROJECT = """
[project]
dependencies = ["torch==2.13.*"]
[project.optional-dependencies]
service = ["fastapi>=0.1", "pillow>=12"]
training = ["rich>=14"]
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A small pyproject.toml."""
    path = tmp_path / "pyproject.toml"
    path.write_text(PROJECT, encoding="utf-8")
    return path


def test_an_extra_comes_after_what_models_need(project: Path) -> None:
    """And no other extra with it."""
    assert requirements(project, ["service"]) == ["torch==2.13.*", "fastapi>=0.1", "pillow>=12"]


def test_an_unknown_extra_is_refused_with_those_there_are(project: Path) -> None:
    """A typo in a Dockerfile stops the build."""
    with pytest.raises(SystemExit, match=r"no extra sailing .* service, training"):
        requirements(project, ["sailing"])


@pytest.mark.parametrize("extra", ["service", "training"])
def test_the_project_has_what_the_images_ask_for(root: Path, extra: str) -> None:
    """Both extras exist, and torch is in each."""
    assert any(line.startswith("torch") for line in requirements(root / "pyproject.toml", [extra]))
