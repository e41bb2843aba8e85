"""Our own checks of documents: no emitted one has a problem, and a canary for each check that spoils one finds exactly that."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml

from argo.checks import CHECKS, problems
from argo.emitted import document
from argo.podspecs import pod_problems
from flowport.compiler.ir import Case, End, Foreach, Next, Parameter, Resources, Retry, Settings, Switch
from plans import PATHS, flow, plan_of

ODD: dict[str, Any] = {
    "store": "s3://bucket/}} {/$(HOME)/ö",
    "image": "registry.example.com:5000/a/b_c@sha256:" + "0" * 64,
    "namespace": "n" * 63,
    "name": "0" + "-" * 61 + "0",
    "service_account": "runner.of-flows",
    "image_pull_secrets": ["one", "two"],
    "labels": {"team": "", "example.com/a_B.c": "x" * 63, "yes": "true"},
    "node_selector": {"kubernetes.io/arch": "amd64", "no": "0"},
    "tolerations": [
        {"operator": "Exists"},
        {"key": "batch", "operator": "Equal", "value": "on", "effect": "NoExecute", "tolerationSeconds": 0},
    ],
    "secrets": ["database", "n"],
    "volumes": [
        {"name": "models", "mountPath": "/models a", "persistentVolumeClaim": {"claimName": "models", "readOnly": True}},
        {"name": "0", "mountPath": "/tmp/{x}", "emptyDir": {"sizeLimit": "1.5Gi"}},
        {"name": "all", "mountPath": "/all", "projected": {"sources": [{"secret": {"name": "database"}}], "defaultMode": 0o400}},
    ],
    "run_as_user": 2**31 - 1,
    "max_concurrency": 1,
    "keep_days": 24_855,
    "width": 1,
    "total": 1,
}
"""All settings, with values that are allowed and rare."""


@pytest.mark.parametrize("profile", [{}, ODD], ids=["few settings", "all settings"])
@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_nobody_finds_a_fault_in_a_document(path: Path, profile: dict[str, Any]) -> None:
    made = document(plan_of(path), **profile)
    assert problems(made) == []
    assert pod_problems(made) == []


@pytest.mark.parametrize("text", ["{{=2+2}}", "{{workflow.name}}", "{{= (}}", "{{"])
def test_braces_of_a_user_are_not_evaluated(text: str) -> None:
    step = ("start", End(), Settings(environment=(("A", text),)))
    assert problems(document(flow(step), store=f"s3://bucket/{text}")) == []


GOOD = document(
    flow(
        ("start", Foreach("cut", "sizes"), Settings(retry=Retry(3, 2), resources=Resources(shared_memory=64))),
        ("cut", Next("sew")),
        ("sew", Next("collect")),
        ("collect", Switch("way", (Case("a", "inner"), Case("b", "late"))), "join"),
        ("inner", Switch("way", (Case("a", "late"), Case("b", "end")))),
        ("late", Next("end"), Settings(timeout=60)),
        ("end", End()),
        parameters=(Parameter("note", "note", "str", default="{{=1}}"),),
    ),
    labels={"team": "vision"},
)
CRON = yaml.safe_load("""
apiVersion: argoproj.io/v1alpha1
kind: CronWorkflow
metadata: {name: small}
spec:
  schedules: ["0 3 * * MON-FRI", "*/5 0,12 1 1 *"]
  timezone: Europe/Berlin
  concurrencyPolicy: Forbid
  startingDeadlineSeconds: 600
  workflowSpec: {workflowTemplateRef: {name: small}}
