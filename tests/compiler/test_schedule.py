"""When the clock starts a flow: Metaflow's arguments, and cron expressions of five fields."""

from __future__ import annotations

from pathlib import Path

import pytest

from flowport.compiler.ir import Schedule
from sources import codes, read, write

FLOW = """
from flowport import FlowSpec, schedule, step


{mark}
class F(FlowSpec):
    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass
"""


def schedule_of(folder: Path, mark: str) -> tuple[Schedule | None, list[str]]:
    flow, found = read(write(folder, {"flow.py": FLOW.format(mark=mark)}))
    return next(iter(flow.triggers), None), codes(found)


@pytest.mark.parametrize(
    ("mark", "expected"),
    [
        ("@schedule", Schedule("0 0 * * *")),
        ("@schedule(daily=True)", Schedule("0 0 * * *")),
        ("@schedule(hourly=True)", Schedule("0 * * * *")),
        ("@schedule(weekly=True)", Schedule("0 0 * * 0")),
        ("@schedule(weekly=True, daily=False)", Schedule("0 0 * * 0")),
        ("@schedule(daily=False)", None),
        ("@schedule(daily=False, cron='')", None),
        ("@schedule(weekly=False)", Schedule("0 0 * * *")),
        ("@schedule(hourly=False)", Schedule("0 0 * * *")),
        ("@schedule(cron=None)", Schedule("0 0 * * *")),
        ("@schedule(cron='1 2 * * *', daily=False)", Schedule("1 2 * * *")),
        ("@schedule(cron='@daily')", Schedule("0 0 * * *")),
        ("@schedule(cron=' @Monthly ')", Schedule("0 0 1 * *")),
        ("@schedule(cron='*/1 0-23 */1 * MON')", Schedule("* * * * MON")),
        ("@schedule(cron='0 0 29 2 *')", Schedule("0 0 29 2 *")),
        ("@schedule(cron='0 0 * * 7')", Schedule("0 0 * * 0")),
        ("@schedule(cron='0 0 * * 5-7')", Schedule("0 0 * * 0,5,6")),
        ("@schedule(cron='0 0 * * 0-7')", Schedule("0 0 * * *")),
        ("@schedule(cron='0 0 * * fri-mon')", Schedule("0 0 * * 0,1,5,6")),
        ("@schedule(cron='0 0 1 nov-feb *')", Schedule("0 0 1 1,2,11,12 *")),
        ("@schedule(cron='0/15 * * * ? *')", Schedule("*/15 * * * *")),
        ("@schedule(cron='0 0 1/10 * MON')", Schedule("0 0 1,11,21,31 * MON")),
        ("@schedule(cron='5/20 * * * *')", Schedule("5,25,45 * * * *")),
        ("@schedule(cron='0 0 31 2,3 *')", Schedule("0 0 31 2,3 *")),
        ("@schedule(cron='0 0 30 2 MON')", Schedule("0 0 30 2 MON")),
        ("@schedule(cron='0 12 * * *', timezone='UTC')", Schedule("0 12 * * *", "UTC")),
        ("@schedule(cron='*/15 8-18/2 1,15 jan-mar mon-fri')", Schedule("*/15 8-18/2 1,15 JAN-MAR MON-FRI")),
        ("@schedule(cron='0 10 ? * MON-FRI *')", Schedule("0 10 * * MON-FRI")),
        ("@schedule(cron='30 6 * * *', timezone='Europe/Berlin')", Schedule("30 6 * * *", "Europe/Berlin")),
    ],
)
def test_schedules(tmp_path: Path, mark: str, expected: Schedule) -> None:
    assert schedule_of(tmp_path, mark) == (expected, [])


