"""An interpreter of WorkflowTemplates: what Argo's controller does with the documents that flowport emits, on this machine.

It reads the document alone. Nodes get the phases that Argo gives them. A field that it does not know it refuses before anything runs, an
expression when it comes to it.
"""

from __future__ import annotations

import json
import queue
import re
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeAlias

from flowport.compiler.record import field, record
from flowport.runtime.process.nodes import MOST_NODES
from flowport.targets.argo.engine.expressions import Unknown, evaluate, substitute
from flowport.targets.argo.engine.fields import unknown
from flowport.targets.argo.engine.pods import Finished, Process
from flowport.targets.kubernetes import is_name

SUCCEEDED, FAILED, ERROR, SKIPPED, OMITTED, RUNNING = "Succeeded", "Failed", "Error", "Skipped", "Omitted", "Running"
ENDED = (SUCCEEDED, FAILED, ERROR)
DEEPEST = 100
"""Templates inside each other that the controller runs (its `maxStackDepth`)."""

COMPARISON = re.compile(r"(\w+) (==|!=) (\w+)")
"""A condition between two words, as in `{{workflow.status}} == Succeeded` (Argo, examples/exit-handlers.yaml)."""

Done: TypeAlias = Callable[["Node"], None]


class DocumentError(Exception):
    """A document that this interpreter does not know in full, or that Argo would not take."""


@record(frozen=False)
class Node:
    """What became of one thing in a workflow, as in `status.nodes`."""

    name: str
    type: str
    template: str = ""
    phase: str = RUNNING
    message: str = ""
    outputs: dict[str, str] = field(default_factory=dict)
    exit_code: int | None = None
    followers: list[Done] = field(default_factory=list)

    @property
    def fulfilled(self) -> bool:
        return self.phase != RUNNING


def node_number(name: str) -> int:
    """What tells a node from the others of its workflow: FNV-1a of its name, in 32 bits (Argo's `NodeID`)."""
    number = 0x811C9DC5
    for byte in name.encode():
        number = (number ^ byte) * 0x01000193 & 0xFFFFFFFF
    return number


def with_defaults(template: Mapping[str, Any], spec: Mapping[str, Any]) -> Mapping[str, Any]:
    """A template with the variables of all containers behind its own, which come before others of the same name (measured, 4.1.2)."""
    common = spec.get("templateDefaults", {}).get("container", {}).get("env", [])
    if not common or "container" not in template:
        return template
    own = template["container"].get("env", [])
    named = {each["name"] for each in own}
    return {**template, "container": {**template["container"], "env": [*own, *(each for each in common if each["name"] not in named)]}}


