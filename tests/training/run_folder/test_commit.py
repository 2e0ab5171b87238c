"""Which commit of the code made a thing."""

import re
import subprocess
from pathlib import Path

from training.run_folder.commit import commit_of


def test_a_checkout_has_a_commit(tmp_path: Path) -> None:
    """The newest one, in hexadecimal."""
    git = ["git", "-C", str(tmp_path), "-c", "user.name=A", "-c", "user.email=a@example.org"]
    subprocess.run([*git, "init", "--quiet"], check=True)
    subprocess.run([*git, "commit", "--quiet", "--allow-empty", "-m", "Begin"], check=True)

    assert re.fullmatch(r"[0-9a-f]{40}", commit_of(tmp_path))


def test_a_folder_outside_a_checkout_has_no_commit(tmp_path: Path) -> None:
    """The card says so instead of failing."""
    assert commit_of(tmp_path) == "unknown"
    assert commit_of(tmp_path / "nowhere") == "unknown"
