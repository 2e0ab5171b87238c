"""Print the requirements in pyproject.toml for pip, one per line.

Prints the dependencies of `models/` and of the extras named on the command line. Run it as
`python docker/requirements.py service`. Needs only the standard library, since it runs before
anything is installed.
"""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path


def requirements(project_file: Path, extras: list[str]) -> list[str]:
    """Return the requirements of `models/`, then of each of `extras`, in the order of the file.

    Raises:
        SystemExit: an extra is not in the file; the message lists the extras of the file.
    """
    project = tomllib.loads(project_file.read_text(encoding="utf-8"))["project"]
    known = project["optional-dependencies"]
    if unknown := [name for name in extras if name not in known]:
        raise SystemExit(
            f"no extra {', '.join(unknown)} in {project_file}: it has {', '.join(known)}"
        )
    return [
        *project["dependencies"],
        *(line for name in extras for line in known[name]),
    ]


if __name__ == "__main__":
    sys.stdout.write("\n".join(requirements(Path("pyproject.toml"), sys.argv[1:])) + "\n")
