"""Flows that start one another on Step Functions: rules of EventBridge on ministack, which sends the events that AWS sends."""

from __future__ import annotations

import json
from itertools import count
from typing import Any

import pytest

from flowport import Run
from operations.chain import FLOWS
from operations.conftest import SETTINGS, Work
from progress import until

numbers = count()


class Chain:
    """Deployed flows in one store, whose names end in a number of their own."""

    def __init__(self, work: Work) -> None:
        self.work, self.number = work, next(numbers)
        self.store = f"s3://flows/chain{self.number}"
        work.desk.write("flowport.toml", SETTINGS.format(name=f"chain{self.number}"))

    def name(self, kind: str) -> str:
        return f"{kind}{self.number}"

    def deploy(self, kind: str, old: str = "", new: str = "") -> str:
        """Deploy a flow of the chain; what was done."""
        text = FLOWS[kind].format(n=self.number).replace(old or "\0", new)
        file = str(self.work.desk.write(f"{kind}.py", text))
        ended = self.work("deploy", file, "--roles")
        assert (ended.status, ended.err) == (0, "")
        return ended.out

    def start(self, kind: str, run: str, *words: str) -> int:
        return self.work("trigger", str(self.work.desk.folder / f"{kind}.py"), "--run-id", run, "--wait", *words).status

    def executions(self, kind: str) -> list[dict[str, Any]]:
        """The executions of a flow that are over, the first one first."""
        arn = f"arn:aws:states:us-east-1:123456789012:stateMachine:{self.name(kind)}"
        found = self.work.client("stepfunctions").list_executions(stateMachineArn=arn)["executions"]
        return sorted((each for each in found if each["status"] != "RUNNING"), key=lambda each: each["startDate"])

    def ended(self, kind: str, number: int) -> list[str]:
        """Wait until so many executions of a flow are over; their names. None of them failed."""
        until(lambda: len(self.executions(kind)) >= number)
        found = self.executions(kind)
        assert {each["status"] for each in found} == {"SUCCEEDED"}
        return [each["name"] for each in found]

    def data(self, kind: str, run: str) -> Any:
        found = Run(f"{self.name(kind)}/{run}", _namespace_check=False)
        assert found.successful
        return found.data

    def runs(self, kind: str) -> list[str]:
        """The runs of a flow that have begun."""
        client = self.work.client("s3")
        prefix = f"chain{self.number}/flows/{self.name(kind)}/runs/"
        keys = [each["Key"] for each in client.list_objects_v2(Bucket="flows", Prefix=prefix).get("Contents", [])]
        return sorted(key.split("/")[-2] for key in keys if key.endswith("/run.json"))


@pytest.fixture
def chain(work: Work, monkeypatch: pytest.MonkeyPatch) -> Chain:
    chain = Chain(work)
    monkeypatch.setenv("FLOWPORT_STORE", chain.store)
    return chain


def test_each_flow_reads_the_run_that_started_it(chain: Chain) -> None:
    for kind in ("Features", "Train", "Score"):
        chain.deploy(kind)
    assert chain.start("Features", "one", "--size", "4") == 0
    (scored,) = chain.ended("Score", 1)
    (trained,) = chain.ended("Train", 1)
    assert chain.data("Train", trained).came == f"{chain.name('Features')}/one"
    found = chain.data("Score", scored)
    assert (found.came, found.score, found.features) == (f"{chain.name('Train')}/{trained}", 12, 4)


def test_a_run_that_fails_starts_nothing(chain: Chain) -> None:
    """A canary: of the runs before, one failed and one was stopped."""
    chain.deploy("Features")
    chain.deploy("Train")
    assert chain.start("Features", "broken", "--size", "100") == 1
    assert chain.start("Features", "fine") == 0
    (trained,) = chain.ended("Train", 1)
    assert chain.data("Train", trained).came == f"{chain.name('Features')}/fine"


