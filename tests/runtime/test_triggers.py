"""What started a run: how it is read, what it sets, and what a step sees of it."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import Any

import pytest

from flowport.runtime.names.trigger import Trigger
from flowport.runtime.protocol import NonRetryable
from flowport.runtime.run.triggers import event_parameters, read_triggers, recorded

EVENT: dict[str, Any] = {"type": "event", "name": "e"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("A/1", [{"type": "run", "flow": "A", "run": "1"}]),
        (" A/x/y  B/2 ", [{"type": "run", "flow": "A", "run": "x/y"}, {"type": "run", "flow": "B", "run": "2"}]),
        (json.dumps(EVENT), [EVENT]),
        (json.dumps([{**EVENT, "payload": '{"a": 1}'}]), [{**EVENT, "payload": {"a": 1}}]),
        (json.dumps({**EVENT, "payload": {"name": "e", "payload": {"a": 1}}}), [{**EVENT, "payload": {"a": 1}}]),
        (json.dumps({**EVENT, "payload": {"name": "x", "payload": {}}}), [{**EVENT, "payload": {"name": "x", "payload": {}}}]),
        ('{"type": "event", "name": "e", "payload": {"a": "\x85\u2028"}}', [{**EVENT, "payload": {"a": "\x85\u2028"}}]),
        (json.dumps({**EVENT, "id": "7", "timestamp": "1970-01-01T00:01:00Z"}), [{**EVENT, "id": "7", "timestamp": 60.0}]),
    ],
)
def test_a_text_says_what_started_a_run(text: str, expected: list[dict[str, Any]]) -> None:
    assert read_triggers(text) == expected


BAD: tuple[Any, ...] = ({"type": "run", "flow": "A"}, [{"type": "event"}], [3], {"name": "e"}, {**EVENT, "payload": [1]}, [EVENT] * 101)


@pytest.mark.parametrize("text", ["A", "A/", "/1", "{", *map(json.dumps, BAD)])
def test_anything_else_ends_the_run_at_once(text: str) -> None:
    with pytest.raises(NonRetryable):
        read_triggers(text)


def test_an_event_sets_the_parameters_that_it_carries() -> None:
    found = read_triggers(
        '[{"type": "event", "name": "e", "payload": {"date": "today", "n": 3, "none": null}}, {"type": "event", "name": "other"}]'
    )
    assert event_parameters(found, {"e": {"day": "date", "lacks": "no such field", "null": "none"}}) == {"day": "today"}
    assert recorded(found) == [{"type": "event", "name": "e"}, {"type": "event", "name": "other"}]


def test_a_step_sees_events_the_latest_first() -> None:
    trigger = Trigger(read_triggers('[{"type": "event", "name": "a", "timestamp": 1}, {"type": "event", "name": "b", "timestamp": 2}]'))
    assert trigger.event is not None
    assert trigger.events is not None
    assert (trigger.event.name, [event.name for event in trigger.events], trigger.run, trigger.runs) == ("b", ["b", "a"], None, None)
    assert trigger.event.timestamp == datetime.fromtimestamp(2, timezone.utc)
    assert (trigger["a"].type, "a" in trigger, "c" in trigger) == ("event", True, False)
    with pytest.raises(KeyError):
        trigger["c"]


def test_the_end_of_a_run_is_an_event_with_metaflows_name() -> None:
    trigger = Trigger(read_triggers("FeaturesFlow/run-1"))
    assert trigger.event == ("metaflow.FeaturesFlow.end", "FeaturesFlow/run-1", None, "run")
    assert "FeaturesFlow" in trigger
