"""Reads the configs of a flow: their calls and their values, before any other expression of the flow is evaluated.

Parsers of JSON, TOML and YAML are known by their names, and simple functions are computed from their source. All others are code of the
user's, which `ConfigSources.run` runs in a process of its own, if the user asks for it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from flowport.compiler.configs.calls import ConfigCall
from flowport.compiler.configs.functions import call_function, call_thing, named_parser
from flowport.compiler.configs.shapes import first_misfit, kind_of
from flowport.compiler.configs.sources import ConfigSources, ParserCall, ParserRun
from flowport.compiler.configs.texts import GIVEN, Text, TextFinder, UserFunction, say_missing
from flowport.compiler.diagnostics.diagnostic import Diagnostic
from flowport.compiler.diagnostics.suggestions import did_you_mean
from flowport.compiler.evaluate.configs import UNREAD
from flowport.compiler.evaluate.formats import KINDS, PARSERS, SUFFIXES, Malformed, load_json
from flowport.compiler.evaluate.reading import Reading
from flowport.compiler.evaluate.scope import NotConstant
from flowport.compiler.ir.configs import Config
from flowport.compiler.python.classes import Class
from flowport.compiler.python.modules import External
from flowport.runtime.names.config import ConfigValue, plain

WAY_TO_RUN = "add `--run-config-parsers` to run it in a process of its own"
RAISED = "it raises Malformed: "
"""How the reason begins where a parser that is known finds a mistake inside a function of the user's."""


def configs(reading: Reading, calls: Sequence[ConfigCall], sources: ConfigSources, own: Class, folder: str) -> tuple[Config, ...]:
    """The configs that a flow makes by these calls. Their values go into the modules too, for the expressions of the flow.

    `own` is the class of the flow, and `folder` where its file is.
    """
    reader = _Reader(reading, sources, own, folder)
    reader.check_names(calls)
    values = {call: reader.value(call) for call in calls}
    if reader.waiting:
        values.update(reader.run())
    for call, value in values.items():
        held = ConfigValue(value) if isinstance(value, dict) and not call.plain else value
        table = reading.modules.configs
        table.by_call[call.call] = table.by_name[call.name] = table.by_attribute[call.attribute] = held
    return tuple(
        Config(call.attribute, call.name, None if value is UNREAD else value, call.plain, call.help, call.source.span(call.call))
        for call, value in values.items()
    )


