"""Where the servers we are measured against are installed: a folder of their own.

Owns that folder. It sees the packages of the environment that runs the bench, so that torch is
there once; what the servers bring along, in versions of their own, is seen by them alone.
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
    """The Python that has all of them; installs them where that was not done.

    Raises:
        subprocess.CalledProcessError: pip could not.
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
    """Let `folder` see the packages of this environment, after its own."""
    own = Path(sysconfig.get_path("purelib", vars={"base": str(folder)}))
    (own / "shared.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