class Workflow:
    """A run of a WorkflowTemplate under a name; `on_pod_end` is called with the variables of every pod that ends.

    A CronWorkflow starts it for its `scheduled_time`.
    """

    def __init__(
        self,
        document: Mapping[str, Any],
        name: str,
        given: Mapping[str, str],
        pods: int,
        on_pod_end: Callable[[Mapping[str, str], list[str], Finished], None],
        scheduled_time: str | None = None,
    ) -> None:
        if strange := list(unknown(document)):
            raise DocumentError(f"the local engine does not know {', '.join(f'`{path}`' for path in strange)}")
        self.spec = document["spec"]
        self.templates = {template["name"]: with_defaults(template, self.spec) for template in self.spec["templates"]}
        self.nodes: list[Node] = []
        self._name, self._on_pod_end, self._scheduled_time = name, on_pod_end, scheduled_time
        self._limit = min(pods, self.spec.get("parallelism", pods))
        self.message = ""
        self._events: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._running: set[Process] = set()
        self._known: dict[int, Node] = {}
        self.names, self.values = self._global(given)

    def _global(self, given: Mapping[str, str]) -> tuple[dict[str, str], dict[str, Any]]:
        parameters = [dict(each) for each in self.spec.get("arguments", {}).get("parameters", [])]
        for name in given.keys() - {each["name"] for each in parameters}:
            raise DocumentError(f"the workflow has no parameter `{name}`")
        for each in parameters:
            each["value"] = given.get(each["name"], each.get("value"))
            if each["value"] is None:
                raise DocumentError(f"spec.arguments.{each['name']}.value is required")
            if "enum" in each and each["value"] not in each["enum"]:
                raise DocumentError(f"`{each['value']}` is none of the choices of `{each['name']}`")
        # A parameter called `json` hides all of them together.
        known = {"json": json.dumps(parameters), **{each["name"]: each["value"] for each in parameters}}
        names = {"workflow.name": self._name, "workflow.uid": str(uuid.uuid4())}
        return names, {"workflow": {"parameters": known, "scheduledTime": self._scheduled_time}}

    def run(self) -> str:
        """Run it to its end; the phase that it has then. `message` says why the controller ended it, where it did."""
        top = self._whole(self._name, self.spec["entrypoint"], self.spec.get("activeDeadlineSeconds"))
        if "onExit" in self.spec:
            self.names["workflow.status"] = top.phase
            last = self._whole(f"{self._name}.onExit", self.spec["onExit"])
            return last.phase if top.phase == SUCCEEDED else top.phase
        return top.phase

    def _whole(self, name: str, template: str, seconds: int | None = None) -> Node:
        """Run a template to its end, which is a failure after so many seconds."""
        ended: list[Node] = []
        # What a deadline cuts off is heard by nobody: its events stay in a queue of their own.
        self._events, self._running = queue.SimpleQueue(), set()
        until = None if seconds is None else time.monotonic() + seconds
        with ThreadPoolExecutor(self._limit) as self._pool, ThreadPoolExecutor(MOST_NODES) as self._gangs:
            try:
                node = self.start(name, {"template": template}, {}, ended.append)
                while not ended:
                    self._events.get(timeout=None if until is None else max(0, until - time.monotonic()))()
            except queue.Empty:
                node.phase = FAILED
                self.message = f"the workflow ran longer than {seconds} seconds (`activeDeadlineSeconds`)"
            finally:
                for process in list(self._running):
                    process.stop()
                self._pool.shutdown(cancel_futures=True)
                self._gangs.shutdown(cancel_futures=True)
        return node

    def start(self, name: str, task: Mapping[str, Any], inputs: dict[str, str], done: Done) -> Node:
        """Begin a template with the values of its inputs."""
        template = self.templates[task["template"]]
        if message := self._hopeless(name, template):
            node = self._new(name, "DAG" if "dag" in template else "Pod", template)
            node.phase, node.message = ERROR, message
            done(node)
            return node
        wanted = {each["name"] for each in template.get("inputs", {}).get("parameters", [])}
        if wanted != inputs.keys():
            raise DocumentError(f"template `{template['name']}` takes {sorted(wanted)}, and `{name}` gives {sorted(inputs)}")
        if (twin := self._known.get(node_number(name))) is not None:
            # Argo (up to 4.1.2) takes a node for another one with the same number, which is then never run.
            if twin.fulfilled:
                done(twin)
            else:
                twin.followers.append(done)
            return twin

        def ended(node: Node) -> None:
            for each in (done, *node.followers):
                each(node)

        if "dag" in template:
            return Dag(self, self._new(name, "DAG", template), template, task, inputs, ended).node
        return Pod(self, name, template, inputs, ended).node

    def _hopeless(self, name: str, template: Mapping[str, Any]) -> str:
        """Why a template cannot even begin; a pod has the name of its template in its own, which has small letters only."""
        if name.removeprefix(self._name).count(".") >= DEEPEST:
            return "Maximum recursion depth exceeded"
        return "" if "dag" in template or is_name(template["name"]) else f'Pod "{self._name}-{template["name"]}" is invalid'

    def _new(self, name: str, type: str, template: Mapping[str, Any]) -> Node:
        node = Node(name, type, template["name"])
        self.nodes.append(node)
        self._known.setdefault(node_number(name), node)
        return node

    def filled(self, value: Any, names: Mapping[str, str], values: Mapping[str, Any], path: str, early: bool = False) -> Any:
        """A part of the document with its tags replaced; `early` leaves those that cannot be."""
        try:
            if isinstance(value, str):
                return substitute(value, {**self.names, **names}, {**self.values, **values}, early)
        except (Unknown, ValueError) as error:
            raise DocumentError(f"{path}: {error}") from error
        if isinstance(value, dict):
            return {key: self.filled(inner, names, values, f"{path}.{key}", early) for key, inner in value.items()}
        if isinstance(value, list):
            return [self.filled(inner, names, values, f"{path}[{number}]", early) for number, inner in enumerate(value)]
        return value

    def launch(self, template: Mapping[str, Any], done: Callable[[Finished], None]) -> None:
        """Run a pod as soon as there is a place for it."""
        process, events, running = Process(template), self._events, self._running
        running.add(process)

        def ended(future: Future[Finished]) -> None:
            finished = future.result()
            running.discard(process)
            self._on_pod_end(process.environment, template["container"]["command"], finished)
            done(finished)

        # What goes wrong in the thread is raised where the events are handled. The nodes of a gang wait for each other.
        pool = self._gangs if process.is_node else self._pool
        pool.submit(process.run).add_done_callback(lambda future: events.put(lambda: ended(future)))


