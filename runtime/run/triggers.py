"""What started a run, as engines and people say it, and as the record of the run holds it.

    FeaturesFlow/run-1 LabelsFlow/run-7                                  runs that were done
    [{"type": "run", "flow": "FeaturesFlow", "run": "run-1"}]            the same, as JSON
    {"type": "event", "name": "features", "payload": {"date": "..."}}    an event with what it carries; several are on a line each

Argo hands this on as text, the other engines as part of the input of a run.
"""

from __future__ import annotations

from flowport.runtime.protocol import NonRetryable
from flowport.runtime.records.validation import LAST_SECOND, NAME
from flowport.runtime.store import documents
from flowport.runtime.text import brief

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from flowport.runtime.protocol import Invocation

MOST = 100
"""How many runs and events may start a run."""


def given_triggers(given: Mapping[str, Any], invocation: Invocation) -> list[dict[str, Any]]:
    """The triggers of a run by its input, and by what the engine says; none for one that somebody or a schedule started."""
    return checked(given.get("triggers") or []) or read_triggers(given.get("trigger") or invocation.trigger)


def read_triggers(text: str) -> list[dict[str, Any]]:
    """The triggers that a text stands for; raises NonRetryable."""
    if not text.lstrip().startswith(("[", "{")):
        return checked([_run(word) for word in text.split()])
    try:
        found = (
            [documents.load(line) for line in text.split("\n") if line.strip()] if text.lstrip().startswith("{") else documents.load(text)
        )
    except ValueError:
        raise NonRetryable(f"what started the run, {brief(text)}, is not JSON") from None
    return checked(found)


def _run(word: str) -> dict[str, Any]:
    flow, slash, run = word.partition("/")
    if not (flow and slash and run):
        raise NonRetryable(f"{brief(word)} is no run that can have started this one: that is FLOW/RUN")
    return {"type": "run", "flow": flow, "run": run}


def checked(given: list[Any]) -> list[dict[str, Any]]:
    """Triggers as this version reads them; raises NonRetryable for anything else."""
    if len(given) > MOST:
        raise NonRetryable(f"a run is started by at most {MOST} runs and events, and this one by {len(given)}")
    return [_checked(each) for each in given]


def _checked(each: Any) -> dict[str, Any]:
    named = each if isinstance(each, dict) else {}
    texts = {"run": ("flow", "run"), "event": ("name",)}.get(str(named.get("type")), ("type",))
    payload = _payload(named.get("payload"), named.get("name"))
    is_whole = all(isinstance(named.get(name), str) and 0 < len(named[name]) <= NAME for name in texts)
    if texts == ("type",) or not is_whole or payload is None:
        raise NonRetryable(f"{brief(each)} is nothing that starts a run: that is a run, with `flow` and `run`, or an event, with `name`")
    seconds, id = _seconds(named.get("timestamp")), named.get("id")
    kept = {"type": named["type"], **{name: named[name] for name in texts}}
    kept |= {**({"id": id} if id and isinstance(id, str) else {}), **({"timestamp": seconds} if seconds is not None else {})}
    return {**kept, "payload": payload} if payload else kept


def _seconds(told: Any) -> float | None:
    """When an event was sent, in seconds since 1970: engines say it so, or as a time of ISO 8601."""
    if isinstance(told, (int, float)) and not isinstance(told, bool) and 0 <= told <= LAST_SECOND:
        return told
    if not isinstance(told, str):
        return None
    from datetime import datetime

    from flowport.runtime.run.scheduled_time import in_utc

    try:
        return datetime.fromisoformat(in_utc(told)).timestamp()
    except ValueError:
        return None


def _payload(given: Any, name: Any) -> dict[str, Any] | None:
    """What an event carries: an object, its JSON, or nothing. A client of Argo Events sends it in an object with the event's name."""
    if isinstance(given, str):
        try:
            given = documents.load(given) if given.strip() else None
        except ValueError:
            return None
    if given is None:
        return {}
    if not isinstance(given, dict):
        return None
    inner = given.get("payload")
    return inner if isinstance(inner, dict) and given.get("name") == name else given


def event_parameters(triggers: Iterable[Mapping[str, Any]], events: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
    """The parameters that events set; `events` has the fields of each by parameter. A field that is null or missing sets nothing."""
    found: dict[str, Any] = {}
    for each in triggers:
        carried = each.get("payload", {})
        fields = events.get(each.get("name", ""), {})
        found.update({parameter: carried[field] for parameter, field in fields.items() if carried.get(field) is not None})
    return found


def recorded(triggers: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Triggers as the record of a run holds them: what an event carries is in the parameters."""
    return [{name: value for name, value in each.items() if name != "payload"} for each in triggers]
