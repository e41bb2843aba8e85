"""What a workflow does when it has ended: its exit handler, on the local engine, with a receiver on this machine."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from argo.checks import problems
from argo.emitted import document, said, text
from argo.test_documents import lost
from argo.test_documents import read as of_hera
from engines.argo.runs import run
from flowport.compiler.compile import load
from flowport.compiler.ir.plan import Plan
from flowport.runtime.records.hooks import HookOutcome, read_outcomes
from flowport.runtime.run.status import run_status
from flowport.runtime.store.keys import Keys
from flowport.runtime.store.open import open_store
from flowport.targets.argo.engine.fields import unknown
from receiver import Receiver, without_time

FLOW = """
from flowport import FlowSpec, Parameter, environment, exit_hook, kubernetes, step

def tell(run):
    assert run.successful
    open(run.data.place, "w").write(run.pathspec)

def complain():
    raise ValueError("nobody listens")

@exit_hook(on_success=[tell], on_error=[complain])
class TrainFlow(FlowSpec):
    place = Parameter("place", default="")

    @environment(vars={"CHANNEL": "{{ops}}"})
    @kubernetes(image="first:1", service_account="trainer")
    @step
    def start(self):
        assert self.place, "the place is secret"
        self.next(self.end)

    @step
    def end(self):
        pass
"""
ALERTS = {"slack": "kubernetes:alerts/slack"}


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    (tmp_path / "flow.py").write_text(FLOW)
    found = load(str(tmp_path / "flow.py"))
    assert found.plan is not None, found.diagnostics
    return found.plan


@pytest.fixture
def quiet(tmp_path: Path) -> Plan:
    """The same flow without exit hooks."""
    (tmp_path / "quiet.py").write_text(FLOW.replace("@exit_hook(on_success=[tell], on_error=[complain])\n", ""))
    found = load(str(tmp_path / "quiet.py"))
    assert found.plan is not None, found.diagnostics
    return found.plan


def pod_of(made: Any) -> Any:
    """The pod of the exit handler."""
    templates = {template["name"]: template for template in made["spec"]["templates"]}
    (task,) = templates[made["spec"]["onExit"]]["dag"]["tasks"]
    assert task["continueOn"] == {"failed": True, "error": True}
    return {**templates[task["template"]], "when": task.get("when", "")}


def variables(pod: Any) -> dict[str, Any]:
    return {each["name"]: each.get("value", each.get("valueFrom")) for each in pod["container"]["env"]}


def test_the_exit_handler_is_known_to_argo_and_is_like_the_pod_of_the_first_step(plan: Plan) -> None:
    made = document(plan, on_failure=[ALERTS], on_success=[{"webhook": "env:ALERTS"}, {"slack": "aws-secrets-manager.alerts"}])
    assert lost(made, of_hera(made)) == []
    assert list(unknown(made)) == []
    assert problems(made) == []
    pod = pod_of(made)
    assert (pod["container"]["image"], pod["serviceAccountName"], pod["when"]) == ("first:1", "trainer", "")
    assert pod["container"]["command"] == ["python", "-m", "flowport.runtime", "hooks"]
    assert int(pod["timeout"].removesuffix("s")) > 900
    found = variables(pod)
    assert found["CHANNEL"] == "{$(FLOWPORT_BRACE)ops}}"
    assert found["FLOWPORT_ADDRESS_2"] == {"secretKeyRef": {"name": "alerts", "key": "slack", "optional": True}}
    assert json.loads(found["FLOWPORT_RECEIVERS"]) == [
        {"kind": "webhook", "on": "success", "name": "webhook env:ALERTS", "variable": "ALERTS"},
        {"kind": "slack", "on": "success", "name": "slack aws-secrets-manager.alerts", "secret": "aws-secrets-manager.alerts"},
        {"kind": "slack", "on": "failure", "name": "slack kubernetes:alerts/slack", "variable": "FLOWPORT_ADDRESS_2"},
    ]


def test_no_pod_is_started_for_an_end_that_nobody_asks_about(quiet: Plan) -> None:
    assert "onExit" not in text(quiet)
    assert pod_of(document(quiet, on_failure=[ALERTS]))["when"] == "{{workflow.status}} != Succeeded"
    assert pod_of(document(quiet, on_success=[ALERTS]))["when"] == "{{workflow.status}} == Succeeded"


def test_everybody_is_told_of_a_run_that_is_done(plan: Plan, tmp_path: Path) -> None:
    with Receiver() as receiver:
        ended = run(plan, {"place": str(tmp_path / "told")}, tmp_path / "store", on_success=[{"webhook": receiver.address}])
    assert ended.succeeded, ended.said
    assert ended.nodes["onExit.hooks"] == "Succeeded"
    assert (tmp_path / "told").read_text() == "TrainFlow/a-workflow"
    assert [without_time(told) for told in receiver.bodies] == [
        {
            "flow": "TrainFlow",
            "run": "a-workflow",
            "target": "argo",
            "status": "done",
            "steps": [],
            "command": "flowport status TrainFlow/a-workflow --target argo",
        }
    ]


def test_a_hook_and_a_receiver_that_fail_do_not_fail_a_run_and_are_seen(plan: Plan, tmp_path: Path) -> None:
    with Receiver(404) as receiver:
        address = receiver.address
        ended = run(plan, {"place": "/nowhere/at/all"}, tmp_path / "store", on_success=[{"webhook": address}, ALERTS])
    assert ended.succeeded, ended.said
    assert ended.nodes["onExit.hooks"] == "Failed"
    store, keys = open_store(ended.store), Keys("TrainFlow", ended.run)
    found = read_outcomes(store, keys)
    assert [outcome.name for outcome in found] == [
        "exit hook `tell`",
        f"the message to `webhook {address}`",
        "the message to `slack kubernetes:alerts/slack`",
    ]
    assert [outcome.error[:17] for outcome in found] == ["FileNotFoundError", "it answers 404", "there is no addre"]
    assert run_status(store, keys, json.loads(store.read(keys.run()))).status == "done"


def test_a_run_that_fails_keeps_its_phase_and_its_hooks_are_called(plan: Plan, tmp_path: Path) -> None:
    with Receiver() as receiver:
        ended = run(plan, {}, tmp_path / "store", on_failure=[{"webhook": receiver.address}])
    assert ended.phase == "Failed", ended.said
    assert [(told["status"], told["steps"]) for told in receiver.bodies] == [("failed", ["start"])]
    assert "secret" not in json.dumps(receiver.bodies)
    outcome = read_outcomes(open_store(ended.store), Keys("TrainFlow", ended.run))[0]
    assert outcome == HookOutcome("exit hook `complain`", "ValueError: nobody listens")


def test_without_continue_on_a_hook_that_fails_would_fail_the_workflow(plan: Plan, tmp_path: Path) -> None:
    """A canary: Argo's own rule, which the exit handler goes around."""

    def spoil(made: dict[str, Any]) -> None:
        for template in made["spec"]["templates"]:
            for task in template.get("dag", {}).get("tasks", ()):
                task.pop("continueOn", None)

    ended = run(plan, {"place": "/nowhere/at/all"}, tmp_path / "store", spoil)
    assert (ended.phase, ended.nodes["end"], ended.nodes["onExit.hooks"]) == ("Failed", "Succeeded", "Failed")