""")
TURNS = yaml.safe_load("""
apiVersion: argoproj.io/v1alpha1
kind: WorkflowTemplate
metadata: {name: turns}
spec:
  entrypoint: main
  templates:
  - name: main
    dag:
      tasks:
      - {name: work, template: turn, arguments: {parameters: [{name: turn, value: "0"}]}}
      - name: end
        template: pod
        depends: work.Succeeded
        arguments: {parameters: [{name: turn, value: "{{= tasks['work'].outputs.parameters.left }}"}]}
  - name: turn
    inputs: {parameters: [{name: turn}]}
    outputs:
      parameters:
      - name: left
        valueFrom: {expression: "tasks['again']?.outputs?.parameters?.left ?? tasks['decide'].outputs.parameters.left"}
    dag:
      tasks:
      - {name: first, template: pod, arguments: &same {parameters: [{name: turn, value: "{{inputs.parameters.turn}}"}]}}
      - {name: a, template: pod, depends: first.Succeeded, when: "{{= tasks['first'].outputs.parameters.left == 'a' }}", arguments: *same}
      - {name: b, template: pod, depends: a.Succeeded, arguments: *same}
      - {name: decide, template: pod, depends: "first.Succeeded && (b.Succeeded || a.Skipped)", arguments: *same}
      - name: again
        template: turn
        depends: decide.Succeeded
        when: "{{= tasks['decide'].outputs.parameters.left == 'again' }}"
        arguments: {parameters: [{name: turn, value: "{{= string(int(inputs.parameters.turn) + 1) }}"}]}
  - name: pod
    inputs: {parameters: [{name: turn}]}
    outputs: {parameters: [{name: left, valueFrom: {path: /tmp/left}}]}
    container: {image: "image:1", command: [python], env: [{name: TURN, value: "{{inputs.parameters.turn}}"}]}
