"""A pickle as a tree of plain values and of calls that are never made.

Owns the reading of a pickle's instructions on a small stack of our own: what `pickle` would import
is a `PickledName`, what it would call is a `PickledCall`, and both stay what they are. Only names
that network pickles of StyleGAN2 need are let in. Knows no network.
"""

from __future__ import annotations

import io
import pickletools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, cast

from training.imports.pickle_names import MAX_INSTRUCTIONS, unknown_name
from training.imports.refusal import ImportRefusedError

MOST_NAME = 100  # characters, in a message
LARGEST_KEY = 1 << 63

# What such pickles name: containers, tensors, numpy's numbers, and one function of their own, which
# would run the program in its argument.
PERSISTENT = "torch_utils.persistence _reconstruct_persistent_obj"
TENSOR = "torch._utils _rebuild_tensor_v2"
PARAMETERS = ("torch._utils _rebuild_parameter", "torch._utils _rebuild_parameter_with_state")
STORAGE, ORDERED = "torch.storage _load_from_bytes", "collections OrderedDict"
INERT_NAMES = {
    *(PERSISTENT, TENSOR, *PARAMETERS, STORAGE, ORDERED),
    *("dnnlib.util EasyDict", "torch Size", "torch device", "numpy dtype", "numpy ndarray"),
    *(
        f"numpy.{core}.multiarray {name}"
        for core in ("core", "_core")
        for name in ("scalar", "_reconstruct")
    ),
    *(f"torch {name}" for name in ("float16", "float32", "float64", "int64", "uint8", "bool")),
    *("_codecs encode", "builtins set", "__builtin__ set"),
}


@dataclass(frozen=True)
class PickledName:
    """A name that the pickle would import: `module name`."""

    name: str


@dataclass(eq=False)
class PickledCall:
    """A call that the pickle would make, and what it would give the result.

    Attributes:
        name: `module name` of the function or class.
        arguments: plain values, names and calls.
        items: what would be put into the result by key.
        state: what would become its attributes; None for none.
    """

    name: str
    arguments: tuple[Any, ...]
    items: dict[Any, Any] = field(default_factory=dict[Any, Any])
    state: object = None


class Mark:
    """The place on the stack where a group of values begins."""


def read_inert(content: bytes, path: str) -> object:
    """Read a pickle without running anything.

    Raises:
        ImportRefusedError: it names anything else, has instructions that no such pickle needs, or
            is damaged.
        MemoryError: its values need more memory than this process may take.
    """
    reader = InertReader(path)
    try:
        for count, (code, argument, _) in enumerate(pickletools.genops(io.BytesIO(content))):
            if count > MAX_INSTRUCTIONS:
                raise ImportRefusedError(f"{path} has more than {MAX_INSTRUCTIONS:,} instructions")
            if code.name == "STOP":
                return reader.pop()
            reader.take(code.name, argument)
    except (ImportRefusedError, MemoryError):
        raise
    except Exception as error:  # a damaged file may break any of these steps
        raise ImportRefusedError(
            f"{path} is damaged or cut short ({ascii(str(error))[1:-1][:100]}): download it again"
        ) from error
    raise ImportRefusedError(f"{path} is damaged or cut short: download it again")