@pytest.mark.parametrize(
    ("entry", "code"),
    [
        ({"slack": "https://hooks.slack.com/services/T/B/SECRET"}, "FP445"),
        ({"webhook": "https://hooks.slack.com/services/T/B/SECRET"}, "FP445"),
        ({"webhook": "https://user:SECRET@example.com/x"}, "FP445"),
        ({"webhook": "https://example.com/x?token=SECRET"}, "FP445"),
        ({"webhook": "https://[SECRET"}, "FP445"),
        ({"slack": "connection:alerts"}, "FP490"),
        ({"slack": "kubernetes:alerts"}, "FP490"),
        ({"slack": "vault.alerts"}, "FP490"),
        ({"email": "kubernetes:alerts/slack"}, "FP490"),
        ({"slack": "env:A", "webhook": "env:B"}, "FP490"),
        ({"slack": 3}, "FP490"),
        ({}, "FP490"),
    ],
)
def test_a_receiver_that_is_a_secret_or_cannot_be_found_is_refused(quiet: Plan, entry: dict[str, Any], code: str) -> None:
    found = said(quiet, on_failure=[entry])
    assert [one.code for one in found] == [code]
    assert "SECRET" not in found[0].message
    assert "kubernetes:SECRET/KEY" in found[0].help[0]


@pytest.fixture
def golden_file(golden: Callable[[Path, str], None]) -> Callable[[str], None]:
    return lambda made: golden(Path(__file__).parent / "golden" / "hooks.yaml", made)


def test_the_exit_handler_as_it_is_written(quiet: Plan, golden_file: Callable[[str], None]) -> None:
    golden_file(text(quiet, on_failure=[ALERTS, {"webhook": "https://alerts.example.com/flows"}]).partition("    - name: exit\n")[2])
