"""Finds the text of each config: on the command line, in variables, in flowport.toml, or what the flow says as its default."""

from __future__ import annotations

import ast
import json
import os
from collections.abc import Mapping
from typing import Any

from flowport.compiler.configs.calls import ConfigCall
from flowport.compiler.configs.functions import call_function, is_function
from flowport.compiler.configs.sources import ConfigSources, Given
from flowport.compiler.evaluate.configs import UNREAD
from flowport.compiler.evaluate.expressions import evaluate
from flowport.compiler.evaluate.paths import PathText
from flowport.compiler.evaluate.pure import HERE
from flowport.compiler.evaluate.reading import Reading
from flowport.compiler.evaluate.scope import NotConstant, scope
from flowport.compiler.imports.folders import project_of
from flowport.compiler.python.containment import below
from flowport.compiler.python.modules import External
from flowport.compiler.python.source import Source
from flowport.compiler.record import record
from flowport.runtime.names.config import plain

FILES, VALUES = "METAFLOW_FLOW_CONFIG", "METAFLOW_FLOW_CONFIG_VALUE"
"""The variables that stand for `--config` and `--config-value`: a JSON object, of names and paths or values."""

GIVEN = "the given value"
"""What messages call a value of the command line or of a variable."""


@record(eq=False)
class Text:
    """What is to be parsed; `origin` is what messages call it, and `suffix` the ending of its file."""

    text: str
    origin: str
    suffix: str = ""


@record(eq=False)
class Value:
    """A value that is not parsed."""

    value: Any
    origin: str = ""


class UserFunction:
    """The default is a function of the user's that the compiler cannot compute."""


Found = Text | Value | UserFunction


class TextFinder:
    """Finds texts. What is wrong becomes a diagnostic, and the value UNREAD."""

    def __init__(self, reading: Reading, sources: ConfigSources, source: Source, folder: str) -> None:
        self.reading, self.sources, self.folder = reading, sources, folder
        self.inside = set_in_file(reading, source)
        self.files = sources.options.files or self.inside.files or sources.variables.files
        self.values = sources.options.values or self.inside.values or sources.variables.values

    def find(self, call: ConfigCall) -> Found:
        """The text or the value of a config; the value None where it has none."""
        name = call.name
        if name in self.files and name in self.values:
            return self._refuse(call, "FP164", f"the config `{name}` is given both a file and a value", "leave one of them out")
        if name in self.values:
            return Text(self.values[name], GIVEN)
        if name in self.files:
            path = self.files[name]
            if self.files is self.inside.files:
                return self._own_file(call, path, os.path.abspath(path), os.path.join(self.folder, path))
            return self._file(call, path, os.path.abspath(path))
        if name in self.sources.earlier:
            return Value(self.sources.earlier[name])
        if name in self.sources.profile:
            return self._of_profile(call, self.sources.profile[name])
        if call.default is not None:
            return self._default(call, call.default)
        if call.default_value is not None:
            return self._default_value(call, call.default_value)
        if call.required:
            ways_out = (f"give it one: `--config {name} FILE`", f'or write `{name} = "FILE"` under `[configs]` in flowport.toml')
            return self._missing(call, "FP164", f"the config `{name}` is required, and has no value", *ways_out)
        return Value(None)

    def _of_profile(self, call: ConfigCall, given: Any) -> Found:
        if isinstance(given, str):
            return self._file(call, given, os.path.join(self.sources.folder, given))
        return Value(given, "the value in flowport.toml")

    def _default(self, call: ConfigCall, node: ast.expr) -> Found:
        """The text of the default file."""
        try:
            value = self._computed(call, node)
        except NotConstant:
            return UserFunction() if is_function(node, call.scope(self.reading)) else self._not_constant(call, node)
        if value is None:
            return Value(None)
        if not isinstance(value, str | PathText):
            message = f"`default` of the config `{call.attribute}` is the path of a file, not `{call.source.segment(node)}`"
            return self._refuse(call, "FP160", message, f"write `default_value={call.source.segment(node)}` for the value itself")
        path = str(value).removeprefix(HERE)
        beside = os.path.join(self.folder, path)
        return self._own_file(call, os.path.relpath(path, self.folder) if path != str(value) else path, beside, os.path.abspath(path))

    def _default_value(self, call: ConfigCall, node: ast.expr) -> Found:
        """A default value as text, as a parser of the user's takes it."""
        try:
            value = plain(self._computed(call, node))
        except NotConstant:
            return UserFunction() if is_function(node, call.scope(self.reading)) else self._not_constant(call, node)
        if value is None:
            return Value(None)
        if value == "" and call.parser is None and not call.plain:
            way_out = f"give it one: `--config {call.name} FILE`"
            return self._missing(call, "FP164", f"the config `{call.name}` has no value: its `default_value` is an empty text", way_out)
        if isinstance(value, str):
            return Text(value, "the `default_value`")
        try:
            return Text(json.dumps(value), "the `default_value`")
        except (TypeError, ValueError):
            message = f"`default_value` of the config `{call.attribute}` has no JSON form"
            return self._refuse(call, "FP163", message, "write texts, numbers, True, False, None, lists and dictionaries")

    def _computed(self, call: ConfigCall, node: ast.expr) -> Any:
        where = call.scope(self.reading)
        return call_function(node, None, where) if is_function(node, where) else evaluate(node, where)

    def _not_constant(self, call: ConfigCall, node: ast.expr) -> Found:
        self.reading.constant(node, call.source, call.members, f"the default of the config `{call.attribute}`")
        return Value(UNREAD)

    def _own_file(self, call: ConfigCall, shown: str, *paths: str) -> Found:
        """The text of a file that the flow itself names: it may be anybody's flow, and takes no files from outside of its project."""
        project = project_of(self.folder)
        folders = [*(folder for folder, _ in self.reading.modules.roots), os.getcwd(), *([project] if project is not None else [])]
        found = next((path for path in paths if os.path.exists(path)), None)
        if found is not None and not below(found, folders):
            message = f"the file `{shown}` of the config `{call.name}` is outside the flow's project"
            return self._refuse(
                call, "FP161", message, f"copy it into the project, or name it on the command line: `--config {call.name} FILE`"
            )
        return self._file(call, shown, *paths)

    def _file(self, call: ConfigCall, shown: str, *paths: str) -> Found:
        """The text of the first of these files that exists."""
        found = next((path for path in paths if os.path.exists(path)), None)
        problem = (
            "does not exist"
            if found is None
            else ""
            if os.path.isfile(found)
            else "is a folder"
            if os.path.isdir(found)
            else "is not a regular file"
        )
        try:
            if found is not None and not problem:
                with open(found, encoding="utf-8-sig") as file:
                    return Text(file.read(), f"the file `{shown}`", os.path.splitext(shown)[1].lower())
        except UnicodeDecodeError:
            problem = "is not UTF-8 text"
        except OSError as error:
            problem = f"cannot be read: {(error.strerror or str(error)).lower()}"
        way_out = f"create it, or give the config another file: `--config {call.name} FILE`"
        say = self._missing if found is None and call.name not in self.files else self._refuse
        return say(call, "FP161", f"the file `{shown}` of the config `{call.name}` {problem}", way_out)

    def _refuse(self, call: ConfigCall, code: str, message: str, *ways_out: str) -> Value:
        if self.sources.missing != "ignore":
            self.reading.say(code, message, call.source, call.call, *ways_out)
        return Value(UNREAD)

    def _missing(self, call: ConfigCall, code: str, message: str, *ways_out: str) -> Value:
        say_missing(self.reading, self.sources, call, (code, message, *ways_out))
        return Value(UNREAD)


