"""The Dockerfiles: what enters an image, who runs in it, and what pins it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

IMAGES = ("service", "training")


def instructions(root: Path, image: str) -> list[tuple[str, str]]:
    """(instruction, arguments) in order, continuation lines joined, comments left out."""
    text = (root / f"docker/{image}.Dockerfile").read_text(encoding="utf-8")
    text = re.sub(r"^#.*\n", "", text, flags=re.MULTILINE).replace("\\\n", " ")
    pairs = [line.partition(" ") for line in text.splitlines() if line.strip()]
    return [(word, " ".join(rest.split())) for word, _, rest in pairs]


def last_stage(root: Path, image: str) -> list[tuple[str, str]]:
    """The instructions of the stage that becomes the image."""
    every = instructions(root, image)
    start = max(index for index, (word, _) in enumerate(every) if word == "FROM")
    return every[start:]


@pytest.mark.parametrize("image", IMAGES)
def test_every_stage_grows_from_the_base_of_the_build_argument(root: Path, image: str) -> None:
    """One argument changes them all; its default is an exact version."""
    every = instructions(root, image)
    assert every[0][0] == "ARG"
    assert re.fullmatch(r"BASE_IMAGE=\S+:\d+\.\d+\.\d+-\S+", every[0][1])
    stages = [rest for word, rest in every if word == "FROM"]
    assert len(stages) == 3
    assert all(stage.startswith("${BASE_IMAGE} AS ") for stage in stages)


@pytest.mark.parametrize(
    ("image", "rooms", "extras"),
    [
        ("service", {"models", "service"}, "service tracing"),
        ("training", {"models", "training"}, "training tensorboard tune"),
    ],
)
def test_an_image_holds_its_own_rooms_alone(
    root: Path, image: str, rooms: set[str], extras: str
) -> None:
    """No training code in the service, and none of its dependencies."""
    copied = [rest.split()[0] for word, rest in last_stage(root, image) if word == "COPY"]
    code = {source for source in copied if not source.startswith(("--from", "docker/"))}
    assert code == rooms
    wanted = [rest for _, rest in instructions(root, image) if "requirements.py" in rest]
    default = f'EXTRAS="{extras}"'
    if default in [rest for word, rest in instructions(root, image) if word == "ARG"]:
        extras = "${EXTRAS}"  # others on demand: a cluster's
    assert wanted[-1] == f"python3 requirements.py {extras} > requirements.txt"


@pytest.mark.parametrize("image", IMAGES)
def test_nobody_in_particular_runs_it(root: Path, image: str) -> None:
    """The user is a fixed number, so a cluster can see that it is not root."""
    users = [rest for word, rest in last_stage(root, image) if word == "USER"]
    assert users == ["10001:10001"]


@pytest.mark.parametrize("image", IMAGES)
def test_it_starts_without_a_shell_between(root: Path, image: str) -> None:
    """The exec form hands signals to Python itself."""
    starts = [rest for word, rest in last_stage(root, image) if word in ("CMD", "ENTRYPOINT")]
    assert json.loads(starts[0]) == ["python", "-m", image]


@pytest.mark.parametrize("image", IMAGES)
def test_packages_are_pinned_and_lie_below_the_code(root: Path, image: str) -> None:
    """A change of code installs nothing again."""
    every = instructions(root, image)
    install = next(i for i, (_, rest) in enumerate(every) if "pip install" in rest)
    first_code = next(i for i, pair in enumerate(every) if pair == ("COPY", "models ./models"))
    assert "--constraint constraints.txt" in every[install][1]
    assert install < first_code


@pytest.mark.parametrize("image", IMAGES)
def test_the_build_of_torch_is_chosen_and_checked(root: Path, image: str) -> None:
    """The index is an argument, the CPU's by default, and another build fails."""
    named = [rest for word, rest in instructions(root, image) if word == "ARG"]
    arguments = {rest.partition("=")[0]: rest.partition("=")[2] for rest in named}
    assert arguments["TORCH_INDEX"].endswith("/whl/cpu")
    assert arguments["TORCH_BUILD"] == "cpu"
    assert any("build == '${TORCH_BUILD}'" in rest for _, rest in instructions(root, image))


def test_the_service_is_watched_by_the_python_it_has(root: Path) -> None:
    """The health check needs no curl."""
    checks = [rest for word, rest in last_stage(root, "service") if word == "HEALTHCHECK"]
    assert json.loads(checks[0].partition("CMD ")[2]) == ["python", "/app/alive.py"]


def test_nothing_but_what_is_named_enters_a_build(root: Path) -> None:
    """Everything is ignored first; each path that a Dockerfile copies is let in."""
    lines = (root / ".dockerignore").read_text(encoding="utf-8").splitlines()
    patterns = [line for line in lines if line and not line.startswith("#")]
    assert patterns[0] == "*"
    let_in = {pattern[1:] for pattern in patterns if pattern.startswith("!")}
    copied: set[str] = set()
    for image in IMAGES:
        for word, rest in instructions(root, image):
            if word == "COPY" and not rest.startswith("--from"):
                copied.update(rest.split()[:-1])
    assert let_in == copied
    assert all((root / path).exists() for path in copied)


def test_the_cache_is_debians_nginx_for_nobody_in_particular(
    root: Path, compose: dict[str, Any]
) -> None:
    """The one that the tests start; its configuration is mounted, so a build copies nothing."""
    every = instructions(root, "cache")
    cache = compose["services"]["cache"]

    assert re.fullmatch(r"BASE_IMAGE=\S+/debian:\d+\.\d+-slim", every[0][1])
    assert [rest for word, rest in every if word == "USER"] == ["10001:10001"]
    assert not [rest for word, rest in every if word == "COPY"]
    (start,) = (json.loads(rest) for word, rest in every if word == "CMD")
    assert cache["volumes"][0] == f"./docker{Path(start[0]).parent}:/nginx:ro"
    assert (root / f"docker{start[0]}").stat().st_mode & 0o111