class _Reader:
    def __init__(self, reading: Reading, sources: ConfigSources, own: Class, folder: str) -> None:
        self.reading, self.sources, self.own = reading, sources, own
        self.texts = TextFinder(reading, sources, own.source, folder)
        self.waiting: dict[ConfigCall, ParserCall] = {}

    def check_names(self, calls: Iterable[ConfigCall]) -> None:
        """Report names on the command line that no config has, and names that two configs have."""
        names: list[str] = []
        for call in calls:
            if call.name in names:
                self.say(call, "FP160", f"two configs are called `{call.name}`", "give one of them another name")
            names.append(call.name)
        for name in dict.fromkeys((*self.texts.files, *self.texts.values)):
            if name not in names:
                known = "its configs are " + ", ".join(f"`{each}`" for each in names) if names else "it has no configs"
                message = f"`{self.own.node.name}` has no config `{name}`"
                self.reading.diagnostics.append(Diagnostic("FP164", message, help=(*did_you_mean(name, names), known)))

    def value(self, call: ConfigCall) -> Any:
        """The value of a config; UNREAD where it has none for a reason that is reported, and while the user's code is waited for."""
        found = self.texts.find(call)
        if isinstance(found, UserFunction):
            return self._wait(call, None, "default")
        if not isinstance(found, Text):
            return found.value if found.value in (None, UNREAD) else self._checked(call, found.value, found.origin)
        if call.parser is not None:
            return self._parsed(call, call.parser, found)
        if call.plain:
            return found.text
        return self._loaded(call, SUFFIXES.get(found.suffix, "json.loads"), found)

    def _parsed(self, call: ConfigCall, parser: ast.expr, found: Text) -> Any:
        """What the parser of a config makes of its text."""
        where = call.scope(self.reading)
        thing = named_parser(parser, where)
        if isinstance(thing, External) and thing.name in PARSERS:
            return self._loaded(call, thing.name, found)
        try:
            value = call_function(parser, found.text, where) if thing is None else call_thing(thing, found.text, parser, where)
        except NotConstant as error:
            if error.reason.startswith(RAISED):
                return self._malformed(call, "what its parser reads", found, error.reason.removeprefix(RAISED))
            return self._wait(call, found.text, "parser")
        return self._checked(call, value, found.origin)

    def _loaded(self, call: ConfigCall, parser: str, found: Text) -> Any:
        load = PARSERS[parser]
        try:
            value = load(found.text)
        except Malformed as error:
            return self._malformed(call, KINDS.get(load, "text"), found, str(error))
        return self._checked(call, {} if value is None and load is not load_json else value, found.origin)

    def _malformed(self, call: ConfigCall, kind: str, found: Text, reason: str) -> Any:
        ways_out: tuple[str, ...] = ()
        if found.origin == GIVEN and call.parser is None:
            ways_out = (f"quote it for your shell: `--config-value {call.name} '{{\"key\": 1}}'`",)
        elif call.parser is None and found.suffix not in (*SUFFIXES, ".json"):
            ways_out = ('name its format: `parser="tomllib.loads"` or `parser="yaml.safe_load"`',)
        elif found.origin != GIVEN:
            ways_out = (f"change it, or give the config another file: `--config {call.name} FILE`",)
        return self.say(call, "FP162", f"{found.origin} of the config `{call.name}` is not {kind}: {reason}", *ways_out)

    def _wait(self, call: ConfigCall, text: str | None, argument: str) -> Any:
        """Let the user's code give the value, or say that it may not."""
        self.waiting[call] = ParserCall(call.attribute, text)
        if self.sources.run is None:
            node = {"parser": call.parser, "default": call.default or call.default_value}[argument]
            what = f"`{call.source.segment(node)}`" if node is not None and not isinstance(node, ast.Lambda) else "a lambda"
            message = f"the {argument} of the config `{call.name}` is code of your own, which compiling does not run: {what}"
            say_missing(self.reading, self.sources, call, ("FP165", message, WAY_TO_RUN), node)
        return UNREAD

    def run(self) -> Iterator[tuple[ConfigCall, Any]]:
        """The values that the user's code returns."""
        if self.sources.run is None:
            return
        roots = tuple(folder for folder, _ in self.reading.modules.roots)
        wanted = ParserRun(self.own.source.path, self.own.node.name, roots, tuple(self.waiting.values()))
        for call, result in zip(self.waiting, self.sources.run(wanted)):
            if result.error:
                self.say(call, "FP165", f"the code for the config `{call.name}` failed: {result.error}")
            else:
                yield call, self._checked(call, ast.literal_eval(result.literal), "what the parser returns")

    def _checked(self, call: ConfigCall, value: Any, origin: str) -> Any:
        """The value when it can travel in the plan; else UNREAD."""
        if not call.plain and not isinstance(value, dict):
            message = f"{origin} of the config `{call.name}` is {kind_of(value)}, not a table"
            return self.say(call, "FP163", message, f"put it under a key, or write `Config({call.name!r}, plain=True, ...)` with a parser")
        if wrong := first_misfit(value):
            message = f"{origin} of the config `{call.name}` has {wrong.kind}" + (f" in `{wrong.place}`" if wrong.place else "")
            return self.say(call, "FP163", message, wrong.way_out)
        return plain(value)

    def say(self, call: ConfigCall, code: str, message: str, *ways_out: str) -> Any:
        if self.sources.missing != "ignore":
            self.reading.say(code, message, call.source, call.call, *ways_out)
        return UNREAD
