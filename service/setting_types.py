"""Types of settings that are more than a number: how their text is read, and what is refused.

Owns the sentence for each text that cannot be used. Knows no setting by name.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Annotated

from limits import parse_many
from pydantic import AfterValidator, BeforeValidator, Field

from service.access.keys import digests_of
from service.watermark.key import WatermarkKey, watermark_key

PREFIX = "PROGAN_"  # of the variable of each setting
ORIGIN = re.compile(r"[a-z][a-z0-9+.-]*://[^/\s,*]+")  # without a path: browsers send none
DEVICE = re.compile(r"cpu|cuda(:[0-9]{1,2})?")
MODULE_FUNCTION = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*")
HTTP_ADDRESS = re.compile(r"https?://[^\s/]+(/\S*)?")
LONGEST_S = 10_000_000  # 115 days; below the limit of system timers
LONGEST_WRITE_S = 1_000_000  # the system has milliseconds in 31 bits
MOST_THREADS = 1024


def split_at(separator: str, text: str) -> tuple[str, ...]:
    """Split at separators and strip white space; empty words are left out."""
    return tuple(word for part in text.split(separator) if (word := part.strip()))


def _is_an_address(value: str) -> str:
    if re.search(r"[\s/\[\]]", value) or value.count(":") == 1:
        raise ValueError("write an address or a name alone, such as 127.0.0.1 or ::1")
    return value


def _are_folders(value: object) -> object:
    if not isinstance(value, str):
        return value
    return tuple(dict.fromkeys(split_at(os.pathsep, value))) or (Path("models/pretrained"),)


def _is_a_device(value: str) -> str:
    if value and not DEVICE.fullmatch(value):
        raise ValueError("write cpu, cuda or cuda:0, or leave it empty to have one chosen")
    return value


def _are_devices(value: object) -> object:
    if not isinstance(value, str):
        return value
    devices = tuple(device.lower() for device in split_at(",", value))
    wrong = [device for device in devices if not DEVICE.fullmatch(device)]
    if wrong or len(set(devices)) < len(devices):
        raise ValueError("write different devices with commas between them, as cuda:0,cuda:1")
    return devices


def _digests_of_keys(value: object) -> object:
    return digests_of(value) if isinstance(value, str) else value


def _stretched_key(value: object) -> object:
    return watermark_key(value) if isinstance(value, str) else value


def _is_a_rate(value: str) -> str:
    try:
        rates = parse_many(value) if value else []
    except ValueError:
        rates = None
    if rates is None or any(rate.amount < 1 or rate.get_expiry() < 1 for rate in rates):
        raise ValueError("write a rate as 120/minute, or several as 10/second; 1000/hour")
    return value


def _are_origins(value: object) -> object:
    origins = split_at(",", value) if isinstance(value, str) else ()
    for origin in origins:
        if origin != "*" and not ORIGIN.fullmatch(origin):
            raise ValueError(f"{origin!r} is no origin: write https://example.org, or *")
    return origins or value


def _is_a_function(value: str) -> str:
    if not MODULE_FUNCTION.fullmatch(value):
        raise ValueError("write module:function, such as our_keys.kms:sign")
    return value


def _is_an_http_address(value: str) -> str:
    if not HTTP_ADDRESS.fullmatch(value):
        raise ValueError("write an address as http://timestamp.example.org")
    return value


AnyCase = BeforeValidator(lambda value: value.lower() if isinstance(value, str) else value)
Seconds = Annotated[float, Field(le=LONGEST_S, allow_inf_nan=False)]
HostName = Annotated[str, AfterValidator(_is_an_address)]
Folders = Annotated[tuple[Path, ...], BeforeValidator(_are_folders)]
Devices = Annotated[tuple[str, ...], BeforeValidator(_are_devices)]
Device = Annotated[str, AnyCase, AfterValidator(_is_a_device)]
KeyDigests = Annotated[tuple[bytes, ...], BeforeValidator(_digests_of_keys)]
MarkKey = Annotated[WatermarkKey | None, BeforeValidator(_stretched_key)]
RateText = Annotated[str, AfterValidator(_is_a_rate)]
Origins = Annotated[tuple[str, ...], BeforeValidator(_are_origins)]
FunctionName = Annotated[str, AfterValidator(_is_a_function)]
HttpAddress = Annotated[str, AfterValidator(_is_an_http_address)]
