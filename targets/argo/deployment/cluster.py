"""The cluster that kubectl talks to: Argo's objects in it are read, listed, created, applied, patched and deleted.

What is deployed, and whether it may be, is left to `objects`; what the cluster has against it, in a line or two, to `cluster_errors`.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote, urlencode

from kubernetes.client import ApiClient, Configuration
from kubernetes.config import ConfigException, list_kube_config_contexts, load_incluster_config, load_kube_config
from urllib3 import Timeout, disable_warnings
from urllib3.exceptions import HTTPError, InsecureRequestWarning
from yaml import YAMLError

from flowport.compiler.changes import DeployError
from flowport.compiler.ir import JSON
from flowport.targets.argo.deployment.cluster_errors import ELSEWHERE, Refused, Resource, no_answer, refusal
from flowport.targets.argo.text import encoded

API = "/apis/argoproj.io/v1alpha1"
REQUESTS = {
    "get": ("GET", "application/json"),
    "list": ("GET", "application/json"),
    "create": ("POST", "application/json"),
    "patch": ("PATCH", "application/apply-patch+yaml"),
    "merge": ("PATCH", "application/merge-patch+json"),
    "delete": ("DELETE", "application/json"),
}
"""The method of a request, and the type of what it sends (Kubernetes, "API concepts")."""

PAGE = 200
"""Objects in one answer to a list: a workflow has up to 1 MiB."""

MANAGER = "flowport"
"""Who holds the fields that an apply sets (Kubernetes, "Server-Side Apply")."""

PATIENCE = Timeout(connect=5, read=30)
"""Seconds until a cluster counts as silent."""

POD_NAMESPACE = "/var/run/secrets/kubernetes.io/serviceaccount/namespace"


def connect() -> Cluster:
    """The cluster of kubectl's current context or, in a pod without a kubeconfig, the one that the pod is in; raises DeployError."""
    files = os.environ.get("KUBECONFIG") or "~/.kube/config"
    there = any(os.path.exists(os.path.expanduser(path)) for path in files.split(os.pathsep))
    configuration = Configuration()
    disable_warnings(InsecureRequestWarning)  # A kubeconfig that says `insecure-skip-tls-verify` was written by somebody who knows.
    try:
        if there:
            load_kube_config(files, client_configuration=configuration)
            context = list_kube_config_contexts(files)[1]
            return Cluster(configuration, f"context `{context['name']}`", context["context"].get("namespace") or "default")
        if "KUBERNETES_SERVICE_HOST" in os.environ:
            load_incluster_config(configuration)
            with open(POD_NAMESPACE, encoding="utf-8") as file:
                return Cluster(configuration, "this pod", file.read().strip())
    except (ConfigException, YAMLError, OSError, AttributeError, TypeError, ValueError) as error:  # The client looks into nothing itself.
        what, said = f"`{files}`" if there else "this pod", " ".join(str(error).split())
        raise DeployError(f"{what} does not say how to reach a cluster: {said}\n  {ELSEWHERE}") from error
    raise DeployError(f"there is no kubeconfig at `{files}`, and this is no pod of a cluster\n  name the file in KUBECONFIG")


class Cluster:
    """A cluster, `where` for messages; `namespace` is that of what does not say its own. Every method may raise DeployError."""

    def __init__(self, configuration: Configuration, where: str, namespace: str) -> None:
        self.namespace = namespace
        self._configuration, self._where = configuration, f"the cluster of {where}"
        # The client has the addresses, the certificates and the credentials. What it makes of an answer differs from version to version:
        # 36 makes nothing of that to a creation, and has no word for a certificate that it does not trust.
        self._connections = ApiClient(configuration).rest_client.pool_manager

    def read(self, resource: Resource) -> dict[str, Any] | None:
        """An object as it is now; None when there is none, or nothing of its kind."""
        found: dict[str, Any] | None = self._ask("get", resource)
        return found

    def apply(self, resource: Resource, document: Mapping[str, JSON], dry_run: bool = False) -> dict[str, Any]:
        """Make the fields of an object those of a document, and give it back; what others have set stays theirs."""
        query = {"fieldManager": MANAGER, "fieldValidation": "Strict", **({"dryRun": "All"} if dry_run else {})}
        made: dict[str, Any] = self._ask("patch", resource, query, document)
        return made

    def delete(self, resource: Resource, uid: str, dry_run: bool = False) -> None:
        """Delete an object, unless there is another one of that name by now; what it has made stays."""
        # Kubernetes reads the query of a deletion only where there is no body: `dryRun` in it would delete (measured, 1.35).
        self._ask(
            "delete",
            resource,
            {},
            {"preconditions": {"uid": uid}, "propagationPolicy": "Orphan", **({"dryRun": ["All"]} if dry_run else {})},
        )

    def list(self, plural: str, namespace: str, selector: str) -> Iterator[dict[str, Any]]:
        """The objects of a namespace whose labels a selector takes, in the order of their names."""
        more, query = "", {"labelSelector": selector, "limit": str(PAGE)}
        while True:
            page = self._ask("list", Resource(plural, "", namespace), {**query, **({"continue": more} if more else {})})
            yield from page.get("items") or ()
            more = (page.get("metadata") or {}).get("continue") or ""
            if not more:
                return

    def create(self, resource: Resource, document: Mapping[str, JSON]) -> dict[str, Any]:
        """Create an object and give it back; raises Refused, whose `exists` is true when there is one of that name."""
        made: dict[str, Any] = self._ask("create", resource, {"fieldManager": MANAGER, "fieldValidation": "Strict"}, document)
        return made

    def merge(self, resource: Resource, changes: Mapping[str, JSON]) -> dict[str, Any] | None:
        """Set some fields of an object and give it back; None when there is none any more."""
        try:
            made: dict[str, Any] = self._ask("merge", resource, {"fieldManager": MANAGER, "fieldValidation": "Strict"}, changes)
        except Refused as error:
            if error.code == 404:
                return None
            raise
        return made

    def _ask(self, verb: str, resource: Resource, query: Mapping[str, str] | None = None, body: Mapping[str, Any] | None = None) -> Any:
        method, sent = REQUESTS[verb]
        name = "" if verb in ("list", "create") else resource.name
        place = "/".join(map(quote, filter(None, (resource.namespace, resource.plural, name))))
        url = f"{self._configuration.host}{API}/namespaces/{place}?{urlencode(query or {})}"
        credentials = {each["key"]: each["value"] for each in self._configuration.auth_settings().values()}
        headers = {"Accept": "application/json", "Content-Type": sent, **credentials}
        data = None if body is None else encoded(body) if verb == "patch" else json.dumps(body).encode()
        try:
            answer = self._connections.request(method, url, body=data, headers=headers, timeout=PATIENCE, retries=False)
        except HTTPError as error:
            raise DeployError(no_answer(self._where, str(error.__cause__ or error))) from error
        except ValueError:
            # The message has the credentials.
            raise DeployError(no_answer(self._where, "the credentials have characters that no header takes")) from None
        if answer.status == 404 and verb == "get":
            return None
        if answer.status >= 300:
            raise refusal(self._where, "patch" if verb == "merge" else verb, resource, answer.status, answer.data)
        try:
            found = json.loads(answer.data)
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise DeployError(no_answer(self._where, "what answers is not Kubernetes"))
        return found