class Pod:
    """A pod template, with its attempts."""

    def __init__(self, workflow: Workflow, name: str, template: Mapping[str, Any], inputs: dict[str, str], done: Done) -> None:
        names = {f"inputs.parameters.{key}": value for key, value in inputs.items()}
        self._strategy = template.get("retryStrategy")
        plain = {key: value for key, value in template.items() if key != "retryStrategy"}
        values, path = {"inputs": {"parameters": inputs}}, f"templates.{template['name']}"
        # Argo's `SubstituteParams` goes over a template twice: what an expression gave is searched for expressions, too.
        self._template = workflow.filled(workflow.filled(plain, names, values, path, early=True), names, values, path)
        self._workflow, self._done, self._attempt = workflow, done, 0
        self.node = workflow._new(name, "Retry" if self._strategy else "Pod", template)
        self._begin()

    def _begin(self) -> None:
        node = self.node
        if self._strategy:
            node = self._workflow._new(f"{self.node.name}({self._attempt})", "Pod", self._template)
        self._workflow.launch(self._template, lambda finished: self._ended(node, finished))

    def _ended(self, node: Node, finished: Finished) -> None:
        for each in (node, self.node):
            each.exit_code, each.message, each.outputs = finished.exit_code, finished.message, finished.outputs
        node.phase = SUCCEEDED if finished.exit_code == 0 else FAILED
        if node.phase == FAILED and self._again(finished):
            self._attempt += 1
            self._begin()
            return
        self.node.phase = node.phase
        self._done(self.node)

    def _again(self, finished: Finished) -> bool:
        strategy = self._strategy
        if not strategy or self._attempt >= int(strategy["limit"]):
            return False
        if strategy["retryPolicy"] != "Always":
            raise DocumentError(f"the local engine does not know the retryPolicy `{strategy['retryPolicy']}`")
        last = {"lastRetry": {"exitCode": str(finished.exit_code), "status": FAILED}}
        return bool(evaluate(strategy["expression"], last)) if "expression" in strategy else True


class Group:
    """A task that is run for every number of a sequence."""

    def __init__(self, workflow: Workflow, node: Node, count: int, begin: Callable[[int, Done], None], done: Done) -> None:
        self._node, self._left, self._done = node, count, done
        self._phase = SUCCEEDED
        for number in range(count):
            begin(number, self._ended)

    def _ended(self, node: Node) -> None:
        if node.phase in (FAILED, ERROR):
            self._phase = node.phase
        self._left -= 1
        if self._left == 0:
            self._node.phase = self._phase
            self._done(self._node)


