"""Notes the classes and functions of the flow's own files that the values of a step refer to.

A pickle contains only the name of a class, such as `train.Job`. So a digest of its code is noted with what the step read. If the code
changes, a resumed run runs the step again, as it does if the code of the step changes.
"""

from __future__ import annotations

from _pickle import Unpickler, loads
from io import BytesIO

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from typing_extensions import Buffer

    from flowport.runtime.package.code_package import CodePackage

GLOBAL = b"\x93"
"""The opcode of a pickle that looks for a class or a function (STACK_GLOBAL, protocol 4)."""

LOOKED_AT = 1 << 20
"""Bytes of a pickle that are searched at a time."""


class Definitions:
    """Loads values; `noted` are the definitions that were met, as (module, name), the flow's own module as ""."""

    def __init__(self, program: CodePackage) -> None:
        self._program = program
        self._modules: dict[str, tuple[str, dict[str, str]]] | None = None
        self.noted: set[tuple[str, str]] = set()

    def loads(self, data: Buffer, *, buffers: Iterable[Any] = ()) -> Any:
        """The value of a pickle, as `pickle.loads` gives it."""
        if type(data) is bytes and GLOBAL not in data:
            return loads(data)
        if not any(_has(data, _spelled(name)) for name in self.modules):
            return loads(data, buffers=buffers)
        return _Noting(self, data, buffers).load()

    @property
    def modules(self) -> dict[str, tuple[str, dict[str, str]]]:
        """By the name that a pickle has for a module: the name that is noted, and the digests of what the module defines."""
        if self._modules is None:
            found = self._program.definitions
            self._modules = {name or self._program.module: (name, digests) for name, digests in found.items()}
        return self._modules

    def meet(self, module: str, name: str) -> None:
        """Note a definition; a nested class changes with the class that it stands in."""
        noted, digests = self.modules.get(module, ("", {}))
        outer = name.partition(".")[0]
        if outer in digests:
            self.noted.add((noted, outer))

    def marks(self) -> dict[str, str]:
        """The digests of what was noted, by `code.module:name`."""
        return {f"code.{module}:{name}": self._program.definitions[module][name] for module, name in self.noted}

    def mark(self, noted: str) -> str | None:
        """The current digest of `module:name`; None if it no longer exists."""
        module, _, name = noted.partition(":")
        return self._program.definitions.get(module, {}).get(name)


class _Noting(Unpickler):
    def __init__(self, definitions: Definitions, data: Buffer, buffers: Iterable[Any]) -> None:
        super().__init__(BytesIO(data), buffers=buffers)
        self._definitions = definitions

    def find_class(self, module: str, name: str, /) -> Any:
        self._definitions.meet(module, name)
        return super().find_class(module, name)


def _spelled(name: str) -> bytes:
    """A text of fewer than 256 bytes in a pickle (SHORT_BINUNICODE)."""
    text = name.encode()
    return b"\x8c" + bytes([len(text) & 0xFF]) + text


def _has(data: Buffer, part: bytes) -> bool:
    """Whether a pickle has these bytes; what is in a map is not copied as a whole."""
    if type(data) is bytes:
        return part in data
    view = memoryview(data)
    return any(part in bytes(view[at : at + LOOKED_AT + len(part)]) for at in range(0, len(view), LOOKED_AT))
