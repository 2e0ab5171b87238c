"""Project rules that no linter checks: tree in the README, sizes, names, test files, extras."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]
ROOMS = ("models", "service", "training")

MAX_FILE_LINES = 250
MAX_FUNCTION_LINES = 60
LONG_FUNCTIONS: dict[str, str] = {}  # function -> reason
WITHOUT_A_TEST: dict[str, str] = {}
SETTING_MODULES = ("network_settings", "cluster_settings", "settings")
MORE_EXTRAS = {
    "service": ("cluster",),
    "training": ("tensorboard", "tune"),
}  # extras for optional features of a package
FORBIDDEN_NAMES = {"utils", "util", "common", "helpers", "manager", "base", "misc", "core"}


@cache
def files() -> frozenset[str]:
    """Files of the checkout that git tracks or does not ignore, as paths from the root."""
    listing = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    names = listing.stdout.split("\0")
    return frozenset(name for name in names if name and (ROOT / name).is_file())


def sources() -> list[str]:
    """Python files of the three packages and of bench/."""
    return sorted(f for f in files() if f.endswith(".py") and f.split("/")[0] in {*ROOMS, "bench"})


def parsed(source: str) -> ast.Module:
    """The syntax tree of a source file."""
    return ast.parse((ROOT / source).read_text(encoding="utf-8"))


# ----------------------------------------------------------------------------------------
# The annotated tree of the README


def annotated_tree() -> dict[str, str]:
    """Path -> annotation in the README; folders end with a slash."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    found = re.search(r"<!-- tree -->\s*```\n(.*?)```\s*<!-- /tree -->", readme, re.DOTALL)
    assert found, "README.md has no fenced block between <!-- tree --> and <!-- /tree -->"
    tree: dict[str, str] = {}
    above: list[str] = []
    for line in found[1].splitlines():
        if not line.strip():
            continue
        name, _, annotation = line.strip().partition("  ")
        depth = (len(line) - len(line.lstrip())) // 2
        above = [*above[:depth], name]
        tree["".join(above)] = annotation.strip()
    return tree


def test_everything_in_the_readmes_tree_exists() -> None:
    """A line for a deleted file is misleading."""
    folders = {f"{parent}/" for f in files() for parent in Path(f).parents}

    assert set(annotated_tree()) <= files() | folders


def test_every_folder_of_the_code_is_in_the_readmes_tree() -> None:
    """Folders with code of the three packages, and all files and folders at the top."""
    tree = set(annotated_tree())
    top = {f if "/" not in f else f"{f.split('/')[0]}/" for f in files()}
    inside = {f"{Path(f).parent}/" for f in files() if f.startswith(ROOMS) and f.endswith(".py")}
    unseen = {f for f in top if f.startswith(".git") or f in {".dockerignore", ".editorconfig"}}

    assert not (top | inside) - unseen - tree


def test_every_line_of_the_readmes_tree_says_what_the_file_owns() -> None:
    """A path without annotation is not documented."""
    assert [path for path, annotation in annotated_tree().items() if not annotation] == []


# ----------------------------------------------------------------------------------------
# Sizes and names


@pytest.mark.parametrize("source", sources())
def test_a_module_says_what_it_owns_and_stays_small(source: str) -> None:
    """A module has a docstring and at most 260 lines, a function at most 60."""
    tree = parsed(source)
    lines = (ROOT / source).read_text(encoding="utf-8").count("\n")
    long = {
        f"{source}:{node.name}": node.end_lineno - node.lineno + 1
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.end_lineno
        and node.end_lineno - node.lineno >= MAX_FUNCTION_LINES
    }

    assert ast.get_docstring(tree)
    assert lines <= MAX_FILE_LINES
    assert set(long) <= set(LONG_FUNCTIONS), long


def test_no_file_or_folder_has_a_name_that_means_nothing() -> None:
    """Names such as `utils` do not describe the content."""
    named = {part.removesuffix(".py") for source in sources() for part in source.split("/")}

    assert not named & FORBIDDEN_NAMES


