"""`run.json`: the record of a run, with the parameters that all tasks read."""

from __future__ import annotations

from flowport.runtime.protocol import NonRetryable
from flowport.runtime.records import validation
from flowport.runtime.store import codec, digests, documents
from flowport.runtime.store.errors import Corrupt, Missing
from flowport.runtime.store.keys import Keys

NAMESPACES = ("user:", "production:")
"""What the tags of namespaces begin with."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from flowport.runtime.store.interface import Store


class RunRecord:
    """The document of a run."""

    def __init__(self, store: Store, doc: dict[str, Any]) -> None:
        self.store, self.doc = store, doc

    @property
    def origin(self) -> str | None:
        """The run that is resumed."""
        origin: str | None = self.doc["origin"]
        return origin

    @property
    def namespace(self) -> str | None:
        """The tag of the run's namespace; None for one without any."""
        return next((tag for tag in self.doc["system_tags"] or () if tag.startswith(NAMESPACES)), None)

    def has_parameter(self, name: str) -> bool:
        """Whether a parameter has this attribute."""
        return name in self.doc["parameters"]

    def value(self, name: str) -> Any:
        """A parameter's value, a new one each time."""
        return self._loaded(self.doc["parameters"][name])

    def has_config(self, name: str) -> bool:
        """Whether a config has this attribute."""
        return name in self.doc.get("configs", {})

    def config(self, name: str) -> Any:
        """A config's value, with dictionaries for its tables."""
        return self._loaded(self.doc["configs"][name])

    def configs(self) -> dict[str, Any]:
        """All configs by attribute, as steps read them; none in a run of an earlier version."""
        from flowport.runtime.names.config import ConfigValue

        held = {attribute: (spec, self._loaded(spec)) for attribute, spec in self.doc.get("configs", {}).items()}
        return {
            name: ConfigValue(value) if isinstance(value, dict) and not spec["plain"] else value for name, (spec, value) in held.items()
        }

    def configs_by_name(self) -> dict[str, Any]:
        """All configs by name, with dictionaries for their tables: what a resumed run starts with."""
        return {spec["name"]: self._loaded(spec) for spec in self.doc.get("configs", {}).values()}

    def _loaded(self, held: dict[str, Any]) -> Any:
        return codec.decode(bytes.fromhex(held["entry"]), self.store) if "entry" in held else documents.load(documents.dump(held["json"]))

    def values(self) -> dict[str, Any]:
        """All parameters by attribute."""
        return {name: self.value(name) for name in self.doc["parameters"]}

    def mark(self, name: str) -> str:
        """The digest of a parameter's value."""
        return digests.of(documents.dump(self.doc["parameters"][name], in_order=True))[:32]


def read(store: Store, keys: Keys) -> RunRecord:
    """The run that a task belongs to; raises NonRetryable when its first task never began."""
    try:
        return RunRecord(store, document(store, keys))
    except Missing:
        raise NonRetryable(
            f"the run has no `{keys.run()}` in {store.url}: its first step makes it, and the engine did not run that"
        ) from None


def document(store: Store, keys: Keys) -> dict[str, Any]:
    """The document of a run; raises Missing, and Corrupt when it is not whole."""
    data = store.read(keys.run())
    try:
        found = documents.load(data)
    except ValueError:
        raise Corrupt(f"`{keys.run()}` in {store.url} is damaged: its {len(data)} bytes are not JSON") from None
    if wrong := validation.run_problem(found, keys.root):
        is_other = bool(isinstance(found, dict) and validation.run_version_problem(found))
        raise Corrupt(f"`{keys.run()}` in {store.url} {'cannot be read' if is_other else 'is damaged'}: {wrong}")
    return {**validation.OPTIONAL, **found}


def origins(store: Store, flow: str, origin: str | None) -> Iterator[str]:
    """The runs that are resumed by a run with this origin, the nearest first."""
    seen: set[str] = set()
    while origin is not None and origin not in seen:
        seen.add(origin)
        yield origin
        # The run that is resumed is there, or this one had not begun. Those before it may be gone or damaged.
        try:
            origin = read(store, Keys(flow, origin)).origin
        except (Corrupt, NonRetryable):
            return