class Dag:
    """A DAG template: tasks run when what they depend on has ended as they ask."""

    def __init__(
        self, workflow: Workflow, node: Node, template: Mapping[str, Any], caller: Mapping[str, Any], inputs: dict[str, str], done: Done
    ) -> None:
        self.node = node
        self._workflow, self._template, self._inputs, self._done = workflow, template, inputs, done
        self._names = {f"inputs.parameters.{key}": value for key, value in inputs.items()}
        # Argo's `ProcessArgs` tries all expressions when a template begins; where a task calls it, `tasks` has that one's name alone.
        known = {"inputs": {"parameters": inputs}, **({"tasks": {"name": caller["name"]}} if "name" in caller else {})}
        tasks = workflow.filled(template["dag"]["tasks"], self._names, known, f"templates.{template['name']}", early=True)
        self._tasks = {task["name"]: task for task in tasks}
        if any("depends" in task for task in tasks) and any("continueOn" in task for task in tasks):
            raise DocumentError(f"templates.{template['name']} cannot use 'continueOn' when using 'depends'")
        self._after = {name: tuple(self._mentioned(task)) for name, task in self._tasks.items()}
        self._nodes: dict[str, Node] = {}
        self._advancing = False
        self._advance()

    def _mentioned(self, task: Mapping[str, Any]) -> Iterator[str]:
        """The tasks in a `depends`."""
        for word in task.get("depends", "").replace("(", " ").replace(")", " ").replace("!", " ").split():
            if word not in ("&&", "||"):
                name, _, result = word.partition(".")
                if name not in self._tasks or result not in (SUCCEEDED, FAILED, "Errored", SKIPPED, OMITTED):
                    raise DocumentError(f"task `{task['name']}` depends on `{word}`")
                yield name

    def _advance(self) -> None:
        """Begin what can begin, until nothing more can."""
        if self._advancing:
            return
        self._advancing = True
        more = True
        while more:
            ready = [name for name in self._tasks if name not in self._nodes and self._is_ready(name)]
            for name in ready:
                self._begin(name)
            more = bool(ready)
        self._advancing = False
        if self.node.phase == RUNNING and all(node.fulfilled for node in self._nodes.values()):
            phase = self._phase()
            if phase == SUCCEEDED:
                self.node.outputs = dict(self._outputs())
            self.node.phase = phase
            self._done(self.node)

    def _outputs(self) -> Iterator[tuple[str, str]]:
        for each in self._template.get("outputs", {}).get("parameters", []):
            path = f"templates.{self._template['name']}.outputs.parameters.{each['name']}"
            expression = f"{{{{={each['valueFrom']['expression']}}}}}"
            yield each["name"], self._workflow.filled(expression, {}, self._values(self._tasks), path)

    def _is_ready(self, name: str) -> bool:
        return all(other in self._nodes and self._nodes[other].fulfilled for other in self._after[name])

    def _begin(self, name: str) -> None:
        task, full = self._tasks[name], f"{self.node.name}.{name}"
        if "depends" in task and not self._met(task["depends"], name):
            return self._not_run(name, OMITTED, "omitted: depends condition not met")
        path = f"templates.{self._template['name']}.dag.tasks.{name}"
        values = self._values(self._after[name])
        if "when" in task:
            shown = self._workflow.filled(task["when"], self._names, values, f"{path}.when")
            if found := COMPARISON.fullmatch(shown):
                shown = "true" if (found[1] == found[3]) == (found[2] == "==") else "false"
            if shown not in ("true", "false"):
                raise DocumentError(f"{path}.when: `{shown}` is neither true nor false")
            if shown == "false":
                return self._not_run(name, SKIPPED, f"when '{shown}' evaluated false")
        if "withSequence" not in task:
            self._nodes[name] = Node(full, "")
            self._nodes[name] = self._workflow.start(full, task, self._arguments(task, values, path), self._ended)
            return None
        count = int(self._workflow.filled(task["withSequence"]["count"], self._names, values, f"{path}.withSequence.count"))
        if count == 0:
            return self._not_run(name, SKIPPED, "Skipped, empty params")
        group = self._workflow._new(full, "TaskGroup", self._workflow.templates[task["template"]])
        self._nodes[name] = group

        def begin(number: int, done: Done) -> None:
            arguments = self._arguments(task, values, path, {"item": str(number)})
            self._workflow.start(f"{full}({number}:{number})", task, arguments, done)

        Group(self._workflow, group, count, begin, self._ended)
        return None

    def _arguments(self, task: Mapping[str, Any], values: Mapping[str, Any], path: str, more: Mapping[str, str] = {}) -> dict[str, str]:
        given = task.get("arguments", {}).get("parameters", [])
        filled = self._workflow.filled(given, {**self._names, **more}, values, f"{path}.arguments")
        return {each["name"]: each["value"] for each in filled}

    def _not_run(self, name: str, phase: str, why: str) -> None:
        node = Node(f"{self.node.name}.{name}", "Skipped", self._tasks[name]["template"], phase, why)
        self._workflow.nodes.append(node)
        self._nodes[name] = node

    def _ended(self, node: Node) -> None:
        self._advance()

    def _met(self, depends: str, name: str) -> bool:
        results = {
            other.replace("-", "_"): {phase: self._nodes[other].phase == phase for phase in (SUCCEEDED, FAILED, SKIPPED, OMITTED)}
            | {"Errored": self._nodes[other].phase == ERROR}
            for other in self._after[name]
        }
        return bool(evaluate(depends.replace("-", "_"), results))

    def _values(self, names: Iterable[str]) -> dict[str, Any]:
        """What expressions behind these tasks may ask about: they and the tasks before them, without outputs where they did not run."""
        before: dict[str, Any] = {}
        pending = list(names)
        while pending:
            other = pending.pop()
            if other not in before:
                node = self._nodes[other]
                outputs = {"outputs": {"parameters": node.outputs}} if node.outputs else {}
                before[other] = {"status": node.phase, **outputs}
                pending += self._after[other]
        return {"tasks": before, "inputs": {"parameters": self._inputs}}

    def _phase(self) -> str:
        """Argo's `assessDAGPhase`: that of its leaves; what was not run has the phase of what is before it, the worst."""
        known: dict[str, str] = {}
        for name in self._tasks:  # in an order in which what is waited for comes first, or not: hence the recursion
            self._branch(name, known)
        leaves = self._tasks.keys() - {other for after in self._after.values() for other in after}
        return max((self._continued(name, known[name]) for name in leaves), key=(SUCCEEDED, FAILED, ERROR).index)

    def _continued(self, name: str, phase: str) -> str:
        """The phase of a leaf, where `continueOn` lets the DAG succeed in spite of it (Argo's `assessDAGPhase`)."""
        on = self._tasks[name].get("continueOn", {})
        return SUCCEEDED if on.get({FAILED: "failed", ERROR: "error"}.get(phase)) else phase

    def _branch(self, name: str, known: dict[str, str]) -> str:
        if name not in known:
            phase = self._nodes[name].phase
            inherited = [self._branch(other, known) for other in self._after[name]]
            known[name] = phase if phase in ENDED else max(inherited, key=(SUCCEEDED, FAILED, ERROR).index, default=SUCCEEDED)
        return known[name]
