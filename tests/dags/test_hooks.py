"""What a DAG does when a run has ended: callbacks, and the task of the exit hooks."""

from __future__ import annotations

import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

import flowport.targets.airflow
from dags.emitted import lines, said, source
from flowport.compiler.compile import load
from flowport.compiler.ir import ExitHooks
from flowport.compiler.ir.plan import Plan
from flowport.compiler.record import replace
from receiver import HANGS, Receiver

SNIPPET = Path(flowport.targets.airflow.__file__).parent / "snippets" / "receivers.py"

FLOW = """
from flowport import FlowSpec, environment, exit_hook, kubernetes, resources, step

def tell():
    pass

@exit_hook(on_error=[tell])
class TrainFlow(FlowSpec):
    @environment(vars={"CHANNEL": "$ops"})
    @kubernetes(image="first:1")
    @resources(memory=64000)
    @step
    def start(self):
        self.numbers = [1, 2]
        self.next(self.exit_hooks, foreach="numbers")

    @step
    def exit_hooks(self):
        self.next(self.join)

    @step
    def join(self, inputs):
        self.next(self.end)

    @step
    def end(self):
        pass
"""


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    (tmp_path / "flow.py").write_text(FLOW)
    found = load(str(tmp_path / "flow.py"))
    assert found.plan is not None, found.diagnostics
    return found.plan


def dag_arguments(made: str) -> str:
    return made.partition("with DAG(")[2].partition(") as dag:")[0]


def test_the_task_of_the_hooks_is_like_that_of_the_first_step_and_waits_for_all_others(plan: Plan) -> None:
    made, waits = lines(plan)[-2:]
    assert made == (
        'exit_hooks_2 = step("exit_hooks_2", command="hooks", environment={"FLOWPORT_TARGET": "airflow", "FLOWPORT_AGAIN": '
        '" --target airflow", "CHANNEL": "$$ops"}, execution_timeout=timedelta(minutes=21), image="first:1").as_teardown()'
    )
    assert waits == "exit_hooks_2.set_upstream([each for each in dag.tasks if each is not exit_hooks_2])"
    assert "callback" not in source(plan)


def test_callbacks_have_the_names_of_addresses_and_only_receivers_that_are_asked_for(plan: Plan) -> None:
    made = source(plan, on_failure=[{"slack": "connection:alerts"}, {"webhook": "env:ALERTS"}], profile="prod")
    assert (
        'on_failure_callback=tell(\n        "failed",\n        [("slack", "connection:alerts"), ("webhook", "env:ALERTS")],\n'
        '        flow="TrainFlow",\n        options=" --target airflow --profile prod",\n    ),' in dag_arguments(made)
    )
    assert "on_success_callback" not in made
    plan = Plan(replace(plan.flow, exit_hooks=ExitHooks()), plan.body)
    made = source(plan, on_success=[{"webhook": "https://alerts.example.com/flows"}])
    assert 'on_success_callback=tell(\n        "done",\n        [("webhook", "https://alerts.example.com/flows")],' in dag_arguments(made)


@pytest.mark.parametrize(("cooldown", "hooks"), [(60, False), (None, True)])
def test_the_last_task_tells_of_a_success_where_airflow_may_take_other_runs_for_one(plan: Plan, cooldown: int | None, hooks: bool) -> None:
    """Those that the gate ends, and those that somebody stopped: Airflow skips the last task then, and calls no callback of such a task."""
    if not hooks:
        plan = Plan(replace(plan.flow, exit_hooks=ExitHooks()), plan.body)
    heard = [{"slack": "connection:alerts"}, {"webhook": "env:ALERTS"}]
    (end,) = [line for line in lines(plan, cooldown=cooldown, on_success=heard, on_failure=heard) if line.startswith("end = ")]
    told = 'tell("done", [("slack", "connection:alerts"), ("webhook", "env:ALERTS")], flow="TrainFlow", options=" --target airflow", '
    assert f"on_success_callback={told}seconds=9)" in end
    made = dag_arguments(source(plan, cooldown=cooldown, on_success=heard, on_failure=heard))
    assert "on_failure_callback=tell(" in made
    assert "on_success_callback" not in made


def test_a_callback_of_a_task_has_a_limited_time(snippet: Any) -> None:
    with Receiver(HANGS) as hanging, Receiver() as good:
        callback = snippet.tell("done", [("webhook", hanging.address), ("webhook", good.address)], flow="F", seconds=0.5)
        with pytest.raises(RuntimeError, match="it has not answered within"):
            callback({"run_id": "r"})
    assert [one["status"] for one in good.bodies] == ["done"]


