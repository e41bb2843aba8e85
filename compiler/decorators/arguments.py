"""The arguments of a decorator, with typed readers."""

from __future__ import annotations

import ast
from typing import Any

from flowport.compiler.decorators.use import DecoratorUse
from flowport.compiler.evaluate.reading import Reading
from flowport.compiler.record import record

MIB = ("memory", "disk", "shared_memory", "tmpfs_size", "max_swap")


@record(eq=False)
class Arguments:
    """The arguments of one decorator of a step, or of a flow with `step` empty."""

    reading: Reading
    use: DecoratorUse
    named: dict[str, tuple[ast.expr, Any]]
    step: str
    earlier: tuple[Arguments, ...] = ()
    """The arguments of the decorators of the same step that were read before."""

    def number(self, name: str, default: float | None, least: float, whole: bool = False) -> Any:
        """A number of at least `least`; as in Metaflow, a string with a number is accepted."""
        node, value = self.named.get(name, (self.use.node, default))
        if value is None:
            return default
        read = _number(value)
        if read is None or read < least or (whole and read != int(read)):
            kind, unit = "a whole number" if whole else "a number", " MiB" if name in MIB else ""
            self.say(
                node,
                f"`{name}` of `@{self.use.name}` must be {kind} of at least {least:g}{unit}, not `{value!r}`",
                f"write `{name}={default if default else int(least) or 1:g}`",
            )
            return default
        return int(read) if whole or read == int(read) else read

    def text(self, name: str, example: str) -> str:
        """A string; empty by default."""
        node, value = self.named.get(name, (self.use.node, None))
        if value is not None and not isinstance(value, str):
            self.say(node, f"`{name}` of `@{self.use.name}` must be a string, not `{value!r}`", f'write `{name}="{example}"`')
            return ""
        return value or ""

    def flag(self, name: str, default: bool = False) -> bool:
        """True or False."""
        node, value = self.named.get(name, (self.use.node, None))
        if value is not None and not isinstance(value, bool):
            self.say(node, f"`{name}` of `@{self.use.name}` must be True or False, not `{value!r}`", f"write `{name}=True`")
        return value if isinstance(value, bool) else default

    def texts(self, name: str, example: str, commas: bool = True) -> tuple[str, ...]:
        """A list of strings; as in Metaflow, one string is accepted, which is cut at its `commas`."""
        node, value = self.named.get(name, (self.use.node, None))
        listed = (value.split(",") if commas else [value]) if isinstance(value, str) else [] if value is None else value
        if not isinstance(listed, list | tuple) or not all(isinstance(each, str) for each in listed):
            self.say(node, f"`{name}` of `@{self.use.name}` must be a list of strings, not `{value!r}`", f'write `{name}=["{example}"]`')
            return ()
        return tuple(each.strip() for each in listed if each.strip())

    def table(self, name: str, example: str) -> tuple[tuple[str, str], ...]:
        """A dict of strings, sorted by key; as in Metaflow, `key=value` with commas is accepted."""
        node, value = self.named.get(name, (self.use.node, None))
        words = self.texts(name, example) if isinstance(value, str | list | tuple) else ()
        pairs = dict(word.split("=", 1) for word in words if "=" in word) if words else {} if value is None else value
        if (
            not isinstance(pairs, dict)
            or len(pairs) < len(words)
            or not all(isinstance(each, str) for pair in pairs.items() for each in pair)
        ):
            self.say(node, f"`{name}` of `@{self.use.name}` must be a dict of strings, not `{value!r}`", f"write `{name}={example}`")
            return ()
        return tuple(sorted(pairs.items()))

    def say(self, node: ast.expr, message: str, *ways_out: str) -> None:
        self.reading.say("FP133", message, self.use.source, node, *ways_out)


def is_text(text: str) -> bool:
    """Whether a string has no unpaired surrogates."""
    return not any("\ud800" <= character <= "\udfff" for character in text)


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        read = float(value)
    except ValueError:
        return None
    return read if read == read and abs(read) < 1e15 else None
