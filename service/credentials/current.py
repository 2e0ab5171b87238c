"""The signer of this service: opened at start, looked after while it runs.

Owns the present signer, its renewal, and what is logged about it. Knows neither files nor routes.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

import numpy as np

from service.credentials.development import RENEWED_BEFORE
from service.credentials.identity import KeySource
from service.credentials.opening import CHAIN_VARIABLE, OpenedIdentity, open_identity
from service.credentials.reading import CredentialState, read_credentials
from service.credentials.signing import FileSigner, SigningFailed
from service.env_file import SettingsError
from service.media.png import write_png
from service.settings import Settings

LOOK_EVERY_S: Final = 6 * 3600.0
ANNOUNCED_DAYS: Final = 30  # before the end of a chain, and a little less than its alert

log = logging.getLogger(__name__)


def utc_now() -> datetime:
    """Return the current time."""
    return datetime.now(UTC)


class CurrentSigner:
    """The signer in use, if the settings do not turn Content Credentials off.

    Args:
        now: returns the current time.

    Attributes:
        file_signer: signs files; None if turned off. Another object after a renewal.
        trust_anchors: certificates, as PEM, with which a reader trusts our files; empty if off.
        is_in_memory_alone: True for a development chain that could not be written.

    Raises:
        SettingsError: key, chain or function cannot be used.
    """

    def __init__(self, settings: Settings, now: Callable[[], datetime] = utc_now) -> None:
        self._settings = settings
        self._now = now
        self.is_in_memory_alone = False
        self.file_signer: FileSigner | None = None
        self.trust_anchors = ""
        if settings.credentials:
            self._use(self._open())

    @property
    def expires_at(self) -> datetime | None:
        """The time at which the chain expires; None without one."""
        return self.file_signer.identity.expires_at if self.file_signer else None

    def expiry_timestamp(self) -> float:
        """Return `expires_at` as Unix time; 0 without a chain."""
        return self.expires_at.timestamp() if self.expires_at else 0.0

    async def watch(self) -> None:
        """Load the library, then look at the chain from time to time, until cancelled."""
        await asyncio.to_thread(self._try_signing)
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            await asyncio.to_thread(self.look)

    def look(self) -> None:
        """Take over a chain that has been replaced or renewed, and announce the end of one."""
        if (signer := self.file_signer) is None:
            return
        if self.is_in_memory_alone and signer.identity.expires_at - self._now() > RENEWED_BEFORE:
            return
        try:
            opened = self._open()
        except SettingsError as error:
            log.error("Content Credentials are signed as before, with a fault: %s", error)  # noqa: TRY400 - the sentence says all
            return
        if opened.identity.fingerprint != signer.identity.fingerprint:
            self._use(opened)
        self._announce_end(opened)

    def _open(self) -> OpenedIdentity:
        opened = open_identity(self._settings, self._now())
        if opened.identity.source is not KeySource.DEVELOPMENT:
            require_accepted(opened)
        return opened

    def _use(self, opened: OpenedIdentity) -> None:
        identity = opened.identity
        self.file_signer = FileSigner(identity, self._settings.credentials_timestamp_url)
        self.trust_anchors = opened.trust_anchors
        self.is_in_memory_alone = opened.unwritten is not None
        until = f"{identity.expires_at:%Y-%m-%d}"
        if identity.source is not KeySource.DEVELOPMENT:
            log.info("Content Credentials are signed by %s, until %s", identity.name, until)
            self._announce_end(opened)
            if len(identity.certificates) == 1:
                log.warning(
                    "%s holds one certificate, that of the key: readers without its issuers call "
                    "files valid, not trusted. Append the certificates of the issuers to it",
                    self._settings.credentials_chain,
                )
        elif opened.unwritten is None:
            log.info(
                "Content Credentials are signed by a development chain, until %s; its root is %s",
                until,
                opened.root_file,
            )
        else:
            log.warning(
                "Content Credentials are signed by a development chain in memory alone, which the "
                "next start replaces: it could not be written (%s)",
                opened.unwritten,
            )

    def _announce_end(self, opened: OpenedIdentity) -> None:
        left = opened.identity.days_left(self._now())
        if opened.identity.source is not KeySource.DEVELOPMENT and left < ANNOUNCED_DAYS:
            log.warning(
                "the chain of Content Credentials expires in %.0f days: write a new one into %s",
                left,
                self._settings.credentials_chain,
            )

    def _try_signing(self) -> None:
        if self.file_signer:
            try:
                _ = signed_sample(self.file_signer)
            except SigningFailed:
                log.exception("Content Credentials cannot be signed, so no picture can be served")


def signed_sample(signer: FileSigner) -> bytes:
    """Return a signed PNG of one pixel.

    Raises:
        SigningFailed: it could not be signed.
    """
    return signer.sign(write_png(np.zeros((1, 1, 1), np.uint8), {}), "image/png", {})


def require_accepted(opened: OpenedIdentity) -> None:
    """Sign a small picture, without a time stamp, and read it as others do.

    Raises:
        SettingsError: others call its credentials invalid.
    """
    try:
        sample = signed_sample(FileSigner(opened.identity))
    except SigningFailed as error:
        raise SettingsError([f"{CHAIN_VARIABLE}: {error}"]) from error
    report = read_credentials(sample, "image/png")
    if report.state is CredentialState.INVALID:
        raise SettingsError([f"{CHAIN_VARIABLE}: readers refuse it: {'; '.join(report.failures)}"])
