"""What a command takes, reading it from a command line, and the help page that says so.

Written by hand, as importing click takes as long as compiling a small flow, and the options of `run` depend on the flow. For the same
reason these are named tuples: making a data class takes five times as long.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple, TypeAlias

Values: TypeAlias = "dict[str, Any]"
"""The arguments and options of one command line by name, `-` in names as `_`; what was not given has its default."""


class WrongUse(Exception):
    """The command line asks for something that there is not; the message says what, `hint` what to type."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class Option(NamedTuple):
    """`--name VALUE`, or a flag when it has no `value`. `many` may be repeated and gives a tuple."""

    name: str
    help: str
    value: str = ""
    short: str = ""
    many: bool = False
    default: Any = None
    choices: tuple[str, ...] = ()
    convert: Callable[[str], Any] = str

    @property
    def key(self) -> str:
        """The option's name among the values."""
        return self.name.replace("-", "_")


class Argument(NamedTuple):
    """A word at its place; `required` when it has to be there. The last one may be `many`, and gives a tuple."""

    name: str
    help: str
    required: bool = True
    many: bool = False


class Command(NamedTuple):
    """A word after `flowport`. With `parameters` it takes the parameters of a flow too; they arrive under that name, as `Given`."""

    name: str
    summary: str
    run: Callable[[Values], int]
    arguments: tuple[Argument, ...] = ()
    options: tuple[Option, ...] = ()
    parameters: bool = False
    notes: tuple[str, ...] = ()


Given: TypeAlias = "list[tuple[str, str | None]]"
"""Flow parameters as they were given: the name, and the value unless the option stood alone."""

HELP = Option("help", "show this page", short="h")


class _Reading:
    """A command line that is being read: the words that are left, the next one last, and what was found."""

    def __init__(self, command: Command, words: list[str], values: Values) -> None:
        self.command, self.words, self.values = command, words, values
        self.seen: set[str] = set()
        self.places: list[str] = []
        self.given: list[tuple[str, str | None]] = []


def read(command: Command, words: Sequence[str]) -> Values:
    """The values of a command line; raises WrongUse. `help` among them is true when the help page was asked for."""
    options = (*command.options, HELP)
    defaults = {option.key: () if option.many else option.default if option.value else False for option in options}
    reading = _Reading(command, list(reversed(words)), defaults)
    by_name = {f"--{option.name}": option for option in options} | {f"-{option.short}": option for option in options if option.short}
    while reading.words:
        word = reading.words.pop()
        if word == "--":
            _rest(reading)
        elif word in by_name:
            _take(reading, by_name[word], word)
        elif word.startswith("--"):
            _long(reading, word, by_name)
        elif word.startswith("-") and len(word) > 1 and not command.parameters:
            raise WrongUse(f"there is no option `{word}`", f"flowport {command.name} --help")
        else:
            reading.places.append(word)
    _place(reading)
    if command.parameters:
        reading.values["parameters"] = reading.given
    return reading.values


def _take(reading: _Reading, option: Option, word: str, value: str | None = None) -> None:
    if not option.value:
        if value is not None:
            raise WrongUse(f"option `{word}` takes no value")
        reading.values[option.key] = True
        return
    if value is None:
        if not reading.words:
            raise WrongUse(f"option `{word}` needs a value", f"{word} {option.value}")
        value = reading.words.pop()
    if option.choices and value not in option.choices:
        raise WrongUse(f"option `{word}` cannot be `{value}`", "one of " + ", ".join(option.choices))
    try:
        made = option.convert(value)
    except ValueError as error:
        raise WrongUse(f"option `{word}` cannot be `{value}`: {error}") from None
    if option.name in reading.seen and not option.many:
        raise WrongUse(f"option `--{option.name}` is there twice, and takes one value", f"--{option.name} {option.value}")
    reading.seen.add(option.name)
    reading.values[option.key] = (*reading.values[option.key], made) if option.many else made


def _long(reading: _Reading, word: str, by_name: dict[str, Option]) -> None:
    name, equals, value = word.partition("=")
    if name in by_name:
        _take(reading, by_name[name], name, value if equals else None)
    elif reading.command.parameters:
        reading.given.append((name[2:], value if equals else _following(reading)))
    else:
        raise WrongUse(f"there is no option `{name}`", closest(name, by_name) or f"flowport {reading.command.name} --help")


def _following(reading: _Reading) -> str | None:
    """The value behind a flow parameter; None when the next word is an option or there is none."""
    return reading.words.pop() if reading.words and not reading.words[-1].startswith("--") else None


def _rest(reading: _Reading) -> None:
    """What stands behind `--`: flow parameters alone, for those that are named like an option; else arguments."""
    while reading.words:
        word = reading.words.pop()
        if not reading.command.parameters:
            reading.places.append(word)
        elif word.startswith("--"):
            name, equals, value = word[2:].partition("=")
            reading.given.append((name, value if equals else _following(reading)))
        else:
            raise WrongUse(f"`{word}` stands behind `--` without the name of a parameter", "-- --name value")


def _place(reading: _Reading) -> None:
    arguments = reading.command.arguments
    many = bool(arguments) and arguments[-1].many
    if len(reading.places) > len(arguments) and not many:
        raise WrongUse(f"`{reading.places[len(arguments)]}` is one argument too many", usage(reading.command))
    for index, argument in enumerate(arguments):
        there = index < len(reading.places)
        if argument.required and not there and not reading.values["help"]:
            raise WrongUse(f"{argument.name} is missing", usage(reading.command))
        reading.values[argument.name.lower()] = reading.places[index] if there else None
    if many:
        reading.values[arguments[-1].name.lower()] = tuple(reading.places[len(arguments) - 1 :])


def closest(name: str, names: Iterable[str]) -> str:
    """The name that was probably meant, as a question; empty when none is near."""
    from flowport.compiler.diagnostics.suggestions import nearest

    near = nearest(name, names)
    return f"did you mean `{near}`?" if near else ""


def usage(command: Command) -> str:
    """How a command is written."""
    words = [(argument.name if argument.required else f"[{argument.name}]") + "..." * argument.many for argument in command.arguments]
    return " ".join(["flowport", command.name, *words, "[OPTION]...", *(["[--PARAMETER VALUE]..."] if command.parameters else [])])


def page(command: Command, more: Sequence[tuple[str, Sequence[tuple[str, str]]]] = ()) -> str:
    """The help page of a command; `more` are further sections, each a title and rows of two columns."""
    sections = [("Arguments", [(argument.name, argument.help) for argument in command.arguments])]
    sections.append(("Options", [(_heading(option), option.help) for option in (*command.options, HELP)]))
    lines = [f"{command.name}: {command.summary}", "", f"  {usage(command)}"]
    for title, rows in (*sections, *more):
        lines += ["", f"{title}:", *table(rows)] if rows else []
    return "\n".join([*lines, *(("", *command.notes) if command.notes else ())])


def _heading(option: Option) -> str:
    short = f"-{option.short}, " if option.short else ""
    return f"{short}--{option.name}" + (f" {option.value}" if option.value else "") + ("..." if option.many else "")


def table(rows: Sequence[tuple[str, str]]) -> list[str]:
    """Two columns; the second is broken into lines where it is long."""
    from textwrap import wrap

    width = min(30, max((len(first) for first, _ in rows), default=0))
    lines = []
    for first, second in rows:
        texts = wrap(second, 110 - width) or [""]
        if len(first) > width:
            lines.append(f"  {first}")
            first = ""
        lines.append(f"  {first:{width}}  {texts[0]}".rstrip())
        lines += [f"  {'':{width}}  {text}" for text in texts[1:]]
    return lines
