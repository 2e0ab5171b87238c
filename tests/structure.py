"""Measure the structure of the code: sub-packages, imports between them, names, function lengths.

`python -m tests.structure` prints the table; `tests/test_structure.py` defines the limits.
Parses the files without importing the project.
"""

from __future__ import annotations

import ast
import re
import statistics
import subprocess
from collections import Counter, defaultdict
from dataclasses import dataclass
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGES = ("models", "service", "training")


@dataclass(frozen=True)
class Module:
    """One source file.

    Attributes:
        path: relative to the root of the checkout.
        name: dotted, such as `service.http.headers`; a package has the name of its folder.
        tree: syntax tree.
        lines: number of lines in the file.
    """

    path: str
    name: str
    tree: ast.Module
    lines: int

    @property
    def sub_package(self) -> str:
        """The first two parts of the name; all of `models` is one sub-package."""
        parts = self.name.split(".")
        return parts[0] if parts[0] == "models" else ".".join(parts[:2])


@cache
def modules() -> tuple[Module, ...]:
    """Python files of the three packages that git tracks or does not ignore."""
    listing = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", *PACKAGES],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    found: list[Module] = []
    for path in sorted(set(listing.split())):
        if path.endswith(".py") and (ROOT / path).is_file():
            text = (ROOT / path).read_text(encoding="utf-8")
            name = path.removesuffix(".py").replace("/", ".").removesuffix(".__init__")
            found.append(Module(path, name, ast.parse(text), text.count("\n")))
    return tuple(found)


def imports_of(module: Module, known: frozenset[str]) -> set[str]:
    """Names of the project's modules that a module imports, anywhere in its code."""
    found: set[str] = set()
    for node in ast.walk(module.tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{alias.name}" for alias in node.names} | {node.module}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return found & known


def arrows(package: str) -> Counter[tuple[str, str]]:
    """(importing sub-package, imported sub-package) -> number of imports, within one package."""
    known = {module.name: module.sub_package for module in modules()}
    found: Counter[tuple[str, str]] = Counter()
    for module in modules():
        if module.name.split(".")[0] != package or module.name == package:
            continue
        for name in imports_of(module, frozenset(known)):
            other = known[name]
            if other.split(".")[0] == package and other not in (module.sub_package, package):
                found[module.sub_package, other] += 1
    return found


def floors(package: str) -> int:
    """Number of layers of the sub-packages; every import goes to a lower layer.

    Raises:
        CycleError: the imports between sub-packages have a cycle.
    """
    below: defaultdict[str, set[str]] = defaultdict(set)
    for upper, lower in arrows(package):
        below[upper].add(lower)
    depth: dict[str, int] = {}
    for name in TopologicalSorter(below).static_order():
        depth[name] = 1 + max((depth[lower] for lower in below[name]), default=0)
    return max(depth.values(), default=0)


def public_names() -> dict[str, set[str]]:
    """Public top-level functions, classes and constants -> the modules that define them."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for module in modules():
        for node in module.tree.body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                found[node.name].add(module.name)
            elif isinstance(node, ast.Assign | ast.AnnAssign):
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                for target in targets:
                    if isinstance(target, ast.Name):
                        found[target.id].add(module.name)
    return {name: where for name, where in found.items() if not name.startswith("_")}


def homonyms() -> dict[str, set[str]]:
    """Public names that more than one module defines."""
    return {name: where for name, where in public_names().items() if len(where) > 1}


def function_lengths(package: str) -> dict[str, int]:
    """`module:function` -> number of lines, including the docstring."""
    return {
        f"{module.name}:{node.name}": (node.end_lineno or node.lineno) - node.lineno + 1
        for module in modules()
        if module.name.split(".")[0] == package
        for node in ast.walk(module.tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }


def documented_names(docstring: str, section: str) -> list[str]:
    """Names described in a section, such as `Args:`, of a Google-style docstring."""
    found = re.search(rf"^{section}:\n((?:    .*\n?|\n)+)", docstring, re.MULTILINE)
    return re.findall(r"^    (\w+):", found[1], re.MULTILINE) if found else []


def stale_docstrings() -> list[str]:
    """Arguments and attributes described in a docstring but missing in the code."""
    stale: list[str] = []
    for module in modules():
        for node in ast.walk(module.tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                arguments = node.args
                every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
                known = {a.arg for a in [*every, arguments.vararg, arguments.kwarg] if a}
                described = documented_names(ast.get_docstring(node) or "", "Args")
            elif isinstance(node, ast.ClassDef):
                known = attributes_of(node)
                text = ast.get_docstring(node) or ""
                described = documented_names(text, "Attributes") + documented_names(text, "Args")
            else:
                continue
            stale += [f"{module.name}:{node.name}.{n}" for n in described if n not in known]
    return stale


def question_docstrings() -> list[str]:
    """Modules, classes and functions whose docstring begins with a question word."""
    found: list[str] = []
    for module in modules():
        for node in ast.walk(module.tree):
            if isinstance(
                node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
            ) and re.match(
                r"(What|Whether|How|Which|Who|Where|When)\b", ast.get_docstring(node) or ""
            ):
                found.append(f"{module.name}:{getattr(node, 'name', '')}")
    return found


def attributes_of(node: ast.ClassDef) -> set[str]:
    """Fields, methods, assigned attributes of `self` and arguments of a class's constructor."""
    known: set[str] = set()
    for inner in ast.walk(node):
        if isinstance(inner, ast.FunctionDef):
            known |= {inner.name, *(a.arg for a in [*inner.args.args, *inner.args.kwonlyargs])}
        elif isinstance(inner, ast.Attribute):
            known.add(inner.attr)
        elif isinstance(inner, ast.Name):
            known.add(inner.id)
    return known


def table() -> str:
    """Format the report: totals of each package, and a line for each folder."""
    lines: list[str] = []
    for package in PACKAGES:
        sizes: defaultdict[str, list[int]] = defaultdict(list)
        for module in modules():
            if module.name.split(".")[0] == package:
                sizes[str(Path(module.path).parent)].append(module.lines)
        lengths = function_lengths(package)
        longest = max(lengths, key=lambda name: lengths[name])
        try:
            height = f"{floors(package)} floors"
        except CycleError as error:
            height = f"a circle: {error.args[1]}"
        lines.append(
            f"{package}: {sum(map(len, sizes.values()))} files, "
            f"{sum(map(sum, sizes.values()))} lines; {len(arrows(package))} arrows between "
            f"sub-packages, {height}; median function {statistics.median(lengths.values()):g} "
            f"lines, longest {lengths[longest]} ({longest})"
        )
        lines += [f"  {folder}/  {len(s)} files, {sum(s)} lines" for folder, s in sizes.items()]
    double = homonyms()
    lines.append(f"{len(double)} public names in two or more modules: {' '.join(sorted(double))}")
    return "\n".join(lines)


if __name__ == "__main__":
    print(table())  # noqa: T201 - a script that prints its table