def say_missing(reading: Reading, sources: ConfigSources, call: ConfigCall, about: tuple[str, ...], node: ast.expr | None = None) -> None:
    """Report a config that has no value here, as `sources` say; `about` is the code, the message and the ways out."""
    code, message, *ways_out = about
    if sources.missing != "ignore":
        notes = () if sources.missing == "error" else ("what depends on the config is not checked",)
        reading.say(code, message, call.source, node or call.call, *ways_out, notes=notes, severity=sources.missing)


def set_in_file(reading: Reading, source: Source) -> Given:
    """The configs that the flow's file gives itself, by `os.environ["METAFLOW_FLOW_CONFIG_VALUE"] = json.dumps({...})`."""
    found: dict[str, Mapping[str, str]] = {}
    for statement in source.tree.body if FILES in source.text else ():
        match statement:
            case ast.Assign(targets=[ast.Subscript(value=owner, slice=ast.Constant(value=str(name)))], value=value):
                thing = reading.modules.resolve(source, owner)
                if name in (FILES, VALUES) and isinstance(thing, External) and thing.name == "os.environ":
                    found[name] = _variable(reading, source, value)
    return Given(found.get(FILES, {}), found.get(VALUES, {}))


def _variable(reading: Reading, source: Source, node: ast.expr) -> Mapping[str, str]:
    try:
        return read_variable(evaluate(node, scope(reading.modules, source)))
    except (NotConstant, ValueError):
        return {}


def read_variable(text: object) -> Mapping[str, str]:
    """The names and texts in the value of a variable; raises ValueError where it is no JSON object."""
    try:
        document = json.loads(text) if isinstance(text, str) and text else {}
    except RecursionError:
        document = None
    if not isinstance(document, dict):
        raise ValueError("it is not a JSON object")
    return {name: value if isinstance(value, str) else json.dumps(value) for name, value in document.items()}
