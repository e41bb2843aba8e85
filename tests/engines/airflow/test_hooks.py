"""The end of a run on Airflow: callbacks with a receiver on this machine, and exit hooks as the last task, by two versions of Airflow."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from engines.airflow.dag_tests import DagTests
from engines.airflow.runs import RUN, AirflowRuns, Deployed, Ended
from flowport.compiler.compile import load
from flowport.compiler.ir.plan import Plan
from flowport.compiler.operations import EngineRun
from flowport.runtime.records.hooks import HookOutcome, read_outcomes
from flowport.runtime.store.keys import Keys
from flowport.runtime.store.open import open_store
from flowport.targets.airflow.deployment.operations import AirflowOperations
from receiver import Receiver, refused, without_time

FLOW = """
import time

from flowport import FlowSpec, Parameter, exit_hook, step

def tell(run):
    print("told of", run.pathspec)

def complain(run):
    raise ValueError("nobody listens")

@exit_hook(on_success=[tell, complain], on_error=[tell])
class Ends(FlowSpec):
    broken = Parameter("broken", default=False)
    seconds = Parameter("seconds", default=0)

    @step
    def start(self):
        time.sleep(self.seconds)
        self.next(self.prüfen)

    @step
    def prüfen(self):
        assert not self.broken, "a secret"
        self.next(self.end)

    @step
    def end(self):
        pass
"""
TELL, COMPLAIN = HookOutcome("exit hook `tell`", ""), HookOutcome("exit hook `complain`", "ValueError: nobody listens")
ASKED = "flowport: the task was asked to end"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "ends.py").write_text(FLOW)
    return tmp_path / "ends.py"


def plan_of(file: Path) -> Plan:
    found = load(str(file))
    assert found.plan is not None, found.diagnostics
    return found.plan


def outcomes(ended: Ended) -> list[HookOutcome]:
    return read_outcomes(open_store(ended.store), Keys("Ends", ended.run))


def told(ended: Ended, status: str, *steps: str) -> dict[str, Any]:
    command = f"flowport status Ends/{ended.run} --target airflow"
    return {"flow": "Ends", "run": ended.run, "target": "airflow", "status": status, "steps": [*steps], "command": command}


def check(python: Path, folder: Path, file: Path) -> None:
    """One that is done, one that fails, and both with receivers that do not listen."""
    with Receiver() as good, Receiver(404, 404) as bad, Receiver(404) as slack:
        connection = {"conn_type": "http", "host": slack.address.rpartition("/")[0], "password": "S3CR3T"}
        airflow = DagTests(folder, python, AIRFLOW_CONN_ALERTS=json.dumps(connection), ALERTS=good.address)
        all_of_them = [{"webhook": bad.address}, {"slack": "connection:alerts"}, {"slack": "connection:none"}, {"webhook": "env:ALERTS"}]
        profile = {"on_success": all_of_them, "on_failure": all_of_them}
        done, failed = airflow.run_plans([(plan_of(file), {"broken": broken}, profile) for broken in (False, True)])
    assert (done.state, failed.state) == ("success", "failed"), done.said + failed.said
    assert [without_time(one) for one in good.bodies] == [told(done, "done"), told(failed, "failed", "prüfen")]
    assert len(bad.bodies) == len(slack.bodies) == 2
    assert slack.bodies[1]["text"].startswith(f"Ends/{failed.run} failed in prüfen on airflow, ")
    assert "secret" not in json.dumps([*good.bodies, *bad.bodies, *slack.bodies])
    assert "slack connection:alerts was not told that Ends/" in failed.output
    assert set(slack.paths) == {"/hooks/S3CR3T"}
    assert "S3CR3T" not in failed.output
    assert (done.states["exit_hooks[-1]"], failed.states["exit_hooks[-1]"]) == ("failed", "success")
    assert (outcomes(done), outcomes(failed)) == ([TELL, COMPLAIN], [TELL])


def test_everybody_is_told_on_airflow_3(file: Path, tmp_path: Path) -> None:
    check(Path(sys.executable), tmp_path / "airflow", file)


def test_everybody_is_told_on_airflow_2(airflow_2: Path, file: Path, tmp_path: Path) -> None:
    check(airflow_2, tmp_path / "airflow", file)


def stop(airflow: AirflowRuns, deployed: Deployed, run: str) -> tuple[Ended, EngineRun | None]:
    """Start a run, and stop it while its first step runs; how it ended, and what `flowport status` says of that."""
    dag, scheduler, operations = deployed.dag, airflow.scheduler, AirflowOperations()
    settings: Any = SimpleNamespace(api=scheduler.url, dag_id=dag)
    scheduler.trigger(dag, run, {"seconds": 600})
    scheduler.until(lambda: scheduler.states(dag, run).get("start[-1]") == "running", "the first step to run", dag)
    assert operations.stop(settings, run) is not None
    return airflow.ended(deployed, run), operations.status(settings, run)


def test_a_hook_that_fails_and_receivers_that_do_not_listen_leave_a_run_of_the_scheduler_as_it_is(
    airflow: AirflowRuns, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The callbacks are called without flowport, and the last receiver is told all the same. Of a run that was stopped nobody is told."""
    with Receiver() as good:
        heard = [{"webhook": refused()}, {"webhook": good.address}]
        deployed = airflow.deploy(file, "ends", on_success=heard, on_failure=heard)
        done = airflow.run(deployed, {}, "done")
        monkeypatch.setenv("AIRFLOW_API_TOKEN", airflow.scheduler.ask("/auth/token")["access_token"])
        stopped, status = stop(airflow, deployed, "stopped")
        failed = airflow.run(deployed, {"broken": True}, RUN)
        airflow.scheduler.until(lambda: len(good.bodies) == 2, "the receiver to be told")
    assert (done.state, failed.state) == ("success", "failed"), done.said + failed.said
    assert [without_time(one) for one in good.bodies] == [told(done, "done"), told(failed, "failed", "prüfen")]
    assert (done.states["exit_hooks[-1]"], failed.states["exit_hooks[-1]"]) == ("failed", "success")
    assert (outcomes(done), outcomes(failed)) == ([TELL, COMPLAIN], [TELL])
    assert (stopped.state, stopped.states["end[-1]"], outcomes(stopped)) == ("success", "skipped", [TELL])
    assert status is not None
    assert status.state == "stopped"


def test_a_run_that_takes_too_long_sends_its_message_and_calls_no_hooks(airflow: AirflowRuns, file: Path) -> None:
    with Receiver() as good:
        deployed = airflow.deploy(file, "ends_late", on_failure=[{"webhook": good.address}], run_timeout=2)
        late = airflow.run(deployed, {"seconds": 600})
        airflow.scheduler.until(lambda: good.bodies, "the receiver to be told")
        airflow.scheduler.until(lambda: ASKED in airflow.scheduler.output(deployed.dag, RUN), "the step to be ended", deployed.dag)
    assert (late.state, {*late.states.values()}) == ("failed", {"skipped"})
    assert [without_time(one) for one in good.bodies] == [told(late, "failed")]
    assert outcomes(late) == []
