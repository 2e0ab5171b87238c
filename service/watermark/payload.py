"""The payload of a watermark: a prefix of the model's digest with a check, as coded bits.

Owns the 48 bits of the message, the convolutional code that protects them, and its soft-decision
decoder. Knows neither keys nor pixels.
"""

from __future__ import annotations

import binascii
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

Bits = NDArray[np.uint8]  # [n], each 0 or 1

PREFIX_BYTES: Final = 4  # of the model's SHA-256
CHECK_BYTES: Final = 2  # CRC-16 of the prefix
MESSAGE_BITS: Final = 8 * (PREFIX_BYTES + CHECK_BYTES)

# The code of rate 1/3 and constraint length 7 with the largest free distance, 15 (Larsen, "Short
# convolutional codes with maximal free distance", IEEE Trans. IT, 1973): 133, 145, 175 in octal.
GENERATORS: Final = (0o133, 0o145, 0o175)
MEMORY: Final = 6
CODED_BITS: Final = len(GENERATORS) * (MESSAGE_BITS + MEMORY)


def model_prefix_of(pinned_name: str) -> str:
    """Return what a watermark keeps of `name@digest`: the first 8 digits of the digest."""
    return pinned_name.rpartition("@")[2][: 2 * PREFIX_BYTES].lower()


def message_of(prefix: str) -> Bits:
    """Return the message `[48]` for 8 hexadecimal digits: their bits, then those of the check.

    Raises:
        ValueError: these are not 8 hexadecimal digits.
    """
    data = bytes.fromhex(prefix)
    if len(data) != PREFIX_BYTES:
        raise ValueError(f"{2 * PREFIX_BYTES} hexadecimal digits make a payload, not {prefix!r}")
    return np.unpackbits(np.frombuffer(data + _check_of(data), np.uint8))


def prefix_in(message: Bits) -> str | None:
    """Return the 8 hexadecimal digits of a message `[48]`; None if its check fails."""
    data = np.packbits(message).tobytes()
    prefix, check = data[:PREFIX_BYTES], data[PREFIX_BYTES:]
    return prefix.hex() if check == _check_of(prefix) else None


def encode_message(message: Bits) -> Bits:
    """Return the coded bits `[162]` of a message `[48]`; the code ends in state zero."""
    states, outputs = _trellis()
    state, coded = 0, [np.zeros(0, np.uint8)]
    for bit in [*message.tolist(), *[0] * MEMORY]:
        coded.append(outputs[state, bit])
        state = states[state, bit]
    return np.concatenate(coded)


def decode_message(evidence: NDArray[np.floating]) -> Bits:
    """Return the most likely message `[48]` (Viterbi).

    Args:
        evidence: `[162]`, for each coded bit a number that is positive for 1, negative for 0, and
            proportional to its log-likelihood ratio.
    """
    states, outputs = _trellis()
    signs = outputs.astype(np.float64) * 2 - 1  # [state, bit, 3]
    count = len(states)
    score = np.full(count, -np.inf)
    score[0] = 0.0
    before, bits = _predecessors()
    steps = evidence.reshape(-1, len(GENERATORS))
    choices: list[NDArray[np.intp]] = []
    for step in steps:
        gained = score[:, None] + signs @ step  # [state, bit]
        arriving = gained[before, bits]  # [state, 2]
        choice = arriving.argmax(axis=1)
        choices.append(choice)
        score = arriving[np.arange(count), choice]
    state, message = 0, np.zeros(len(steps), np.uint8)
    for place in range(len(steps) - 1, -1, -1):
        choice = choices[place][state]
        message[place] = bits[state, choice]
        state = before[state, choice]
    return message[:MESSAGE_BITS]


def _check_of(prefix: bytes) -> bytes:
    """CRC-16/CCITT with a start that makes eight zeros fail."""
    return binascii.crc_hqx(prefix, 0xFFFF).to_bytes(CHECK_BYTES)


@cache
def _trellis() -> tuple[NDArray[np.intp], NDArray[np.uint8]]:
    """Next state `[64, 2]` and output bits `[64, 2, 3]` for each state and input bit."""
    register = (np.arange(2)[None, :] << MEMORY) | np.arange(1 << MEMORY)[:, None]
    parity = [np.bitwise_count(register & generator) & 1 for generator in GENERATORS]
    return (register >> 1).astype(np.intp), np.stack(parity, axis=-1).astype(np.uint8)


@cache
def _predecessors() -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The two states before each state, and the input bit that led from each: `[64, 2]`."""
    states, _ = _trellis()
    pairs = [np.argwhere(states == state) for state in range(len(states))]
    table = np.stack(pairs)
    return table[..., 0], table[..., 1]
