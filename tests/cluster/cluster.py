"""A cluster with Argo's controller: workflows are submitted to it, and waited for.

What pods need to know (image, store, namespace, volumes) is in a `flowport.toml`: the one beside this file, or that which FLOWPORT_CLUSTER
names the folder of. The store is one that this machine reaches too.
"""

from __future__ import annotations

import base64
import gzip
import json
import os
import subprocess
import time
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from kubernetes import client, config

from engines.argo.runs import Ended, compiled, nothing
from flowport.compiler.ir.plan import Plan
from flowport.targets.argo.settings import template_name
from flowport.targets.verify import Task
from flowport.workspace.config import find
from progress import Watch

GROUP = ("argoproj.io", "v1alpha1")
ENDED = ("Succeeded", "Failed", "Error")
PATIENCE = 900
"""Seconds without any progress of a workflow; a node may pull an image in them."""


class Cluster:
    """Submits workflows; what it made is gone after `clean`, but for what failed."""

    def __init__(self) -> None:
        config.load_kube_config()
        self._objects, self._core, self._apps = client.CustomObjectsApi(), client.CoreV1Api(), client.AppsV1Api()
        self.profile = find(os.environ.get("FLOWPORT_CLUSTER") or str(Path(__file__).parent)).for_target("argo")
        self._namespace = str(self.profile["namespace"])
        self._store = f"{self.profile['store']}/{time.strftime('%Y%m%d-%H%M%S')}-{uuid.uuid4().hex[:4]}"
        self._made: list[tuple[str, str]] = []

    def run(
        self,
        plan: Plan,
        form: Mapping[str, str],
        spoil: Callable[[dict[str, Any]], None] = nothing,
        name: str = "",
        meanwhile: Callable[[str], None] = lambda name: None,
        **profile: Any,
    ) -> Ended:
        """Compile a plan, submit it, and wait for its end; `meanwhile` is called with the name of the workflow when it has begun."""
        name = name or f"{template_name(plan.flow.name)[:40].rstrip('-')}-{uuid.uuid4().hex[:6]}"
        store = f"{self._store}/{name}"
        document = compiled(plan, {**self.profile, **profile, "store": store})
        spoil(document)
        self._create("workflowtemplates", {**document, "metadata": {**document["metadata"], "name": name}})
        self._submit(name, form)
        meanwhile(name)
        status = self._ended(name)
        nodes = [(node["name"], node["type"], node["phase"]) for node in status["nodes"].values()]
        said = json.dumps([[node["name"], node["phase"], node.get("message", "")] for node in status["nodes"].values()], indent=1)
        return Ended(status["phase"], nodes, list(_pods(document, status)), said, plan, store, name)

    def _submit(self, name: str, form: Mapping[str, str]) -> None:
        """The controller learns of templates from a watch of its own, so it may not know the new one yet: then again."""
        parameters = [{"name": key, "value": value} for key, value in form.items()]
        spec = {"workflowTemplateRef": {"name": name}, "arguments": {"parameters": parameters}}
        for pause in (0.5, 1, 2, 4):
            time.sleep(pause)
            self._create("workflows", {"apiVersion": "/".join(GROUP), "kind": "Workflow", "metadata": {"name": name}, "spec": spec})
            status = self._status(name, lambda status: "phase" in status)
            if "not found" not in status.get("message", ""):
                return
            self._delete("workflows", name)
        raise AssertionError(f"the controller does not find the WorkflowTemplate {name}")

    def _create(self, plural: str, document: Mapping[str, Any]) -> None:
        document = {**document, "metadata": {**document["metadata"], "namespace": self._namespace}}
        self._objects.create_namespaced_custom_object(*GROUP, self._namespace, plural, document)
        self._made.append((plural, document["metadata"]["name"]))

    def _delete(self, plural: str, name: str) -> None:
        self._objects.delete_namespaced_custom_object(*GROUP, self._namespace, plural, name)
        self._made.remove((plural, name))

    def _status(self, name: str, enough: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        watch = Watch(f"workflow {name}", patience=PATIENCE)
        while True:
            found = self._objects.get_namespaced_custom_object(*GROUP, self._namespace, "workflows", name)
            status: dict[str, Any] = found.get("status", {})
            if enough(status):
                return status
            watch.look(status)
            time.sleep(0.2)

    def _ended(self, name: str) -> dict[str, Any]:
        status = self._status(name, lambda status: status.get("phase") in ENDED)
        assert "offloadNodeStatusVersion" not in status, "the controller keeps nodes in a database: turn `nodeStatusOffLoad` off"
        packed = status.get("compressedNodes")
        nodes = json.loads(gzip.decompress(base64.b64decode(packed))) if packed else status.get("nodes", {})
        return {**status, "nodes": nodes}

    def running(self, name: str, step: str) -> str:
        """The name of the pod of a step, once it runs."""
        watch = Watch(f"step {step} of {name}", patience=PATIENCE)
        while True:
            pods = self._core.list_namespaced_pod(self._namespace, label_selector=f"workflows.argoproj.io/workflow={name}").items
            for pod in pods:
                environment = {each.name: each.value for each in next(c for c in pod.spec.containers if c.name == "main").env}
                if environment["FLOWPORT_STEP"] == step and pod.status.phase == "Running":
                    return str(pod.metadata.name)
            watch.look([(pod.metadata.name, pod.status.phase) for pod in pods])
            time.sleep(0.1)

    def delete_pod(self, name: str) -> None:
        """Take a pod away, as a node that goes down does."""
        self._core.delete_namespaced_pod(name, self._namespace, grace_period_seconds=0)

    def restart_controller(self) -> None:
        """With the command in FLOWPORT_RESTART_CONTROLLER, or as `kubectl rollout restart` does."""
        if command := os.environ.get("FLOWPORT_RESTART_CONTROLLER"):
            subprocess.run(command.split(), check=True)
            return
        annotations = {"kubectl.kubernetes.io/restartedAt": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}
        patch = {"spec": {"template": {"metadata": {"annotations": annotations}}}}
        self._apps.patch_namespaced_deployment("workflow-controller", self._namespace, patch)

    def clean(self) -> None:
        """Delete what was made."""
        for plural, name in list(self._made):
            self._delete(plural, name)


def _pods(document: Mapping[str, Any], status: Mapping[str, Any]) -> list[tuple[Task, int]]:
    commands = {
        template["name"]: template["container"]["command"][-1] for template in document["spec"]["templates"] if "container" in template
    }
    found = []
    # Attempts are called `task(0)`, `task(1)`.
    for node in sorted(status["nodes"].values(), key=lambda node: (len(node["name"]), node["name"])):
        if node["type"] == "Pod":
            inputs = {each["name"]: each["value"] for each in node["inputs"]["parameters"]}
            code = int(node.get("outputs", {}).get("exitCode", -1))
            found.append((Task(inputs["step"], inputs["slice"], rest=commands[node["templateName"]] == "block"), code))
    return found
