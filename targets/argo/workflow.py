"""Plan -> the WorkflowTemplate: its form, its DAGs, and a template for each kind of pod.

Steps that ask for the same share a template, which is told the step and the slice. Nothing of a user's stands in a command: values travel
in variables of the environment, parameters in base64, as an expression in them would be evaluated (Argo evaluates what it substitutes).
"""

from __future__ import annotations

from collections.abc import Mapping

import flowport
from flowport.compiler.ir import JSON, targets
from flowport.compiler.ir import Settings as StepSettings
from flowport.compiler.ir.plan import Loop, Plan, steps, walk
from flowport.compiler.lower.fuse import cap_loops, fuse_loops, loops
from flowport.compiler.lower.run_ids import run_prefix
from flowport.compiler.lower.time_limits import time_limits
from flowport.runtime.protocol import GATE
from flowport.runtime.store import documents
from flowport.targets.argo.dags import MAIN, Dags
from flowport.targets.argo.form import arguments
from flowport.targets.argo.gangs import gangs, number_of_pods
from flowport.targets.argo.graph import Member, graph, jobs, repeated
from flowport.targets.argo.hooks.exit_templates import exit_templates
from flowport.targets.argo.names import Names
from flowport.targets.argo.pods import Part, Pod, common_variables, pod, template, user_known
from flowport.targets.argo.settings import PODS, Settings
from flowport.targets.texts import description, seen

WHOLE, NODE = 1_000_000, 165
"""Bytes of a workflow, which Argo keeps below 1 MiB, and those of the node of a pod with retries, compressed (measured)."""


def workflow_template(plan: Plan, settings: Settings, code: str) -> dict[str, JSON]:
    """The document of a plan; `code` is the digest of the code package."""
    return _made_to_fit(plan, settings, code)[0]


def slice_limits(plan: Plan, settings: Settings) -> tuple[int, int]:
    """The width and the total of the foreaches of a plan."""
    return sizes(graph(plan), gangs(plan.flow, settings), settings, _made_to_fit(plan, settings, "0" * 64)[1])


def _made_to_fit(plan: Plan, settings: Settings, code: str) -> tuple[dict[str, JSON], int]:
    """The document of a plan, and how many pods its foreaches may have together: so many that the workflow has room for them."""
    members = graph(plan)
    made = _document(plan, members, settings, code, PODS)
    left = room(made) - number_of_pods(jobs(members), gangs(plan.flow, settings))
    return (made, PODS) if left >= PODS else (_document(plan, members, settings, code, max(1, left)), max(1, left))


def room(document: Mapping[str, JSON]) -> int:
    """How many pods fit into a workflow beside the two copies of its template that Argo keeps in its object (measured, 4.1.2)."""
    return (WHOLE - 2 * len(documents.dump(document))) // NODE


def sizes(members: tuple[Member, ...], apart: Mapping[str, StepSettings], settings: Settings, pods: int) -> tuple[int, int]:
    """The width and the total of foreaches in a workflow with so many pods."""
    usual = max(1, pods // max(1, number_of_pods(repeated(members), apart)))
    return settings.width or usual, settings.total or usual


def _document(plan: Plan, members: tuple[Member, ...], settings: Settings, code: str, pods: int) -> dict[str, JSON]:
    apart = gangs(plan.flow, settings)
    found = sizes(members, apart, settings, pods)
    template_name = Names([MAIN], small=True)
    templates = _Pods(plan, template_name, settings, *found)
    dags = Dags(members, template_name, templates, apart)
    made = [*dags.made, *(template(name, spec, found, settings, run_prefix(plan.flow)) for spec, name in templates.made.items())]
    at_end = exit_templates(plan.flow, settings, template_name)
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "WorkflowTemplate",
        "metadata": metadata(plan, settings, settings.name),
        "spec": {"entrypoint": MAIN, **({"onExit": at_end[0]["name"]} if at_end else {}), **_spec(plan, settings, code, [*made, *at_end])},
    }


def metadata(plan: Plan, settings: Settings, name: str) -> dict[str, JSON]:
    """What every object of a flow says of itself."""
    flow = plan.flow
    return {
        "name": name,
        **({"namespace": settings.namespace} if settings.namespace else {}),
        "labels": {"app.kubernetes.io/managed-by": "flowport", **_labels(settings)},
        "annotations": {
            "workflows.argoproj.io/title": flow.deployment,
            **({"workflows.argoproj.io/description": description(flow.doc)} if flow.doc.strip() else {}),
            "flowport/source": seen(flow.file),
            "flowport/version": flowport.__version__,
        },
    }


