"""Plan -> the WorkflowTemplate: its form, a DAG for the flow and for every foreach, and a template for each kind of pod.

Steps that ask for the same share a template, which is told the step and the slice. Nothing of a user's stands in a command: values travel
in variables of the environment, parameters in base64, as an expression in them would be evaluated (Argo evaluates what it substitutes).
"""

from __future__ import annotations

from collections.abc import Iterator

import flowport
from flowport.compiler.fuse import fused, loops
from flowport.compiler.ir import JSON
from flowport.compiler.plan import Map, Plan, steps, walk
from flowport.runtime.contract import Invocation
from flowport.targets.argo.form import arguments
from flowport.targets.argo.graph import After, Each, Job, Member, graph, jobs
from flowport.targets.argo.names import Names
from flowport.targets.argo.pods import Pod, pod, template
from flowport.targets.argo.settings import PODS, Settings

MAIN = "main"
SLICE = "{{inputs.parameters.slice}}"


def workflow_template(plan: Plan, settings: Settings, code: str) -> dict[str, JSON]:
    """The document of a plan whose loops have no turns; `code` is the digest of the code package."""
    return _Writer(plan, settings, code).document()


def sizes(plan: Plan, settings: Settings) -> tuple[int, int]:
    """The width and the total of a plan's foreaches."""
    inside = {step for node in walk(plan.body) if isinstance(node, Map) for step in steps(node.body)}
    usual = max(1, PODS // max(1, len(inside)))
    return settings.width or usual, settings.total or usual


class _Writer:
    def __init__(self, plan: Plan, settings: Settings, code: str) -> None:
        self.plan, self.settings = plan, settings
        whole = fused(plan)
        self.members = graph(whole)
        self.steps = {step.name: step for step in whole.flow.steps}
        self.rests = loops(plan).keys()
        self.inside = {job.step for each in self.members if isinstance(each, Each) for job in jobs(each.members)}
        self.task = Names()
        for job in jobs(self.members):
            self.task(job.step)
        self.template = Names([MAIN])
        width, total = sizes(plan, settings)
        self.told = Invocation(plan.flow.name, "", "", "", settings.store, code, width=width, total=total)
        self.pods: dict[Pod, str] = {}
        self.bodies: list[JSON] = []

    def document(self) -> dict[str, JSON]:
        flow, settings = self.plan.flow, self.settings
        main = self._dag(MAIN, self.members, "s", ())
        templates = [main, *self.bodies, *(template(name, asked, self.told, settings) for asked, name in self.pods.items())]
        spec: dict[str, JSON] = {
            "entrypoint": MAIN,
            "arguments": {"parameters": arguments(flow)},
            **({"serviceAccountName": settings.service_account} if settings.service_account else {}),
            **({"imagePullSecrets": [{"name": name} for name in settings.image_pull_secrets]} if settings.image_pull_secrets else {}),
            **({"parallelism": settings.max_concurrency} if settings.max_concurrency else {}),
            **({"nodeSelector": dict(settings.node_selector)} if settings.node_selector else {}),
            **({"tolerations": list(settings.tolerations)} if settings.tolerations else {}),
            "securityContext": {"runAsNonRoot": True, "runAsUser": settings.run_as_user, "seccompProfile": {"type": "RuntimeDefault"}},
            "podGC": {"strategy": "OnPodSuccess"},
            "ttlStrategy": {"secondsAfterCompletion": settings.keep_days * 86_400},
            "workflowMetadata": {"labels": self._labels()},
            "podMetadata": {"labels": self._labels()},
            "templates": templates,
        }
        return {
            "apiVersion": "argoproj.io/v1alpha1",
            "kind": "WorkflowTemplate",
            "metadata": {
                "name": settings.name,
                **({"namespace": settings.namespace} if settings.namespace else {}),
                "labels": {"app.kubernetes.io/managed-by": "flowport", **self._labels()},
                "annotations": {
                    "workflows.argoproj.io/title": flow.name,
                    **({"workflows.argoproj.io/description": " ".join(flow.doc.split())} if flow.doc.strip() else {}),
                    "flowport/source": flow.file,
                    "flowport/version": flowport.__version__,
                },
            },
            "spec": spec,
        }

    def _labels(self) -> dict[str, JSON]:
        return {"flowport/flow": self.settings.name, **self.settings.labels}

    def _dag(self, name: str, members: tuple[Member, ...], slice: str, inputs: tuple[str, ...]) -> JSON:
        made: dict[str, JSON] = {"name": name}
        if inputs:
            made["inputs"] = {"parameters": [{"name": each} for each in inputs]}
        return {**made, "dag": {"tasks": list(self._tasks(members, slice))}}

    def _tasks(self, members: tuple[Member, ...], slice: str) -> Iterator[JSON]:
        for member in members:
            yield self._job(member, slice) if isinstance(member, Job) else self._each(member, slice)

    def _job(self, job: Job, slice: str) -> JSON:
        made: dict[str, JSON] = {"name": self.task(job.step)}
        if job.after:
            made["depends"] = " && ".join(self._depends(after) for after in job.after)
        if job.ways:
            made["when"] = f"{{{{= {self._when(job)} }}}}"
        return {**made, **self._call(job.step, slice)}

    def _depends(self, after: After) -> str:
        name = self._over(after.step) if after.each else self.task(after.step)
        skipped = [f"{name}.Skipped"] if after.each else [f"{self.task(step)}.Skipped" for step in after.unless]
        return f"({' || '.join([f'{name}.Succeeded', *skipped])})" if skipped else f"{name}.Succeeded"

    def _when(self, job: Job) -> str:
        """Whether an item went one of the ways: a route is a JSON list of the steps that items were sent to."""
        conditions = []
        for way in job.ways:
            name = self.task(way.source)
            route = f"tasks['{name}'].outputs.parameters.route"
            if way.source in job.unsure:
                route = f"tasks['{name}']?.outputs?.parameters?.route ?? '[]'"
            conditions.append(f"'{way.target}' in fromJSON({route})")
        return " || ".join(conditions)

    def _each(self, each: Each, slice: str) -> JSON:
        origin = self.task(each.origin)
        inner = f"{slice}.{{{{item}}}}"
        made: dict[str, JSON] = {"name": self._over(each.origin, each.over), "depends": f"{origin}.Succeeded"}
        match each.members:
            case (Job(step),):
                made |= self._call(step, inner)
            case _:
                body = self.template(f"foreach {each.origin}", each.over)
                inside = len(self.bodies)
                self.bodies.insert(inside, self._dag(body, each.members, SLICE, ("slice",)))
                made |= {"template": body, "arguments": {"parameters": [{"name": "slice", "value": inner}]}}
        return {**made, "withSequence": {"count": f"{{{{= len(fromJSON(tasks['{origin}'].outputs.parameters.route)) }}}}"}}

    def _over(self, origin: str, over: str = "") -> str:
        """The name of the task that stands for a foreach."""
        return self.task(f"foreach {origin}", over)

    def _call(self, step: str, slice: str) -> dict[str, JSON]:
        asked = pod(self.steps[step], step == self.plan.flow.start, step in self.rests, step in self.inside)
        if asked not in self.pods:
            self.pods[asked] = self.template(f"pod {asked}", asked.name)
        parameters: list[JSON] = [{"name": "step", "value": step}, {"name": "slice", "value": slice}]
        return {"template": self.pods[asked], "arguments": {"parameters": parameters}}