@pytest.mark.parametrize(
    "mark",
    [
        "@schedule(cron='* * * *')",
        "@schedule(cron='60 * * * *')",
        "@schedule(cron='* 24 * * *')",
        "@schedule(cron='* * 0 * *')",
        "@schedule(cron='* * * 13 *')",
        "@schedule(cron='* * * * 8')",
        "@schedule(cron='5-1 * * * *')",
        "@schedule(cron='*/0 * * * *')",
        "@schedule(cron='61/5 * * * *')",
        "@schedule(cron='a * * * *')",
        "@schedule(cron='٣ * * * *')",
        "@schedule(cron=', * * * *')",
        "@schedule(cron='@reboot')",
        "@schedule(cron='0 10 ? * 2-6 *')",
        "@schedule(cron='0 0 6 * * 1')",
        "@schedule(cron='0 0 6 * 2 *')",
        "@schedule(cron='0 0 6 ? * *')",
        "@schedule(daily='no')",
        "@schedule(cron='0 10 ? * MON 2027')",
        "@schedule(cron=5)",
        "@schedule(timezone='Europe Berlin')",
        "@schedule(timezone='Europe/Berln')",
        "@schedule(cron='0 0 30 2 *')",
        "@schedule(cron='0 0 31 2 */1')",
        f"@schedule(cron='*/{'9' * 5000} * * * *')",
        "@schedule(timezone='localtime')",
        "@schedule(cron='0 0 31 FEB,APR-APR *')",
    ],
)
def test_what_cron_would_not_take_is_said(tmp_path: Path, mark: str) -> None:
    assert set(schedule_of(tmp_path, mark)[1]) == {"FP133"}


@pytest.mark.parametrize(
    ("mark", "expected"),
    [
        ("@schedule(cron='1 2 * * *', daily=True)", Schedule("1 2 * * *")),
        ("@schedule(daily=True, hourly=True)", Schedule("0 * * * *")),
        ("@schedule(hourly=True, weekly=True)", Schedule("0 0 * * 0")),
    ],
)
def test_of_several_schedules_the_same_counts_as_in_metaflow_and_a_warning_says_which(
    tmp_path: Path, mark: str, expected: Schedule
) -> None:
    flow, (found,) = read(write(tmp_path, {"flow.py": FLOW.format(mark=mark)}))
    assert flow.triggers == (expected,)
    assert (found.severity, found.message.rpartition("; ")[2]) in {("warning", f"`{name}` counts") for name in ("cron", "hourly", "weekly")}


def test_the_sixth_field_is_a_year_and_a_warning_says_when_the_flow_starts(tmp_path: Path) -> None:
    flow, (found,) = read(write(tmp_path, {"flow.py": FLOW.format(mark="@schedule(cron='58 * * * * *')")}))
    assert flow.triggers == (Schedule("58 * * * *"),)
    assert (found.severity, found.message.rpartition(": ")[2]) == ("warning", "the flow starts at `58 * * * *`")
    assert found.help == ('write `cron="58 * * * *"`', 'or, if the first field is seconds, `cron="* * * * *"`')


def test_a_machine_without_time_zones_takes_every_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zoneinfo.available_timezones", set)
    assert schedule_of(tmp_path, "@schedule(timezone='Europe/Berln')") == (Schedule("0 0 * * *", "Europe/Berln"), [])


def test_a_flow_has_one_schedule(tmp_path: Path) -> None:
    assert schedule_of(tmp_path, "@schedule(hourly=True)\n@schedule") == (Schedule("0 * * * *"), ["FP132"])


def test_a_schedule_that_a_function_makes_is_said(tmp_path: Path) -> None:
    mark = "def every(hours):\n    return schedule(cron=f'0 */{hours} * * *')\n\n\n@every(4)"
    assert schedule_of(tmp_path, mark) == (None, ["FP126"])


def test_a_schedule_belongs_on_a_flow(tmp_path: Path) -> None:
    assert schedule_of(tmp_path, "@schedule(yearly=True)")[1] == ["FP131"]
    step = (
        "from flowport import FlowSpec, schedule, step\nclass F(FlowSpec):\n    @schedule\n    @step\n    def start(self):\n        pass\n"
    )
    assert codes(read(write(tmp_path / "other", {"flow.py": step}))[1]) == ["FP134"]
