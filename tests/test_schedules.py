"""When engines start the runs of a schedule, compared with a reference that looks at every minute of a wall clock.

Airflow is asked itself. Argo's answers are in `schedule_times.json`: robfig/cron v3.0.1, which Argo 4.1 uses, was asked for the times after
`ParseStandard("CRON_TZ=<zone> <cron>")`. What EventBridge Scheduler reads in an expression is in its User Guide, "Schedule types".
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from compiled import problems_of
from flowport.compiler.decorators.flow.schedule import is_time_of
from flowport.compiler.diagnostics.diagnostic import Diagnostic
from flowport.compiler.ir import End, Schedule
from flowport.targets import airflow, argo, stepfunctions
from flowport.targets.schedules.clock_changes import clock_changes
from flowport.targets.stepfunctions.schedule import expression, has_two_days
from plans import flow
from sources import read, write

MEASURED = json.loads(Path(__file__).with_name("schedule_times.json").read_text())
"""For each schedule, as a flow has it: its zone, the time in which it was looked at, its cron expression, and the times of robfig/cron."""

IDS = [f"{each['written']} {each['zone']} {each['from'][:10]}" for each in MEASURED]
BOUNDS = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))
NAMES = {name: number for number, name in enumerate(["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"])}
NAMES |= {
    name: number for number, name in enumerate(["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"], 1)
}

FLOW = """
from flowport import FlowSpec, schedule, step


@schedule(cron={cron!r}, timezone={zone!r})
class F(FlowSpec):
    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass
"""

AIRFLOW = """
import json, sys
import pendulum
from airflow.timetables.base import TimeRestriction
from airflow.timetables.trigger import CronTriggerTimetable

def times(cron, zone, start, end):
    timetable, last, found = CronTriggerTimetable(cron, timezone=zone), None, []
    limits = TimeRestriction(earliest=pendulum.parse(start), latest=pendulum.parse(end), catchup=True)
    while (info := timetable.next_dagrun_info(last_automated_data_interval=last, restriction=limits)) is not None:
        found.append(info.logical_date.in_timezone("UTC").strftime("%Y-%m-%dT%H:%MZ"))
        last = info.data_interval
    return found

