"""The parameters of a new run: from text, as a user writes it, to the values in the run's input."""

from __future__ import annotations

import os
from base64 import b64encode
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from flowport.runtime.run.parameters import ParameterError, convert, converted, text_of
from flowport.runtime.store.documents import dump
from flowport.workspace.errors import BadParameters

Spec = dict[str, Any]
"""An entry of `parameters` in the plan's JSON."""


class ParameterText(NamedTuple):
    """A parameter as a user wrote it; None for one that stands alone, as a true one may."""

    name: str
    text: str | None


def spellings(name: str) -> tuple[str, ...]:
    """The names that mean a parameter: `max-depth` stands for `max_depth` too, and the other way round."""
    return tuple(dict.fromkeys((name, name.replace("_", "-"), name.replace("-", "_"))))


def named(specs: Iterable[Spec], texts: Iterable[ParameterText]) -> list[ParameterText]:
    """What a user wrote, with the names of the parameters in the place of their spellings."""
    names = [spec["name"] for spec in specs]
    by_spelling = {one: name for name in names for one in spellings(name)} | {name: name for name in names}
    return [ParameterText(by_spelling.get(name, name), text) for name, text in texts]


def parameter_values(specs: list[Spec], texts: Sequence[ParameterText], resumed: bool) -> dict[str, Any]:
    """The values of the parameters that were written, by name, as JSON; raises BadParameters with all that is wrong.

    A resumed run has the other parameters from its origin, so that none is missing.
    """
    by_name = {spec["name"]: spec for spec in specs}
    values: dict[str, Any] = {}
    problems: list[str] = []
    written = named(specs, texts)
    if not resumed:
        written += _variables(specs, {name for name, _ in written})
    for name, text in written:
        try:
            value = _value(by_name.get(name), name, text)
            values[name] = [*values.get(name, ()), value] if "element" in by_name.get(name, ()) else value
        except ParameterError as error:
            problems.append(str(error))
    unread = {name for name, _ in written if any(f"`{name}`" in problem for problem in problems)}
    wanted = [{**spec, "required": spec["required"] and not resumed} for spec in specs if spec["name"] not in unread]
    try:
        converted(wanted, values)
    except ParameterError as error:
        problems += str(error).split("\n")
    if problems:
        raise BadParameters(problems, specs)
    return {name: _plain(by_name[name], value) for name, value in values.items()}


def _variables(specs: list[Spec], given: set[str]) -> Iterator[ParameterText]:
    """The values in environment variables, of the parameters that were not given: `envvar`, and `METAFLOW_RUN_NAME`."""
    for spec in specs:
        names = [*spec.get("variables", ()), f"METAFLOW_RUN_{spec['name'].upper().replace('-', '_')}"]
        found = next((os.environ[name] for name in names if name in os.environ), None)
        if found is None or spec["name"] in given:
            continue
        for text in found.split() if "element" in spec else [found]:
            yield ParameterText(spec["name"], text)


def _value(spec: Spec | None, name: str, text: str | None) -> Any:
    """The text of a parameter, or the content of the file that it names; a parameter that stands alone is true."""
    if text is None:
        if spec is not None and spec["kind"] != "bool":
            raise ParameterError(f"parameter `{name}` needs a value")
        return True
    return _content(spec, name, text) if spec is not None and spec["kind"] == "file" else text


def _content(spec: Spec, name: str, path: str) -> Any:
    try:
        data = _bytes(name, path)
        return text_of(data, spec["encoding"]) if spec["text"] else {"base64": b64encode(data).decode()}
    except OSError as error:
        raise ParameterError(f"parameter `{name}` names the file `{path}`, which cannot be read: {os.strerror(error.errno or 0)}") from None
    except (UnicodeDecodeError, LookupError) as error:
        raise ParameterError(f"parameter `{name}` names the file `{path}`, which is not text: {error}") from None


def _bytes(name: str, path: str) -> bytes:
    """What a file holds, on this machine or at an address such as `s3://bucket/key`."""
    if "://" not in path:
        with open(os.path.expanduser(path), "rb") as file:
            return file.read()
    from tempfile import gettempdir

    from flowport.runtime.datatools.s3 import S3
    from flowport.runtime.names.exceptions import MetaflowException

    try:
        with S3(tmproot=gettempdir()) as s3:
            return s3.get(path).blob or b""
    except MetaflowException as error:
        raise ParameterError(f"parameter `{name}` names `{path}`, which cannot be fetched: {type(error).__name__}: {error}") from None


def _plain(spec: Spec, value: Any) -> Any:
    """A value as JSON; of kind JSON a text stands for what it says as JSON, wherever it is read."""
    plain = value if spec["kind"] == "file" else convert(spec, value)
    return _json(plain) if spec["kind"] == "json" and isinstance(plain, str) else plain


def as_text(value: Any) -> str:
    """A value as a user writes it: a text as it is, anything else as JSON."""
    return value if isinstance(value, str) else _json(value)


def _json(value: Any) -> str:
    # JSON may have half of a surrogate pair, which UTF-8 has not.
    return dump(value).decode("utf-8", "surrogatepass")
