"""References of checkpoints and models: the dictionaries that `save` returns, and the same as objects."""

from __future__ import annotations

from datetime import datetime

from flowport.runtime.checkpoints.errors import LoadingException
from flowport.runtime.store.keys import CHECKPOINTS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeAlias

    Reference: TypeAlias = "str | dict[str, Any] | Artifact"

UNSERIALIZED = "<value cannot be JSON serialized>"
"""What stands in metadata for a value that JSON does not have, as in the package metaflow-checkpoint."""


class Artifact:
    """A reference as an object; `to_dict` is the dictionary."""

    TYPE = ""

    def __init__(self, **values: Any) -> None:
        self._values = values

    def to_dict(self) -> dict[str, Any]:
        return {**self._values, "type": self.TYPE}

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return self._values.get(name)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Artifact) and self.to_dict() == other.to_dict()

    def __hash__(self) -> int:
        return hash(self._values.get("key"))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._values.get('key')!r})"


class CheckpointArtifact(Artifact):
    """A checkpoint: `key`, `url`, `name`, `metadata`, `pathspec`, `attempt`, `version_id`, `created_on`, `size`."""

    TYPE = "checkpoint"


class ModelArtifact(Artifact):
    """A model: `key`, `url`, `label`, `metadata`, `pathspec`, `attempt`, `model_uuid`, `created_on`, `size`."""

    TYPE = "model"


def is_checkpoint(key: str) -> bool:
    """Whether a key is that of a checkpoint."""
    return f"/{CHECKPOINTS}/" in key


def address_of(reference: object) -> tuple[str, str]:
    """The key that a reference has, and its address or ""; raises LoadingException for what is none."""
    if isinstance(reference, Artifact):
        reference = reference.to_dict()
    key: Any = None
    url: Any = None
    if isinstance(reference, str):
        key, url = reference, ""
    elif isinstance(reference, dict):
        key, url = reference.get("key"), reference.get("url")
        if reference.get("type") not in (CheckpointArtifact.TYPE, ModelArtifact.TYPE):
            key = None
    if not isinstance(key, str) or not isinstance(url, str) or not key.startswith(("flows/", "hub-cache/")):
        raise LoadingException(
            f"{_brief(reference)} is no reference of a checkpoint or a model: "
            "use what `current.checkpoint.save`, `current.model.save` or `current.huggingface_hub.snapshot_download` returned"
        )
    return key, url


def _brief(reference: object) -> str:
    text = repr(reference)
    return f"`{text if len(text) <= 80 else text[:77] + '...'}`"


def when(seconds: float) -> str:
    """A time as references have it."""
    return datetime.fromtimestamp(seconds).isoformat()


def plain(value: Any) -> Any:
    """Metadata as JSON has it. Numbers of NumPy are numbers; a value that JSON does not have is replaced by a text that says so."""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, dict):
        return {name if isinstance(name, str) else str(name): plain(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain(inner) for inner in value]
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if type(value).__module__ == "numpy" and getattr(value, "ndim", None) == 0:
        return plain(value.item())
    return UNSERIALIZED