@pytest.mark.parametrize(
    ("entry", "code"),
    [
        ({"slack": "https://hooks.slack.com/services/T/B/SECRET"}, "FP445"),
        ({"webhook": "https://example.com/x?token=SECRET"}, "FP445"),
        ({"slack": "kubernetes:alerts/slack"}, "FP490"),
        ({"slack": "aws-secrets-manager.alerts"}, "FP490"),
        ({"slack": "connection:two words"}, "FP490"),
    ],
)
def test_a_receiver_that_is_a_secret_or_cannot_be_found_is_refused(plan: Plan, entry: dict[str, Any], code: str) -> None:
    found = [one for one in said(plan, on_success=[entry]) if one.severity == "error"]
    assert [one.code for one in found] == [code]
    assert "SECRET" not in found[0].message
    assert "`connection:ID` for a connection of Airflow" in found[0].help[0]


@pytest.fixture
def snippet(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The code of the callbacks, with connections of its own in the place of Airflow's."""
    found: dict[str, Any] = {}
    sdk = ModuleType("airflow.sdk")
    sdk.BaseHook = SimpleNamespace(get_connection=found.__getitem__)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "airflow", ModuleType("airflow"))
    monkeypatch.setitem(sys.modules, "airflow.sdk", sdk)
    spec = spec_from_file_location("receivers_of_a_dag", SNIPPET)
    assert spec is not None
    assert spec.loader is not None
    module: Any = module_from_spec(spec)
    spec.loader.exec_module(module)
    module.connections = found
    return module


@pytest.mark.parametrize(
    ("kind", "connection", "expected"),
    [
        ("slack", ("http", "https://hooks.slack.com/services", None, "", "T/B/X"), ("https://hooks.slack.com/services/T/B/X", None)),
        ("slack", ("slackwebhook", "hooks.slack.com/services", None, "https", "/T/B/X"), ("https://hooks.slack.com/services/T/B/X", None)),
        ("slack", ("https", "hooks.slack.com", None, "services/T/B/X", ""), ("https://hooks.slack.com/services/T/B/X", "")),
        ("webhook", ("http", "localhost", 8080, "", "token"), ("http://localhost:8080", "token")),
        ("webhook", ("generic", "https://example.com/x", None, "", ""), ("https://example.com/x", "")),
        ("webhook", ("generic", None, None, None, None), ("https://", None)),
    ],
)
def test_a_connection_of_any_form_has_an_address(snippet: Any, kind: str, connection: tuple[Any, ...], expected: tuple[str, Any]) -> None:
    """As users fill in the form, and as Airflow reads the address in `AIRFLOW_CONN_ALERTS`."""
    names = ("conn_type", "host", "port", "schema", "password")
    snippet.connections["alerts"] = SimpleNamespace(**dict(zip(names, connection, strict=True)))
    assert snippet.address(kind, "connection:alerts") == expected


def test_a_receiver_that_hangs_takes_a_limited_time(snippet: Any) -> None:
    with Receiver(HANGS) as receiver, pytest.raises(RuntimeError, match="it has not answered within"):
        snippet.post("webhook", receiver.address, {}, seconds=0.5)


def test_an_error_that_nobody_expects_is_seen_without_the_address(snippet: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(url: str, *more: Any) -> str:
        raise LookupError(url)

    monkeypatch.setattr(snippet, "sent", broken)
    with pytest.raises(RuntimeError, match=r"^it cannot be sent: LookupError$"):
        snippet.post("webhook", "https://example.com/T0K3N", {})


def test_a_redirect_gets_neither_the_message_nor_the_token(snippet: Any) -> None:
    with Receiver(302) as receiver:
        assert snippet.sent(receiver.address, "T0K3N", {}) == "it answers 302"
    assert (receiver.bodies, receiver.redirected) == ([{}], [])


@pytest.mark.parametrize(
    ("address", "is_secret"),
    [
        ("https://hooks.slack-gov.com/services/T/B/X", True),
        ("https://HOOKS.slack.com./services/T/B/X", True),
        ("https://discord.com/api/webhooks/1/X", True),
        ("https://ptb.discordapp.com/api/v10/webhooks/1/X", True),
        ("https://acme.webhook.office.com/webhookb2/X", True),
        ("https://outlook.office.com/webhook/X", True),
        ("https://prod-1.westeurope.logic.azure.com:443/workflows/X", True),
        ("https://api.telegram.org/botX/sendMessage", True),
        ("https://notslack.com/x", False),
        ("https://slack.com.example.com./x", False),
    ],
)
def test_an_address_of_a_host_whose_webhooks_have_tokens_is_refused(plan: Plan, address: str, is_secret: bool) -> None:
    found = [one.code for one in said(plan, on_success=[{"webhook": address}]) if one.severity == "error"]
    assert found == ["FP445"] * is_secret