def _labels(settings: Settings) -> dict[str, JSON]:
    return {"flowport/flow": settings.name, **settings.labels}


def _spec(plan: Plan, settings: Settings, code: str, templates: list[JSON]) -> dict[str, JSON]:
    return {
        "arguments": {"parameters": arguments(plan.flow)},
        **({"serviceAccountName": settings.service_account} if settings.service_account else {}),
        **({"imagePullSecrets": [{"name": name} for name in settings.image_pull_secrets]} if settings.image_pull_secrets else {}),
        **({"parallelism": settings.max_concurrency} if settings.max_concurrency else {}),
        **({"activeDeadlineSeconds": settings.run_timeout} if settings.run_timeout else {}),
        **({"nodeSelector": dict(settings.node_selector)} if settings.node_selector else {}),
        **({"tolerations": list(settings.tolerations)} if settings.tolerations else {}),
        **({"podPriorityClassName": settings.priority_class} if settings.priority_class else {}),
        "securityContext": {
            # Where nobody says a user, Argo's own containers have that of their image, who may be root.
            **({"runAsNonRoot": True} if user_known(settings) else {}),
            **({"runAsUser": settings.run_as_user} if settings.run_as_user else {}),
            "seccompProfile": {"type": "RuntimeDefault"},
            **settings.security_context,
        },
        **({"podGC": {"strategy": settings.pod_gc}} if settings.pod_gc != "Never" else {}),
        "ttlStrategy": {"secondsAfterCompletion": settings.keep_days * 86_400},
        "workflowMetadata": {"labels": _labels(settings)},
        "podMetadata": {
            "labels": _labels(settings),
            **({"annotations": dict(settings.annotations)} if settings.annotations else {}),
        },
        # Argo adds these to the variables of every template with a container (docs/template-defaults.md): behind its own, so that each
        # list has what its values refer to.
        "templateDefaults": {"container": {"env": common_variables(plan.flow.name, settings.store, code)}},
        "templates": templates,
    }


class _Pods:
    """The templates of pods, each once: `made` has their names."""

    def __init__(self, plan: Plan, template: Names, settings: Settings, width: int, total: int) -> None:
        self.made: dict[Pod, str] = {}
        self._plan, self._template, self._cooldown = plan, template, settings.cooldown
        self._apart = gangs(plan.flow, settings)
        turning = {node.header: node for node in walk(plan.body) if isinstance(node, Loop) and node.cap}
        self._caps = {header: loop.cap or 0 for header, loop in turning.items()}
        self._fused = loops(plan).keys()
        self._steps = {step.name: step for step in fuse_loops(plan).flow.steps}
        self._rests = {step.name: step for step in fuse_loops(cap_loops(plan, 0)).flow.steps}
        # The fan-outs of all turns must fit into one workflow, unless the profile says how large they may be.
        turns = 1 if settings.width or settings.total else settings.turns
        self._shared = {step: turns for loop in turning.values() for step in steps(loop.body)}
        shared = turns if self._shared else 1
        self._limits = time_limits(plan, max(1, width // shared), max(1, total // shared))

    def __call__(self, step: str, *, rest: bool = False) -> str:
        """The name of the template for a step, or for the rest of the loop with this header."""
        flow, whole = self._plan.flow, self._rests if rest else self._steps
        part = Part(
            first=step == flow.start,
            scheduled=step == flow.start and bool(flow.schedules),
            gate=(self._cooldown or 0) if step == GATE else None,
            block=rest or step in self._fused,
            turn=self._caps[step] if rest else 0,
            shared=1 if rest else self._shared.get(step, 1),
            counts=not rest and self._counts(step),
            node=step in self._apart,
        )
        spec = pod(whole[step], part, None if whole[step].settings.timeout is None else self._limits.get(step))
        if spec not in self.made:
            self.made[spec] = self._template(f"pod {spec}", spec.name)
        return self.made[spec]

    def _counts(self, step: str) -> bool:
        """Whether Argo asks a step how many nodes there are in the gang that it starts."""
        asked = next((self._apart[target] for target in targets(self._plan.flow.step(step).transition) if target in self._apart), None)
        return asked is not None and asked.gang is not None and asked.gang.nodes is None
