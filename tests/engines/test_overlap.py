"""`overlap = "skip"`: a scheduled execution does nothing while an earlier execution of its machine is running."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import pytest

from engines.corpus_runs import Engines
from engines.engine import Engine, plan_of
from flowport.targets.stepfunctions.emulator.account import ACCOUNT, REGION
from progress import until

FLOW = """
import os
import time

from flowport import FlowSpec, schedule, step


@schedule(daily=True)
class Nightly(FlowSpec):
    @step
    def start(self):
        while not os.path.exists({gate!r}):
            time.sleep(0.05)
        self.next(self.end)

    @step
    def end(self):
        pass
"""
SCHEDULED = {"scheduled_time": "2026-11-01T00:00:00Z", "overlap": "skip"}


class Machine:
    """A deployed flow with `overlap = "skip"`, and its executions."""

    def __init__(self, engine: Engine, file: Path) -> None:
        files, store = engine.files(plan_of(file), overlap="skip", region=REGION, account=ACCOUNT)
        self._account, self._deployed = engine.account, engine.account.deploy(files, store)
        self._begun: list[threading.Thread] = []
        self.ended: dict[str, str] = {}

    def begin(self, run: str, given: dict[str, Any]) -> threading.Thread:
        def follow() -> None:
            self.ended[run] = self._account.run(self._deployed.machine, run, given).status

        thread = threading.Thread(target=follow, daemon=True)
        thread.start()
        until(lambda: run in self._names())
        return thread

    def run(self, run: str, given: dict[str, Any]) -> str:
        self.begin(run, given).join(60)
        return self.ended[run]

    def _names(self) -> set[str]:
        listed = self._account.client("stepfunctions").list_executions(stateMachineArn=self._deployed.machine)
        return {execution["name"] for execution in listed["executions"]}

    def states(self, run: str) -> list[str]:
        functions = self._account.client("stepfunctions")
        listed = functions.list_executions(stateMachineArn=self._deployed.machine)["executions"]
        (arn,) = [execution["executionArn"] for execution in listed if execution["name"] == run]
        events = functions.get_execution_history(executionArn=arn, maxResults=1000)["events"]
        return [event["stateEnteredEventDetails"]["name"] for event in events if "stateEnteredEventDetails" in event]

    def stored(self, run: str) -> dict[str, Any] | None:
        """The input that the run has in the store."""
        client, key = self._account.client("s3"), f"flows/Nightly/runs/{run}/input.json"
        try:
            return json.loads(client.get_object(Bucket=self._deployed.bucket, Key=self._deployed.prefix + key)["Body"].read())
        except client.exceptions.NoSuchKey:
            return None


@pytest.mark.parametrize("name", ["a", "b"])
def test_a_scheduled_run_is_skipped_while_an_earlier_one_runs(engines: Engines, name: str, tmp_path: Path) -> None:
    file, gate = tmp_path / "nightly.py", tmp_path / "gate"
    file.write_text(FLOW.format(gate=str(gate)))
    machine = Machine(engines[name], file)
    first = machine.begin("first", SCHEDULED)
    until(lambda: machine.stored("first") is not None)
    assert machine.run("second", SCHEDULED) == "SUCCEEDED"
    assert machine.states("second")[-1] == "skip run"
    assert machine.stored("second") is None
    by_hand = machine.begin("by-hand", {"parameters": {}})
    until(lambda: machine.stored("by-hand") is not None)
    assert machine.ended == {"second": "SUCCEEDED"}
    gate.touch()
    first.join(60)
    by_hand.join(60)
    assert machine.run("third", SCHEDULED) == "SUCCEEDED"
    assert machine.ended == dict.fromkeys(("first", "second", "by-hand", "third"), "SUCCEEDED")
    assert machine.states("third")[-1] == "end"
    assert machine.stored("third") == SCHEDULED


@pytest.mark.parametrize("name", ["a", "b"])
def test_a_scheduled_run_that_a_user_started_keeps_its_parameters(engines: Engines, name: str, tmp_path: Path) -> None:
    file, gate = tmp_path / "nightly.py", tmp_path / "gate"
    file.write_text(FLOW.format(gate=str(gate)))
    gate.touch()
    machine = Machine(engines[name], file)
    given = {"parameters": {}, "tags": ["mine"], **SCHEDULED}
    assert machine.run("tagged", given) == "SUCCEEDED"
    assert machine.stored("tagged") == given
