"""The folder from which all processes of one service read the same development chain.

Owns its choice: the folder of the settings, or a temporary one where that cannot be written. With
chains of their own, two front ends would send other bytes of one picture, and each would call the
other's files untrusted. Knows neither chains nor processes.
"""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Generator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Final

from service.credentials.current import CurrentSigner
from service.settings import Settings

IN_MEMORY: Final = "/dev/shm"
FOLDER_PREFIX: Final = "progan-credentials-"

log = logging.getLogger(__name__)


@contextmanager
def shared_chain_folder(settings: Settings, signer: CurrentSigner) -> Generator[Path]:
    """The folder of the development chain, until the end of the block.

    Args:
        settings: of the service.
        signer: opened with these settings; it knows if their folder cannot be written.
    """
    with ExitStack() as removing:
        folder = settings.credentials_folder
        if signer.is_in_memory_alone:
            for place in (IN_MEMORY, None):  # None: where temporary files are
                with suppress(OSError):
                    name = tempfile.TemporaryDirectory(prefix=FOLDER_PREFIX, dir=place)
                    folder = Path(removing.enter_context(name))
                    break
            else:
                log.warning("each front end signs with a development chain of its own")
        yield folder