class InertReader:
    """The stack and the memory of one pickle."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._stack: list[Any] = []
        self._kept: dict[int, Any] = {}

    def take(self, name: str, argument: Any) -> None:  # noqa: ANN401 - of any instruction
        """Follow one instruction.

        Raises:
            ImportRefusedError: it is not allowed.
        """
        if name in IGNORED:
            return
        if name in PLAIN:
            self._stack.append(argument)
        elif name in CONSTANTS:
            self._stack.append(CONSTANTS[name]())
        elif name in ("PUT", "BINPUT", "LONG_BINPUT"):
            self._kept[argument] = self._stack[-1]
        elif name in ("GET", "BINGET", "LONG_BINGET"):
            self._stack.append(self._kept[argument])
        elif name in FOLLOWED:
            FOLLOWED[name](self, argument)
        else:
            told = argument if isinstance(argument, str) else name
            raise unknown_name(self._path, told[:MOST_NAME])

    def pop(self) -> Any:  # noqa: ANN401 - a pickle holds anything
        """Take the last value from the stack."""
        value = self._stack.pop()
        if isinstance(value, Mark):
            raise ValueError("a value is missing")  # noqa: TRY004 - of the file, not of the caller
        return value

    def memoize(self, _argument: object) -> None:
        """Keep the last value under the next number."""
        self._kept[len(self._kept)] = self._stack[-1]

    def mark(self, _argument: object) -> None:
        """Begin a group."""
        self._stack.append(Mark())

    def group(self) -> list[Any]:
        """Take the values after the last mark, and the mark."""
        values: list[Any] = []
        while not isinstance(value := self._stack.pop(), Mark):
            values.append(value)
        return values[::-1]

    def tuple_of(self, count: int | None) -> None:
        """Put the last values, or the last group, into a tuple."""
        values = self.group() if count is None else [self.pop() for _ in range(count)][::-1]
        self._stack.append(tuple(values))

    def append(self, values: list[Any]) -> None:
        """Put values at the end of a list, or into a set."""
        into = self._stack[-1]
        if isinstance(into, list):
            cast("list[Any]", into).extend(values)
        elif isinstance(into, set):
            cast("set[Any]", into).update(map(plain_key, values))
        else:
            raise TypeError("values are put into what is no list")

    def set_items(self, values: list[Any]) -> None:
        """Put keys and values into a dictionary, or note them for the result of a call."""
        into = self._stack[-1]
        items = into.items if isinstance(into, PickledCall) else into
        if not isinstance(items, dict):
            raise TypeError("items are put into what is no dictionary")
        keys = map(plain_key, values[::2])
        cast("dict[Any, Any]", items).update(zip(keys, values[1::2], strict=True))

    def name(self, text: str) -> None:
        """Put a name on the stack.

        Raises:
            ImportRefusedError: it is not allowed.
        """
        if text not in INERT_NAMES:
            raise unknown_name(self._path, text[:MOST_NAME])
        self._stack.append(PickledName(text))

    def stacked_name(self, _argument: object) -> None:
        """A name of the last two texts."""
        last, module = self.pop(), self.pop()
        self.name(f"{module} {last}")

    def call(self, _argument: object) -> None:
        """Note a call of a name."""
        arguments, function = self.pop(), self.pop()
        if not isinstance(function, PickledName) or not isinstance(arguments, tuple):
            raise TypeError("a result is called")
        self._stack.append(PickledCall(function.name, cast("tuple[Any, ...]", arguments)))

    def build(self, _argument: object) -> None:
        """Note the attributes of a result."""
        state, result = self.pop(), self._stack[-1]
        if not isinstance(result, PickledCall):
            raise TypeError("attributes are given to what is no object")
        result.state = state


def plain_key(value: object) -> object:
    """A key of a dictionary or member of a set: text, a small whole number or None.

    The hash of nested tuples takes time that doubles with each level, and many whole numbers have
    the same hash if they may have any length.

    Raises:
        TypeError: it is anything else.
    """
    is_small = isinstance(value, int) and abs(value) < LARGEST_KEY
    if not (value is None or is_small or isinstance(value, str)):
        raise TypeError(f"a key is neither text nor a small number: {type(value).__name__}")
    return value


IGNORED = {"PROTO", "FRAME"}
PLAIN = {
    *("INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4", "FLOAT", "BINFLOAT"),
    *("UNICODE", "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8"),
    *("STRING", "BINSTRING", "SHORT_BINSTRING"),
    *("BINBYTES", "SHORT_BINBYTES", "BINBYTES8", "BYTEARRAY8"),
}
CONSTANTS: dict[str, Callable[[], Any]] = {
    "NONE": lambda: None,
    "NEWTRUE": lambda: True,
    "NEWFALSE": lambda: False,
    "EMPTY_DICT": dict,
    "EMPTY_LIST": list,
    "EMPTY_TUPLE": tuple,
    "EMPTY_SET": set,
}
FOLLOWED: dict[str, Callable[[InertReader, Any], None]] = {
    "MARK": InertReader.mark,
    "MEMOIZE": InertReader.memoize,
    "TUPLE": lambda reader, _: reader.tuple_of(None),
    "TUPLE1": lambda reader, _: reader.tuple_of(1),
    "TUPLE2": lambda reader, _: reader.tuple_of(2),
    "TUPLE3": lambda reader, _: reader.tuple_of(3),
    "APPEND": lambda reader, _: reader.append([reader.pop()]),
    "APPENDS": lambda reader, _: reader.append(reader.group()),
    "ADDITEMS": lambda reader, _: reader.append(reader.group()),
    "SETITEM": lambda reader, _: reader.set_items([reader.pop(), reader.pop()][::-1]),
    "SETITEMS": lambda reader, _: reader.set_items(reader.group()),
    "GLOBAL": InertReader.name,
    "STACK_GLOBAL": InertReader.stacked_name,
    "REDUCE": InertReader.call,
    "NEWOBJ": InertReader.call,
    "BUILD": InertReader.build,
}
