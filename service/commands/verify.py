"""`python -m service verify FILE...`: what files prove about their origin, without a service.

Owns the output and the exit code: 0 if every file is proved or likely, 1 if one is not, 2 if one
cannot be read. Models are loaded from the bundles of the settings, each when a file states it.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

from cryptography.x509 import load_pem_x509_certificates

from models.picture import Pixels
from service.batching.recipe import Recipe
from service.commands.local_models import LocalModels
from service.credentials.development import ROOT_NAME
from service.credentials.reading import LARGEST_FILE
from service.errors import RequestError
from service.settings import Settings
from service.uploads.errors import PictureTooLarge
from service.verification.examination import Parts, verify_file
from service.verification.report import OriginResult, Outcome, Verification

T = TypeVar("T")

GOOD = (OriginResult.PROVED, OriginResult.LIKELY)
NOT_PROVED, UNREADABLE = 1, 2


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the files and the form of the output."""
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    parser.add_argument(
        "--trust",
        type=Path,
        action="append",
        default=[],
        metavar="ROOTS.pem",
        help="certificates of trusted signers, beside those of the settings",
    )
    parser.add_argument("--json", action="store_true", help="one JSON object for each file")


def run(options: argparse.Namespace, settings: Settings) -> int:
    """Verify each file and print what was found; returns the exit code."""
    models = LocalModels(settings)
    try:
        anchors = trust_anchors_of(options.trust, settings)
    except (OSError, ValueError) as error:
        print(f"--trust: {error}", file=sys.stderr)  # noqa: T201 - for a person
        return UNREADABLE
    code = 0
    for path in options.files:
        try:
            content = read_bounded(path)
            found = asyncio.run(verify_locally(content, models, settings, anchors))
        except (OSError, RequestError) as error:
            _print_failure(path, error, as_json=options.json)
            code = UNREADABLE
            continue
        text = map(printable, lines_of(path, found))
        print(_as_json(path, found) if options.json else "\n".join(text))  # noqa: T201 - its output
        if found.origin not in GOOD:
            code = max(code, NOT_PROVED)
    return code


def read_bounded(path: Path) -> bytes:
    """Read a file, or as much of it as shows that it is too large.

    Raises:
        OSError: it cannot be read.
        PictureTooLarge: it has more than `LARGEST_FILE` bytes.
    """
    with path.open("rb") as file:
        content = file.read(LARGEST_FILE + 1)
    if len(content) > LARGEST_FILE:
        raise PictureTooLarge(f"the file is larger than {LARGEST_FILE} bytes, which are read")
    return content


def trust_anchors_of(paths: Sequence[Path], settings: Settings) -> str:
    """Return the certificates of trusted signers as PEM: those of `paths` and of the settings.

    Raises:
        OSError, ValueError: a file of `paths` cannot be read, or holds no certificate.
    """
    usual = (settings.credentials_folder / ROOT_NAME, settings.credentials_chain)
    present = [path for path in usual if path is not None and path.is_file()]
    for path in (*paths, *present):
        try:
            load_pem_x509_certificates(path.read_bytes())
        except ValueError as error:
            raise ValueError(f"{path} holds no certificate as PEM: name one that does") from error
    return "\n".join(path.read_text("utf-8") for path in (*paths, *present))


async def verify_locally(
    content: bytes, models: LocalModels, settings: Settings, trust_anchors: str = ""
) -> Verification:
    """Verify one file; everything is computed at once, on this thread."""

    async def at_once(job: Callable[[], T]) -> T:
        return job()

    async def render(recipes: Sequence[Recipe]) -> list[Pixels]:
        return models.render(recipes)

    parts = Parts(
        max_pixels=settings.max_upload_pixels,
        trust_anchors=trust_anchors,
        watermark_key=settings.watermark_key,
        find=models.find,
        run=at_once,
        render=render,
    )
    return await verify_file(content, parts)


def printable(line: str) -> str:
    """Replace characters by which a hostile file could control a terminal."""
    return "".join(each if each.isprintable() else "?" for each in line)


def lines_of(path: Path, found: Verification) -> Iterator[str]:
    """Yield the report as lines of text."""
    file, credentials, watermark = found.file, found.credentials, found.watermark
    yield f"{path}: {found.origin.value}"
    yield f"  {found.verdict}"
    size = f", {file.width} x {file.height} pixels" if file.width else ""
    frames = f", {file.frames} frames" if file.frames and file.frames > 1 else ""
    more = f", and {file.trailing_bytes} bytes after its end" if file.trailing_bytes else ""
    yield f"  file         {file.media_type}{size}{frames}, {file.bytes} bytes{more}"
    yield f"  made again   {_remade_line(found)}"
    signer = f", signed by {credentials.signer}" if credentials.signer else ""
    reasons = f": {'; '.join(credentials.failures)}" if credentials.failures else ""
    yield f"  credentials  {credentials.state}{signer}{reasons}"
    chance = "" if watermark.p_value is None else f", p = {watermark.p_value:.1e}"
    reason = f": {watermark.reason}" if watermark.p_value is None else ""
    yield f"  watermark    {watermark.state}{chance}{reason}"
    facts = "; ".join(f"{name}={value}" for name, value in found.metadata.facts.items())
    yield f"  metadata     {facts or 'none of this service'}"
    if found.metadata.contradictions:
        yield f"  contradicts  {', '.join(found.metadata.contradictions)}"
    for url in found.remade.urls:
        yield f"  again at     {url}"


def _remade_line(found: Verification) -> str:
    remade = found.remade
    if remade.outcome is Outcome.NOT_TRIED:
        return f"not tried: {remade.reason}"
    measured = f"PSNR {remade.psnr_db:.1f} dB, SSIM {remade.ssim:.2f}"
    place = f"at {remade.width} x {remade.height} pixels"
    rest = f", {remade.not_compared} not" if remade.not_compared else ""
    return f"{remade.outcome.value} ({measured} {place}, {remade.compared} compared{rest})"


def _as_json(path: Path, found: Verification) -> str:
    return json.dumps({"path": str(path), **found.model_dump(mode="json")}, ensure_ascii=False)


def _print_failure(path: Path, error: Exception, *, as_json: bool) -> None:
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    line = json.dumps({"path": str(path), "error": reason}, ensure_ascii=False)
    print(line if as_json else f"{path}: cannot be read\n  {reason}")  # noqa: T201 - its output