# ----------------------------------------------------------------------------------------
# Tests mirror sources


def mirror_of(source: str) -> str:
    """Path of the tests of a source file: `service/a.py` -> `tests/service/test_a.py`."""
    path = Path(source)
    return f"tests/{path.parent}/test_{path.stem.strip('_')}.py"


def test_every_module_has_a_test_file_of_its_name() -> None:
    """Except those listed in `WITHOUT_A_TEST`, and empty packages."""
    mirrored = [s for s in sources() if s.startswith(ROOMS) and len(parsed(s).body) > 1]

    assert {s for s in mirrored if mirror_of(s) not in files()} == set(WITHOUT_A_TEST)


def test_every_test_file_of_a_room_has_a_module_of_its_name() -> None:
    """A test file must be renamed together with its module; a subject may follow the name."""
    rooms = tuple(f"tests/{room}/" for room in ROOMS)
    tests = {f for f in files() if f.startswith(rooms) and Path(f).name.startswith("test_")}
    names = tuple(mirror_of(source).removesuffix(".py") for source in sources())

    assert not {
        t
        for t in tests
        if not t.startswith(tuple(f"{n}{end}" for n in names for end in (".", "_")))
    }


# ----------------------------------------------------------------------------------------
# Dependencies and settings


def required_by(*extras: str) -> set[str]:
    """Names of the dependencies in pyproject.toml, including those of `extras`."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = list(project["dependencies"])
    for extra in extras:
        lines += project["optional-dependencies"][extra]
    return {Requirement(line).name for line in lines}


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_only_what_its_own_extra_installs(room: str) -> None:
    """`models` needs only the base dependencies, `service` and `training` also their extra."""
    imported: set[str] = set()
    for source in (s for s in sources() if s.startswith(f"{room}/")):
        for node in ast.walk(parsed(source)):
            if isinstance(node, ast.Import):
                imported |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                imported.add(node.module.split(".")[0])
    foreign = imported - set(ROOMS) - sys.stdlib_module_names
    distributions = packages_distributions()
    allowed = required_by() if room == "models" else required_by(room, *MORE_EXTRAS.get(room, ()))
    installed_by_it = {n.lower().replace("_", "-") for n in allowed}

    for module in foreign:
        names = {n.lower().replace("_", "-") for n in distributions.get(module, [module])}
        assert names & installed_by_it, f"{room} imports {module}, which its extra does not have"


def test_every_dependency_has_an_exact_version() -> None:
    """`make` always installs the same versions."""
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = [Requirement(line) for line in lines if not line.startswith("#")]
    wanted = required_by("service", "cluster", "training", "tensorboard", "tune", "dev")

    assert all(re.fullmatch(r"==[^*]+", str(pin.specifier)) for pin in pins)
    assert {name.replace("_", "-") for name in wanted} <= {p.name.replace("_", "-") for p in pins}


def settings() -> set[str]:
    """The environment variables of the fields in `service/settings.py` and its base classes."""
    if "service/settings.py" not in files():
        return set()
    modules = [parsed(f"service/{name}.py") for name in SETTING_MODULES]
    classes = [n for tree in modules for n in tree.body if isinstance(n, ast.ClassDef)]
    return {
        f"PROGAN_{node.target.id.upper()}"
        for settings_class in classes
        if settings_class.name.endswith("Settings")
        for node in settings_class.body
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
    }


def test_every_setting_is_documented_and_every_documented_setting_exists() -> None:
    """The settings in the README or docs/ are exactly those in the code."""
    pages = [f for f in files() if f == "README.md" or re.fullmatch(r"docs/.*\.md", f)]
    text = "\n".join((ROOT / page).read_text(encoding="utf-8") for page in pages)

    named = set(re.findall(r"PROGAN_[A-Z0-9_]+[A-Z0-9]", text))
    assert settings() <= named
    renamed = re.findall(r"PROGAN_[A-Z_]+", (ROOT / "service/environment.py").read_text("utf-8"))
    assert named <= settings() | set(renamed)