def test_a_run_begins_when_both_flows_are_done(chain: Chain) -> None:
    for kind in ("Features", "Train", "Both"):
        chain.deploy(kind)
    assert chain.start("Features", "one") == 0
    first = chain.ended("Both", 2)
    (trained,) = chain.ended("Train", 1)
    (begun,) = chain.runs("Both")
    assert begun in first
    assert chain.data("Both", begun).came == [f"{chain.name('Features')}/one", f"{chain.name('Train')}/{trained}"]
    # Neither execution that began no run starts anything, and the next run waits for both again.
    assert chain.start("Features", "two") == 0
    chain.ended("Both", 4)
    assert len(chain.runs("Both")) == 2


def test_a_cool_down_keeps_runs_apart(chain: Chain) -> None:
    chain.deploy("Features")
    chain.deploy("Train", "@trigger_on_finish", "from flowport import limits\n\n\n@limits(cooldown=3600)\n@trigger_on_finish")
    chain.deploy("Score")
    assert chain.start("Features", "one") == 0
    chain.ended("Train", 1)
    chain.ended("Score", 1)
    assert chain.start("Features", "two") == 0
    chain.ended("Train", 2)
    assert len(chain.runs("Train")) == 1
    assert chain.start("Train", "by-hand", "--trigger-from", chain.name("Features")) == 0
    assert len(chain.runs("Train")) == 2
    chain.ended("Score", 2)
    assert len(chain.runs("Score")) == 2, "a run that did not begin started another flow"


def test_an_event_sets_parameters(chain: Chain) -> None:
    chain.deploy("Labels")
    events = chain.work.client("events")
    nasty = 'a "quoted" <day> \\ {} $.x'
    detail = json.dumps({"date": nasty, "n": 7, "more": {"a": [1]}})
    sent = events.put_events(Entries=[{"Source": "me", "DetailType": chain.name("labels"), "Detail": detail}])
    assert sent["FailedEntryCount"] == 0
    (begun,) = chain.ended("Labels", 1)
    assert chain.data("Labels", begun).found == [nasty, 7, chain.name("labels")]


def test_what_starts_a_flow_is_deployed_changed_and_taken_away(chain: Chain) -> None:
    events = chain.work.client("events")
    prefix = f"{chain.name('Train')}-after-"

    def rules() -> dict[str, str]:
        return {rule["Name"].removeprefix(prefix): rule["State"] for rule in events.list_rules(NamePrefix=prefix)["Rules"]}

    features = chain.name("Features")
    made = chain.deploy("Train")
    assert f"role {chain.name('Train')}-trigger is new" in made
    assert f"rule {prefix}{features} is new" in made
    assert f"rule {prefix}{features} is unchanged" in chain.deploy("Train")
    changed = chain.deploy("Train", f'flow="{features}"', 'flow="Other"')
    assert f"rule {prefix}{features} is deleted" in changed
    assert f"rule {prefix}Other is new" in changed
    assert rules() == {"Other": "ENABLED"}
    chain.work.change("flow_roles", 'schedule = "paused"\nflow_roles', "flowport.toml")
    assert f"rule {prefix}Other is changed" in chain.deploy("Train", f'flow="{features}"', 'flow="Other"')
    assert rules() == {"Other": "DISABLED"}
    assert chain.work("delete", str(chain.work.desk.folder / "Train.py")).status == 0
    assert rules() == {}


def test_a_rule_of_somebody_else_stays_as_it_is(chain: Chain) -> None:
    name = f"{chain.name('Train')}-after-{chain.name('Features')}"
    chain.work.client("events").put_rule(Name=name, EventPattern='{"source": ["mine"]}')
    file = str(chain.work.desk.write("Train.py", FLOWS["Train"].format(n=chain.number)))
    refused = chain.work("deploy", file, "--roles")
    assert (refused.status, f"the rule `{name}` belongs to somebody else" in refused.err) == (1, True)