""")
"""A template that calls itself, with an output that says how its turns ended."""


@pytest.mark.parametrize("good", [GOOD, CRON, TURNS], ids=["pods", "schedule", "turns"])
def test_what_the_canaries_spoil_is_good(good: Any) -> None:
    assert problems(good) == []


GONE = object()
HASTY = "{{= (tasks['decide']?.outputs?.parameters?.left ?? '') == 'again' }}"
SPEC = "spec.templates"
MAIN, START, STEP, TURN = f"{SPEC}.main.dag.tasks", f"{SPEC}.start", f"{SPEC}.step", f"{SPEC}.turn"
LATE, COUNT, NOTE = f"{MAIN}.late", f"{MAIN}.sizes.withSequence.count", "spec.arguments.parameters.note"
SLICE, LEFT = f"{LATE}.arguments.parameters.slice.value", f"{TURN}.outputs.parameters.left.valueFrom.expression"
KEPT, REFERENCE = "spec.ttlStrategy.secondsAfterCompletion", "spec.workflowSpec.workflowTemplateRef.name"


def spoiled(good: Any, path: str, value: Any) -> Any:
    """A copy with another value, or none, at a path, on which `+` is a new entry of a list."""
    made = part = deepcopy(good)
    *way, last = path.split(".")
    for word in way:
        part = part[_place(part, word)]
    if last == "+":
        part.append(value)
    elif value is GONE:
        del part[_place(part, last)]
    else:
        part[last] = value
    return made


def _place(part: Any, word: str) -> Any:
    return word if isinstance(part, dict) else next(number for number, each in enumerate(part) if each["name"] == word)


def many(count: int, **more: Any) -> list[dict[str, Any]]:
    return [{"name": f"n{number}", **more} for number in range(count)]


SPARE = {"name": "spare", "container": {"image": "image", "command": ["python"]}}
NAMES = [
    ("spec.arguments.parameters", many(501), "spec.arguments.parameters has more than Argo takes: 501 and not 500"),
    (f"{START}.container.env.+", {"name": "FLOWPORT_STEP", "value": ""}, f"{START}.container.env has a name twice: FLOWPORT_STEP"),
    (f"{NOTE}.name", "größe", "spec.arguments.parameters has a name that Argo does not take: größe"),
    (f"{MAIN}.end.name", "e_nd", f"{MAIN} has a name that Argo does not take: e_nd"),
    (f"{MAIN}.end.name", "e" * 129, f"{MAIN} has a name that Argo does not take: {'e' * 129}"),
    ("metadata.name", "x" * 64, f"metadata.name is no name of a Kubernetes object: {'x' * 64}"),
    ("metadata.name", "small-", "metadata.name is no name of a Kubernetes object: small-"),
    ("metadata.namespace", "a.b", "metadata.namespace is no name of a Kubernetes object: a.b"),
    ("metadata.labels.team", "a b", "metadata.labels has a label that Kubernetes does not take: team: a b"),
    ("spec.podMetadata.labels.team", 1, "spec.podMetadata.labels has a label that Kubernetes does not take: team: 1"),
    ("spec.nodeSelector", {"/": ""}, "spec.nodeSelector has a label that Kubernetes does not take: /: "),
    (KEPT, 2**31, f"{KEPT} is too large a number: {2**31}"),
    ("spec.synchronization", {"mutex": {}}, "spec.synchronization.mutex is a field that Argo 4 does not have: use the list"),
    (f"{STEP}.synchronization", {"semaphore": {}}, f"{STEP}.synchronization.semaphore is a field that Argo 4 does not have: use the list"),
]
CALLS = [
    ("spec.entrypoint", "mian", "spec.entrypoint calls a template that is not there: mian"),
    (f"{MAIN}.end.template", "stop", f"{MAIN}.end calls a template that is not there: stop"),
    (f"{SPEC}.+", SPARE, f"{SPEC}.spare is a template that nobody calls"),
    (f"{LATE}.arguments.parameters.+", {"name": "x", "value": ""}, f"{LATE} gives an argument that its template does not take: x"),
    (f"{LATE}.arguments.parameters.slice", GONE, f"{LATE} lacks an argument that its template takes: slice"),
    (SLICE, GONE, f"{LATE} lacks an argument that its template takes: slice"),
    (f"{SPEC}.main.inputs", {"parameters": [{"name": "n"}]}, "spec lacks an argument that its template takes: n"),
]
WAITS = [
    (f"{LATE}.depends", "inner.Succeeded && (inner.Skipped", f"{LATE}.depends is no condition: ("),
    (f"{LATE}.depends", "inner.Succeeded inner.Skipped", f"{LATE}.depends is no condition: inner.Succeeded inner.Skipped"),
    (f"{LATE}.depends", "inner.Succeeded & collect.Succeeded", f"{LATE}.depends is no condition: inner.Succeeded & collect.Succeeded"),
    (f"{LATE}.depends", "inner.Succeeded && 1.Succeeded", f"{LATE}.depends is no condition: 1.Succeeded"),
    (f"{LATE}.depends", "inner.Succeeded && let.Succeeded", f"{LATE}.depends is no condition: let.Succeeded"),
    (f"{MAIN}.end.dependencies", ["late"], f"{MAIN}.end uses `dependencies`, which takes skipped tasks for done"),
    (f"{LATE}.depends", "inner.Succeeded && !x.Failed", f"{LATE}.depends waits for a task that is not there: x"),
    (f"{LATE}.depends", "inner", f"{LATE}.depends waits for a task and does not say how it has to end: inner"),
    (f"{LATE}.depends", "inner.Done", f"{LATE}.depends waits for an end that no task has: inner.Done"),
    (
        f"{MAIN}.end.depends",
        "late.Omitted",
        f"{MAIN}.end.depends takes a task that was left out, maybe after a failure, for one that is done: late",
    ),
    (
        f"{MAIN}.inner.depends",
        "collect.Succeeded && late.Succeeded",
        f"{SPEC}.main has tasks that wait for each other: inner -> late -> inner",
    ),
]
TEXTS = [
    (f"{LATE}.when", "1 == 1", f"{LATE}.when is not one whole expression: 1 == 1"),
    (f"{LATE}.when", "{{= true }} && {{= true }}", f"{LATE}.when is not one whole expression: {{{{= true }}}} && {{{{= true }}}}"),
    (f"{LATE}.when", "{{= 'a == 1 }}", f"{LATE}.when cannot be read: 'a == 1"),
    (f"{LATE}.when", "{{= (1 == 1 }}", f"{LATE}.when cannot be read: ("),
    (f"{LATE}.when", "{{= len([1)] == 1 }}", f"{LATE}.when cannot be read: )"),
    (f"{LATE}.when", "{{= tasks.a-b.status == '' }}", f"{LATE}.when cannot be read: `a-b` is a difference, and a name in quotes only"),
    (SLICE, "a {{ b", f"{SLICE} cannot be read: braces that do not match"),
    (SLICE, "{{= '}}' }}", f"{SLICE} cannot be read: braces that do not match"),
    (f"{START}.retryStrategy.expression", "lastRetry.exitCode != '78", f"{START}.retryStrategy.expression cannot be read: '78"),
    (f"{NOTE}.value", "{{= ( }}", f"{NOTE}.value cannot be read: ("),
    (SLICE, "{{item}}", f"{SLICE} has a tag that means nothing there: {{{{item}}}}"),
    (SLICE, "{{inputs.parameters.slice}}", f"{SLICE} has a tag that means nothing there: {{{{inputs.parameters.slice}}}}"),
    (SLICE, "{{workflow.parameters.note}}", f"{SLICE} has a tag that means nothing there: {{{{workflow.parameters.note}}}}"),
    (f"{STEP}.container.image", "{{x}}", f"{STEP}.container.image has a tag that means nothing there: {{{{x}}}}"),
    (f"{LATE}.when", "{{= now() == '' }}", f"{LATE}.when has a name that means nothing there: now"),
    (SLICE, "{{= item }}", f"{SLICE} has a name that means nothing there: item"),
    (
        f"{STEP}.container.env.FLOWPORT_STEP.value",
        "{{=tasks['start'].status}}",
        f"{STEP}.container.env.FLOWPORT_STEP.value has a name that means nothing there: tasks.start.status",
    ),
    (SLICE, "{{=sprig.b64enc(workflow.parameters.x)}}", f"{SLICE} asks for a field that the form does not have: workflow.parameters.x"),
    (SLICE, "{{=workflow.parameters['note']}}", f"{SLICE} puts what a user typed where Argo evaluates it: workflow.parameters.note"),
    (SLICE, "{{=sprig.b64dec('e3s=')}}", f"{SLICE} makes a text that Argo evaluates once more: sprig.b64dec"),
]
ASKS = [
    (f"{LATE}.when", "{{= tasks['end'].status == '' }}", f"{LATE}.when asks a task that it does not wait for: end"),
    (f"{LATE}.depends", "collect.Succeeded", f"{LATE}.when asks a task that it does not wait for: inner"),
    (f"{MAIN}.sizes.depends", GONE, f"{COUNT} asks a task that it does not wait for: start"),
    (COUNT, "{{tasks.collect.outputs.parameters.route}}", f"{COUNT} asks a task that it does not wait for: collect"),
    (COUNT, "{{= tasks['start'].outputs.result }}", f"{COUNT} asks for what the task does not give: tasks.start.outputs.result"),
    (COUNT, "{{tasks.start.outputs.parameters.n}}", f"{COUNT} asks for what the task does not give: tasks.start.outputs.parameters.n"),
    (f"{MAIN}.sizes.depends", "start.Succeeded || start.Failed", f"{COUNT} relies on a task that may not have run: start"),
    (
        f"{LATE}.when",
        "{{= tasks['inner'].outputs.parameters.route ?? '' == '' }}",
        f"{LATE}.when relies on a task that may not have run: inner",
    ),
    (
        f"{LATE}.when",
        "{{= tasks['inner']?.outputs?.parameters?.route == '' }}",
        f"{LATE}.when relies on a task that may not have run: inner",
    ),
    (
        f"{LATE}.when",
        "{{= tasks['inner']?.outputs.parameters?.route ?? '' == '' }}",
        f"{LATE}.when relies on a task that may not have run: inner",
    ),
]
PODS = [
    (f"{SPEC}.sizes.retryStrategy", {}, f"{SPEC}.sizes is no pod and has: retryStrategy"),
    (f"{SPEC}.sizes.activeDeadlineSeconds", 1, f"{SPEC}.sizes is no pod and has: activeDeadlineSeconds"),
    ("spec.templateDefaults", {"retryStrategy": {}}, "spec.templateDefaults is no pod and has: retryStrategy"),
    (f"{START}.retryStrategy.retryPolicy", "OnFailure", f"{START}.retryStrategy does not say how to try again: retryPolicy"),
    (f"{START}.retryStrategy.expression", GONE, f"{START}.retryStrategy does not say how to try again: expression"),
    (f"{START}.container.command", GONE, f"{START} has no command: container"),
    (f"{START}.container.env.+", {"name": "N", "value": 1}, f"{START}.container.env has a variable that is no text: N"),
    (f"{START}.volumes", GONE, f"{START} mounts what is not there, or two things in one place: shared-memory"),
    (f"{START}.container.resources.limits.memory", "4 GB", f"{START}.container.resources.limits is no quantity: 4 GB"),
]
LAST = [
    (
        f"{TURN}.dag.tasks.again.when",
        HASTY,
        f"{TURN}.dag.tasks.again.when can be answered before its tasks have run: {HASTY}",
    ),
    (LEFT, "tasks['x'].status", f"{LEFT} asks a task that it does not wait for: x"),
    (LEFT, "tasks['again'].outputs.parameters.left", f"{LEFT} relies on a task that may not have run: again"),
    (LEFT, "tasks['b'].outputs.parameters.left", f"{LEFT} relies on a task that may not have run: b"),
    (f"{TURN}.dag.tasks.decide.depends", "first.Succeeded && b.Succeeded", f"{LEFT} relies on a task that may not have run: decide"),
]
SCHEDULES = [
    ("metadata.name", "x" * 53, f"metadata.name is no name of a Kubernetes object: {'x' * 53}"),
    ("spec.schedule", "0 3 * * *", "spec.schedule is a field that Argo 4 does not have: use the list"),
    ("spec.schedules", [], "spec.schedules is no cron expression of five fields: []"),
    ("spec.schedules", ["* * * * * *"], "spec.schedules is no cron expression of five fields: * * * * * *"),
    ("spec.timezone", "Europe/Bonn", "spec.timezone is not one of Argo's: Europe/Bonn"),
    ("spec.concurrencyPolicy", "Never", "spec.concurrencyPolicy is not one of Argo's: Never"),
    ("spec.startingDeadlineSeconds", "60", "spec.startingDeadlineSeconds is not one of Argo's: 60"),
    (REFERENCE, "a_b", f"{REFERENCE} is no template: a_b"),
]
CAPITAL = spoiled(GOOD, f"{START}.name", "Start")
CANARIES = [
    (CAPITAL, f"{MAIN}.start.template", "Start", "spec.templates.Start is a pod of a name that Kubernetes does not take: Start"),
    *((GOOD, *canary) for canary in (*NAMES, *CALLS, *WAITS, *TEXTS, *ASKS, *PODS)),
    *((TURNS, *canary) for canary in LAST),
    *((CRON, *canary) for canary in SCHEDULES),
]


@pytest.mark.parametrize(("good", "path", "value", "said"), CANARIES, ids=[said[:80] for *_, said in CANARIES])
def test_a_canary_is_found(good: Any, path: str, value: Any, said: str) -> None:
    assert problems(spoiled(good, path, value)) == [said]


def test_every_check_has_a_canary() -> None:
    found = " ".join(said for *_, said in CANARIES)
    assert [name for checks in CHECKS.values() for name in checks if name not in found] == []


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        (f"{START}.container.comand", [], f"{START} spec.containers.0: Additional properties are not allowed ('comand' was unexpected)"),
        (f"{STEP}.volumes", [{"emptyDir": {}}], f"{STEP} spec.volumes.0: 'name' is a required property"),
        ("spec.securityContext.runAsUser", "me", f"{START} spec.securityContext.runAsUser: 'me' is not of type 'integer', 'null'"),
        ("spec.tolerations", {"key": "a"}, f"{START} spec.tolerations: {{'key': 'a'}} is not of type 'array', 'null'"),
    ],
)
def test_a_canary_is_no_pod(path: str, value: Any, said: str) -> None:
    assert pod_problems(spoiled(GOOD, path, value)) == [said]
