"""`current.trigger`: the runs and events that started the run, with the names of Metaflow's `Trigger`."""

from __future__ import annotations

from collections import namedtuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import Any

MetaflowEvent = namedtuple("MetaflowEvent", ["name", "id", "timestamp", "type"])
"""An event: its name, its id, when it was sent (a `datetime`, or None where the engine does not say), and `event` or `run`.

The end of a run is an event too: `metaflow.FeaturesFlow.end`, with `FeaturesFlow/RUN` as its id.
"""


class Trigger:
    """What started a run. `trigger.run.data` has the artifacts of the run that started this one."""

    def __init__(self, recorded: Iterable[Mapping[str, Any]]) -> None:
        self._recorded = sorted(recorded, key=lambda each: each.get("timestamp", 0), reverse=True)
        self._runs: list[Any] | None = None

    @property
    def event(self) -> MetaflowEvent | None:
        """The event, the latest one of several."""
        return next(iter(self), None)

    @property
    def events(self) -> list[MetaflowEvent] | None:
        """All events, the latest first."""
        return [*self] or None

    @property
    def run(self) -> Any:
        """The run that started this one as the client's `Run`, the latest one of several; None where events did."""
        return next(iter(self.runs or ()), None)

    @property
    def runs(self) -> list[Any] | None:
        """All runs that started this one; None where events did."""
        if self._runs is None:
            from flowport.runtime.names import exports

            names = [f"{each['flow']}/{each['run']}" for each in self._recorded if each["type"] == "run"]
            self._runs = [exports.load("Run")(name, _namespace_check=False) for name in names]
        return self._runs or None

    def __getitem__(self, key: str) -> Any:
        """The run of the flow with this name, or the event of this name; raises KeyError."""
        for number, each in enumerate(each for each in self._recorded if each["type"] == "run"):
            if each["flow"] == key:
                return (self.runs or [])[number]
        for event in self:
            if event.name == key:
                return event
        raise KeyError(key)

    def __iter__(self) -> Iterator[MetaflowEvent]:
        return map(_event, self._recorded)

    def __contains__(self, key: str) -> bool:
        return any(key in (each.get("flow"), _event(each).name) for each in self._recorded)

    def __repr__(self) -> str:
        return f"Trigger({', '.join(event.name if event.type == 'event' else event.id for event in self)})"


def _event(each: Mapping[str, Any]) -> MetaflowEvent:
    is_run = each["type"] == "run"
    name, id = (f"metaflow.{each['flow']}.end", f"{each['flow']}/{each['run']}") if is_run else (each["name"], each.get("id"))
    if "timestamp" not in each:
        return MetaflowEvent(name, id, None, each["type"])
    from datetime import datetime, timezone

    return MetaflowEvent(name, id, datetime.fromtimestamp(each["timestamp"], timezone.utc), each["type"])
