"""The mark of tests that need an nginx."""

from __future__ import annotations

import shutil

import pytest

NEEDS_NGINX = [
    pytest.mark.skipif(
        shutil.which("nginx", path="/usr/sbin:/usr/bin") is None,
        reason="nginx is not installed (Debian: apt-get install nginx)",
    ),
    pytest.mark.timeout(900),
]
