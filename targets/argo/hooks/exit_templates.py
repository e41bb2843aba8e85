"""Exit hooks and receivers -> the templates of the exit handler: a DAG of one task, and its pod.

Argo takes a workflow for failed whose exit handler fails. The DAG goes on after its task, so that the workflow keeps its own phase, and the
failed pod is still seen. `timeout` ends a pod that hangs (measured, 4.1.2), or never starts
(`checkTemplateTimeouts`).
"""

from __future__ import annotations

from typing import Any

from flowport.compiler.ir import JSON, ExecutionSpec, Flow, Resources, Step
from flowport.compiler.lower.gate import first_step
from flowport.compiler.lower.run_ids import run_prefix
from flowport.runtime.hooks.constants import COMMAND_WORD
from flowport.runtime.protocol import variable
from flowport.targets.argo.names import Names
from flowport.targets.argo.pods import Pod, listed, literal, pod_template
from flowport.targets.argo.settings import Settings
from flowport.targets.containers.needs import tempdir
from flowport.targets.hooks.receivers import Receiver, again, as_variable, receivers
from flowport.targets.hooks.time_limits import hook_seconds

START = 900
"""Seconds until the pod has to have started."""

STATUS = "{{workflow.status}}"


def exit_templates(flow: Flow, settings: Settings, name: Names) -> list[dict[str, JSON]]:
    """The templates, of which the first is the exit handler; none where nothing is to be done."""
    told = receivers(settings)
    ends = {one.on for one in told}
    ends |= {end for end, hooks in (("success", flow.exit_hooks.on_success), ("failure", flow.exit_hooks.on_error)) if hooks}
    if not ends:
        return []
    pod_name = name("exit hooks", "exit-hooks")
    task: dict[str, JSON] = {"name": "hooks", "template": pod_name, "continueOn": {"failed": True, "error": True}}
    if len(ends) == 1:
        task["when"] = f"{STATUS} {'==' if 'success' in ends else '!='} Succeeded"
    return [{"name": name("exit", "exit"), "dag": {"tasks": [task]}}, _pod(flow, settings, pod_name, told)]


def _pod(flow: Flow, settings: Settings, name: str, told: tuple[Receiver, ...]) -> dict[str, JSON]:
    """The pod, which is like that of the first step."""
    spec = hooks_pod(name, first_step(flow))
    keys = {one: f"FLOWPORT_ADDRESS_{number}" for number, one in enumerate(told) if one.place == "kubernetes"}
    said = {
        variable("run"): f"{run_prefix(flow)}{{{{workflow.name}}}}",
        variable("status"): STATUS,
        variable("target"): "argo",
        variable("again"): literal(again("argo", settings.profile)),
        **({variable("receivers"): literal(as_variable(told, keys))} if told else {}),
        **{name: literal(value) for name, value in (*tempdir(spec.execution.tmpfs), *spec.environment)},
    }
    environment = [*listed(said), *(_from_key(each, keys[each]) for each in keys)]
    made: dict[str, Any] = pod_template(name, spec, environment, settings)
    return {"name": name, "timeout": f"{START + hook_seconds(flow.exit_hooks, told)}s", **made}


def hooks_pod(name: str, first: Step) -> Pod:
    """The pod of the hooks: that of the first step, with the resources of a step that asks for none."""
    own = first.settings
    execution: ExecutionSpec = own.execution.for_pod()
    return Pod(
        name=name,
        command=COMMAND_WORD,
        answers=False,
        counts=False,
        node=False,
        first=False,
        scheduled=False,
        gate=None,
        turn=0,
        shared=1,
        retries=0,
        minutes=0,
        deadline=None,
        resources=Resources(),
        environment=own.variables,
        execution=execution,
        secrets=own.delivery.engine,
    )


def _from_key(receiver: Receiver, name: str) -> JSON:
    """A variable with an address. The pod starts without it, too: then the hook says what is missing."""
    secret, _, key = receiver.name.partition("/")
    return {"name": name, "valueFrom": {"secretKeyRef": {"name": secret, "key": key, "optional": True}}}