print("TIMES", json.dumps([times(*each) for each in json.load(sys.stdin)]))
"""


def numbers(field: str, low: int, high: int) -> set[int]:
    """What a field of a cron expression means (crontab(5)), with ranges that wrap."""
    found: set[int] = set()
    for part in field.upper().split(","):
        span, _, every = part.partition("/")
        ends = [low, high] if span == "*" else [NAMES[end] if end in NAMES else int(end) for end in span.split("-")]
        first, last = ends[0], ends[-1] if len(ends) > 1 or not every else high
        each = [*range(first, last + 1)] if first <= last else [*range(first, high + 1), *range(low, last + 1)]
        found |= set(each[:: int(every or 1)])
    return found


def minutes(start: str, end: str) -> Iterator[datetime]:
    """Every minute from one time to the other, both included."""
    moment = datetime.fromisoformat(start.replace("Z", "+00:00"))
    while moment <= datetime.fromisoformat(end.replace("Z", "+00:00")):
        yield moment
        moment += timedelta(minutes=1)


def fits(fields: list[str], wall: datetime) -> bool:
    """Whether a wall clock shows a minute of a schedule: with both days given, either of them counts."""
    minute, hour, day, month, weekday = (numbers(field, *bounds) for field, bounds in zip(fields, BOUNDS, strict=True))
    days = (wall.day in day, bool({wall.isoweekday() % 7, wall.isoweekday()} & weekday))
    is_day = all(days) if "*" in (fields[2], fields[4]) else any(days)
    return wall.minute in minute and wall.hour in hour and wall.month in month and is_day


def shown(moment: datetime) -> str:
    return moment.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%MZ")


def reference(case: dict[str, Any]) -> list[str]:
    """Each minute at which a clock on the wall of the zone shows a time of the schedule."""
    zone = ZoneInfo(case["zone"])
    return [shown(each) for each in minutes(case["from"], case["to"]) if fits(case["written"].split(), each.astimezone(zone))]


def reference_once(case: dict[str, Any]) -> list[str]:
    """The same for Airflow: a time that there is twice counts the second time, and one that is skipped is moved on."""
    if case["written"].split()[1] == "*":
        return reference(case)
    zone, found = ZoneInfo(case["zone"]), set[str]()
    first, last = (next(iter(minutes(each, each))).astimezone(zone).replace(tzinfo=None) for each in (case["from"], case["to"]))
    while first <= last:
        if fits(case["written"].split(), first):
            moved = first.replace(tzinfo=zone, fold=0)
            exists = moved.astimezone(timezone.utc).astimezone(zone).replace(tzinfo=None) == first
            found.add(shown(first.replace(tzinfo=zone, fold=1 if exists else 0)))
        first += timedelta(minutes=1)
    return sorted(each for each in found if shown(next(minutes(case["from"], case["from"]))) <= each)


@pytest.mark.parametrize("case", MEASURED, ids=IDS)
def test_what_is_compiled_means_on_argo_what_was_written(case: dict[str, Any], tmp_path: Path) -> None:
    read_flow, found = read(write(tmp_path, {"flow.py": FLOW.format(cron=case["written"], zone=case["zone"])}))
    assert not found
    assert read_flow.triggers[0].cron == case["cron"], "the times of another expression were measured"
    assert case["times"] == reference(case)


@pytest.mark.xdist_group("airflow-timetables")
def test_what_is_compiled_means_on_airflow_what_was_written(tmp_path: Path) -> None:
    asked = [[each["cron"], each["zone"], each["from"], each["to"]] for each in MEASURED]
    variables = {"AIRFLOW_HOME": str(tmp_path), "AIRFLOW__LOGGING__LOGGING_LEVEL": "ERROR"}
    done = subprocess.run(
        [sys.executable, "-c", AIRFLOW], input=json.dumps(asked), env={**os.environ, **variables}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-4000:]
    found = json.loads(next(line for line in done.stdout.splitlines() if line.startswith("TIMES "))[6:])
    for case, times in zip(MEASURED, found, strict=True):
        assert (case["written"], times) == (case["written"], reference_once(case))


@pytest.mark.parametrize("case", MEASURED, ids=IDS)
def test_what_is_compiled_means_on_aws_what_was_written(case: dict[str, Any]) -> None:
    schedule = Schedule(case["cron"], case["zone"])
    if has_two_days(schedule):
        return  # test_limits: it is refused
    written = expression(schedule).removeprefix("cron(").removesuffix(")").split()
    assert (len(written), written[5], [written[2], written[4]].count("?")) == (6, "*", 1)
    assert not any(digit in written[4] for digit in "0123456789"), "AWS counts the days of a week from 1"
    fields = ["*" if field == "?" else field for field in written[:5]]
    zone = ZoneInfo(case["zone"])
    for moment in minutes(case["from"], case["to"]):
        wall = moment.astimezone(zone)
        assert fits(fields, wall) == fits(case["written"].split(), wall), wall


@pytest.mark.parametrize("case", MEASURED, ids=IDS)
def test_the_times_of_a_schedule_are_known_without_an_engine(case: dict[str, Any]) -> None:
    zone = ZoneInfo(case["zone"])
    assert [shown(each) for each in minutes(case["from"], case["to"]) if is_time_of(case["cron"], each.astimezone(zone))] == case["times"]


def warned(cron: str, zone: str) -> list[Diagnostic]:
    """What is said of a schedule whose skipped and doubled times both matter."""
    return list(clock_changes(flow(("start", End()), triggers=(Schedule(cron, zone),)).flow, "skipped", "doubled"))


def test_a_time_that_the_clocks_skip_and_double_is_named() -> None:
    (found,) = warned("30 2 * * *", "Europe/Berlin")
    assert (found.code, found.severity) == ("FP442", "warning")
    assert found.message == "`30 2 * * *` of Small is a time at which the clocks of Europe/Berlin change"
    assert found.notes == ("2026-03-29 has no 02:30 there: skipped", "2026-10-25 has 02:30 twice there: doubled")


@pytest.mark.parametrize(
    ("cron", "zone", "notes"),
    [
        ("0 3 * * *", "Europe/Berlin", ()),
        ("59 1 * * *", "Europe/Berlin", ()),
        ("30 * * * *", "Europe/Berlin", ()),
        ("30 2 * * MON", "Europe/Berlin", ()),
        ("30 2 * * *", "", ()),
        ("30 2 * * *", "UTC", ()),
        ("30 2 * * *", "Asia/Kolkata", ()),
        ("30 2 * * *", "Nowhere/Atall", ()),
        ("0 2 29 3 *", "Europe/Berlin", ("2026-03-29 has no 02:00 there: skipped",)),
        ("0 */2 * 1-6 *", "Europe/Berlin", ("2026-03-29 has no 02:00 there: skipped",)),
        ("0 0 * * *", "America/Santiago", ("2026-09-06 has no 00:00 there: skipped",)),
        ("30 1 * * *", "America/New_York", ("2026-11-01 has 01:30 twice there: doubled",)),
        ("45 1 * * *", "Australia/Lord_Howe", ("2026-04-05 has 01:45 twice there: doubled",)),
        ("15 2 * * *", "Australia/Lord_Howe", ("2026-10-04 has no 02:15 there: skipped",)),
    ],
)
def test_only_a_schedule_that_is_affected_is_named(cron: str, zone: str, notes: tuple[str, ...]) -> None:
    assert tuple(note for found in warned(cron, zone) for note in found.notes) == notes


def test_each_engine_says_what_it_does() -> None:
    plan = flow(("start", End()), triggers=(Schedule("30 2 * * *", "Europe/Berlin"),))
    of_aws = {"job_queue": "q", "region": "eu-central-1", "account": "123456789012"}
    found = {
        name: [note for each in problems_of(target, plan, {"store": "s3://my-bucket/p", "image": "i", **more}) for note in each.notes]
        for name, target, more in (("argo", argo.target, {}), ("sfn", stepfunctions.target, of_aws), ("airflow", airflow.target, {}))
    }
    assert found["argo"] == [
        "2026-03-29 has no 02:30 there: Argo starts no run then",
        "2026-10-25 has 02:30 twice there: Argo starts two runs",
    ]
    assert found["sfn"] == ["2026-03-29 has no 02:30 there: EventBridge Scheduler starts no run then"]
    assert found["airflow"] == []
