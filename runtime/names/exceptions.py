"""The exceptions of Metaflow that flows raise and catch, and that flowport raises. Users know them as `flowport.exceptions`.

Their pickles name `flowport.exceptions`, so that this file can move.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class MetaflowException(Exception):
    """What is wrong, in `message`; `headline` says what kind of problem it is, and `line_no` where in the source."""

    headline = "Flow failed"

    def __init__(self, msg: str = "", lineno: int | None = None) -> None:
        super().__init__(msg)
        self.message = msg
        self.line_no = lineno

    def __str__(self) -> str:
        return self.message if self.line_no is None else f"line {self.line_no}: {self.message}"


class ParameterFieldFailed(MetaflowException):
    """The function that computes a field of a parameter raised an exception."""

    headline = "Parameter field failed"

    def __init__(self, name: str, field: str) -> None:
        super().__init__(f"the function that computes `{field}` of parameter `{name}` raised an exception")


class ParameterFieldTypeMismatch(MetaflowException):
    """The function that computes a field of a parameter returned a value of another type."""

    headline = "Parameter field with a mismatching type"


class ExternalCommandFailed(MetaflowException):
    """A command that was started failed."""

    headline = "External command failed"


class MetaflowNotFound(MetaflowException):
    """There is no such flow, run, step, task or artifact."""

    headline = "Object not found"


class MetaflowNamespaceMismatch(MetaflowException):
    """The object exists, but not in the current namespace."""

    headline = "Object not in the current namespace"

    def __init__(self, namespace: str | None) -> None:
        super().__init__(f"object not in namespace `{namespace}`")


class MetaflowInvalidPathspec(MetaflowException):
    """The address of an object has another form than `Flow/run/step/task/artifact`."""

    headline = "Invalid pathspec"


class MetaflowInternalError(MetaflowException):
    """Something is wrong that should not be possible."""

    headline = "Internal error"


class MetaflowTaggingError(MetaflowException):
    """Tags that cannot be added or removed."""

    headline = "Tagging error"


class MetaflowUnknownUser(MetaflowException):
    """The name of the user is not known."""

    headline = "Unknown user"

    def __init__(self) -> None:
        super().__init__("flowport does not know who you are: set the environment variable `USERNAME`")


class InvalidDecoratorAttribute(MetaflowException):
    """A decorator has no such argument."""

    headline = "Unknown decorator attribute"

    def __init__(self, deconame: str, attr: str, defaults: dict[str, Any]) -> None:
        super().__init__(f"`@{deconame}` has no argument `{attr}`; its arguments are {', '.join(f'`{name}`' for name in defaults)}")


class CommandException(MetaflowException):
    """A command line that is wrong."""

    headline = "Invalid command"


class MetaflowDataMissing(MetaflowException):
    """Data of an artifact is gone from the store."""

    headline = "Data missing"


class UnhandledInMergeArtifactsException(MetaflowException):
    """`merge_artifacts` found different values of an artifact; `artifact_names` lists these artifacts."""

    headline = "Unhandled artifacts in merge"

    def __init__(self, msg: str = "", unhandled: list[str] | None = None) -> None:
        super().__init__(msg)
        self.artifact_names = unhandled or []


class MissingInMergeArtifactsException(MetaflowException):
    """`merge_artifacts(include=...)` names artifacts that no input has; `artifact_names` lists them."""

    headline = "Missing artifacts in merge"

    def __init__(self, msg: str = "", unhandled: list[str] | None = None) -> None:
        super().__init__(msg)
        self.artifact_names = unhandled or []


class CardNotPresentException(MetaflowException):
    """A task has no such card."""

    headline = "Card not found"


class ComponentOverwriteNotSupportedException(MetaflowException):
    """A card has a component with this id already: `update` changes it, and `current.card[id] = [...]` replaces all components."""

    headline = "Component overwrite is not supported"

    def __init__(self, component_id: str = "", card_id: str | None = None, card_type: str = "") -> None:
        card = f"the card `{card_id}`" if card_id else f"the card of type `{card_type}`"
        super().__init__(f"{card} has a component `{component_id}` already: call its `update`, or choose another id")


class TimeoutException(MetaflowException, TimeoutError):
    """A step ran longer than its `@timeout`."""

    headline = "@timeout"


class FailureHandledByCatch(MetaflowException):
    """What `@catch` says of a step that raised nothing, because its process was killed."""

    headline = "Failure without an exception"


HOME = "flowport.exceptions"
for _kind in [each for each in list(globals().values()) if isinstance(each, type) and issubclass(each, Exception)]:
    _kind.__module__ = HOME
