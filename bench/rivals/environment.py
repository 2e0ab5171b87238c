"""Environment in which the compared servers are installed: a separate folder.

Owns that folder. It can import the packages of the environment that runs the bench, so torch is
installed once; packages that the servers install, in their own versions, are visible only there.
"""

from __future__ import annotations

import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

REQUIREMENTS = Path(__file__).with_name("requirements.txt")
FOLDER = Path(__file__).parents[2] / ".venv-rivals"
STAMP = "installed.txt"


def python_of(folder: Path = FOLDER) -> Path:
    """Return the Python that has all servers; install them if that was not done.

    Raises:
        subprocess.CalledProcessError: pip failed.
    """
    python = folder / "bin" / "python"
    stamp = folder / STAMP
    wanted = f"{sys.prefix} {sys.version}\n{REQUIREMENTS.read_text(encoding='utf-8')}"
    if python.exists() and stamp.exists() and stamp.read_text(encoding="utf-8") == wanted:
        return python
    print(f"installing the other servers into {folder}", file=sys.stderr)
    venv.create(folder, clear=True)
    _share(folder)
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "--quiet"]
    command = [*pip, "--disable-pip-version-check", "--requirement", str(REQUIREMENTS)]
    subprocess.run(command, check=True)
    stamp.write_text(wanted, encoding="utf-8")
    return python


def _share(folder: Path) -> None:
    """Make the packages of this environment importable in `folder`, after its own."""
    own = Path(sysconfig.get_path("purelib", vars={"base": str(folder)}))
    (own / "shared.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
