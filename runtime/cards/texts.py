"""Components that are texts: Markdown, source, errors, and any Python object."""

from __future__ import annotations

from flowport.runtime.cards.component import UserComponent, error
from flowport.runtime.cards.plain import brief, cut
from flowport.runtime.text import type_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


class Markdown(UserComponent):
    """A text in Markdown. White space that all its lines begin with is left out, so it may be indented like the code around it."""

    REALTIME_UPDATABLE = True

    def __init__(self, text: str | None = None) -> None:
        self.update(text)

    def update(self, text: str | None = None) -> None:
        """Show another text."""
        if text is not None and "\n" in text:
            from textwrap import dedent

            text = dedent(text)
        self._text = text

    def render(self) -> dict[str, Any]:
        return {"type": "markdown", "source": "" if self._text is None else cut(str(self._text))}


class PythonCode(UserComponent):
    """The source of a function, or a text with Python; without either an error is shown."""

    def __init__(self, code_func: Callable[..., Any] | None = None, code_string: str | None = None) -> None:
        self._code = code_string
        if code_func is not None:
            import inspect

            self._code = inspect.getsource(code_func)

    def render(self) -> dict[str, Any]:
        if self._code is None:
            return error("`PythonCode` needs `code_func` or `code_string`", "None provided for both")
        return {"type": "pythonCode", "data": cut(self._code)}


class Error(UserComponent):
    """An exception that the step has caught, below a title."""

    def __init__(self, exception: BaseException, title: str | None = None) -> None:
        self._exception, self._title = exception, title

    def render(self) -> dict[str, Any]:
        text = repr(self._exception)
        if isinstance(self._exception, BaseException) and self._exception.__traceback__ is not None:
            from traceback import format_exception

            text = "".join(format_exception(self._exception))
        return error(self._title or type_name(self._exception), cut(text))


class Artifact(UserComponent):
    """Any Python object as Python shows it; `compressed` leaves out the middle of what is long."""

    REALTIME_UPDATABLE = True

    def __init__(self, artifact: Any, name: str | None = None, compressed: bool = True) -> None:
        self._artifact, self._name, self._compressed = artifact, name, compressed

    def update(self, artifact: Any) -> None:
        """Show another object."""
        self._artifact = artifact

    def render(self) -> dict[str, Any]:
        name = None if self._name is None else str(self._name)
        shown = {"name": name, "type": type_name(self._artifact), "data": brief(self._artifact, self._compressed)}
        return {"type": "artifacts", "data": [shown]}
