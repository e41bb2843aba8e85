"""The arguments of `@pypi`, `@conda` and their `_base` forms: `packages={"pandas": "2.1"}, python="3.11", disabled=False`.

`@pip` of an extension of Metaflow names the packages of a step in a requirements file or a dict.
"""

from __future__ import annotations

import os
import re
from typing import Any

from flowport.compiler.decorators.arguments import Arguments
from flowport.compiler.ir import Packages

PYPI_ARGUMENTS = ("packages", "python", "disabled")
CONDA_ARGUMENTS = ("packages", "libraries", "python", "disabled")
PIP_ARGUMENTS = ("path", "libraries", "safe")
EXAMPLE = 'packages={"pandas": "2.1.4"}'


def read_packages(arguments: Arguments, conda: bool) -> Packages:
    """What a decorator asks for; reports names and versions that neither pip nor conda would read."""
    pairs = {**_pairs(arguments, "libraries", conda), **_pairs(arguments, "packages", conda)}
    use = arguments.use
    return Packages(conda, tuple(sorted(pairs.items())), _python(arguments), _disabled(arguments), use.name, use.source.span(use.node))


def read_pip(arguments: Arguments) -> Packages:
    """What `@pip` asks for: the packages of a requirements file, relative to the file that the decorator is in, or of a dict."""
    from flowport.runtime.requirements.requirements_file import UnreadableLine, packages

    use, path, pairs = arguments.use, arguments.text("path", "requirements.txt"), _pairs(arguments, "libraries", False)
    try:
        listed = packages(os.path.join(os.path.dirname(use.source.path), path)) if path else {}
    except UnreadableLine as error:
        arguments.say(arguments.named["path"][0], f"`path` of `@pip`: {error}", "name a requirements file of pip beside the flow")
        listed = {}
    fitting = {name: version for name, version in listed.items() if _fits(arguments, "path", (name, version), False)}
    return Packages(False, tuple(sorted({**pairs, **fitting}.items())), name=use.name, span=use.source.span(use.node))


def _pairs(arguments: Arguments, argument: str, conda: bool) -> dict[str, str]:
    node, value = arguments.named.get(argument, (arguments.use.node, None))
    if value is None:
        return {}
    if not isinstance(value, dict) or not all(isinstance(name, str) for name in value):
        arguments.say(
            node, f"`{argument}` of `@{arguments.use.name}` must be a dict of names and versions, not `{value!r}`", _write(EXAMPLE)
        )
        return {}
    return {
        name.strip(): "" if version is None else version
        for name, version in value.items()
        if _fits(arguments, argument, (name, version), conda)
    }


def _fits(arguments: Arguments, argument: str, pair: tuple[str, Any], conda: bool) -> bool:
    """Whether an entry can be read; reports one that cannot."""
    from flowport.runtime.requirements.forms import UnreadableForm, python_fits, wanted

    name, version = pair
    node = arguments.named[argument][0]
    if version is not None and not isinstance(version, str):
        message = f"the version of `{name}` in `{argument}` of `@{arguments.use.name}` must be a string, not `{version!r}`"
        arguments.say(node, message, _write(f'"{name}": "{version}"'))
        return False
    try:
        if name.strip().lower() == "python":
            python_fits(version or "")
        else:
            wanted(conda, name, version or "")
    except UnreadableForm as error:
        arguments.say(node, f"`{argument}` of `@{arguments.use.name}`: {error}", _write('"pandas": "2.1.4"`, or `"pandas": ">=2,<3"'))
        return False
    return True


def _python(arguments: Arguments) -> str:
    text = arguments.text("python", "3.11")
    from flowport.runtime.requirements.forms import UnreadableForm, python_fits

    try:
        if text:
            python_fits(text)
    except UnreadableForm:
        message = f"`python` of `@{arguments.use.name}` is `{text}`, which is not a version of Python"
        arguments.say(arguments.named["python"][0], message, _write('python="3.11"'))
        return ""
    return text


def _disabled(arguments: Arguments) -> bool | None:
    node, value = arguments.named.get("disabled", (arguments.use.node, None))
    # As in Metaflow, a text is fine too.
    if isinstance(value, str) and re.fullmatch("true|false", value, re.IGNORECASE):
        return value.lower() == "true"
    if value is not None and not isinstance(value, bool):
        arguments.say(node, f"`disabled` of `@{arguments.use.name}` must be True or False, not `{value!r}`", _write("disabled=True"))
        return None
    return value


def _write(text: str) -> str:
    return f"write `{text}`"
