"""A Kubernetes API of our own, as much of it as deployments and runs meet: Argo's objects, lists, server-side apply, and refusals.

A list is one value, as in Argo's CRDs.
"""

from __future__ import annotations

import json
from copy import deepcopy
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

import yaml

Leaves = dict[tuple[str, ...], Any]
Answer = tuple[int, Any]
PREFIX = "/apis/argoproj.io/v1alpha1/namespaces/"
NOT_HERE = (404, "404 page not found\n")
OF_THE_SERVER = ("name", "namespace", "uid", "resourceVersion", "generation", "creationTimestamp", "managedFields")
OWNED_BY_NONE = {("apiVersion",), ("kind",), *(("metadata", name) for name in OF_THE_SERVER)}


@dataclass
class Stored:
    """An object: its values by path, and which of the paths each field manager has set."""

    leaves: Leaves = field(default_factory=dict)
    owners: dict[str, set[tuple[str, ...]]] = field(default_factory=dict)
    version: int = 0


class Cluster:
    """Its objects by `plural/name`, all of them in the namespace `flows`; `refusals` says to which verbs it answers what instead."""

    def __init__(self) -> None:
        self.objects: dict[str, Stored] = {}
        self.kinds = {"workflowtemplates": "WorkflowTemplate", "cronworkflows": "CronWorkflow", "workflows": "Workflow"}
        self.refusals: dict[str, Answer] = {}
        self.asked: list[str] = []
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (_Handler,), {"cluster": self}))
        Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def kubeconfig(self, path: Path, token: str = "somebody") -> None:
        """Write a kubeconfig for this cluster."""
        named = {
            "clusters": {"cluster": {"server": f"http://127.0.0.1:{self.server.server_port}"}},
            "users": {"user": {"token": token}},
            "contexts": {"context": {"cluster": "here", "user": "here", "namespace": "flows"}},
        }
        config = {"apiVersion": "v1", "kind": "Config", "current-context": "here"}
        path.write_text(json.dumps({**config, **{kind: [{"name": "here", **what}] for kind, what in named.items()}}), encoding="utf-8")

    def show(self, key: str, stored: Stored | None = None) -> dict[str, Any]:
        """An object as the API shows it."""
        stored = stored or self.objects[key]
        plural, name = key.split("/")
        shown: dict[str, Any] = {"apiVersion": "argoproj.io/v1alpha1", "kind": self.kinds[plural], "metadata": {}}
        for path, value in sorted(stored.leaves.items()):
            inner = shown
            for part in path[:-1]:
                inner = inner.setdefault(part, {})
            inner[path[-1]] = value
        shown["metadata"] |= {
            "creationTimestamp": "2026-11-26T12:00:00Z",
            "generation": stored.version,
            "managedFields": [{"manager": manager, "fieldsType": "FieldsV1"} for manager in stored.owners],
            "name": name,
            "namespace": "flows",
            "uid": f"uid of {key}",
            **({"resourceVersion": str(self.objects[key].version)} if key in self.objects else {}),
        }
        return shown

    def update(self, key: str, document: dict[str, Any], manager: str) -> None:
        """Somebody replaces an object: the fields that they change are theirs then."""
        stored, leaves = self.objects.setdefault(key, Stored()), _leaves(document)
        changed = {path for path, value in leaves.items() if stored.leaves.get(path) != value}
        owners = {name: paths & leaves.keys() - changed for name, paths in stored.owners.items()}
        owners[manager] = owners.get(manager, set()) | changed
        self.objects[key] = Stored(leaves, owners, stored.version + 1)

    def apply(self, key: str, document: dict[str, Any], manager: str, dry_run: bool) -> Answer:
        """Set the document's fields, and take away those that the manager set before and nobody else did."""
        there, wanted = self.objects.get(key, Stored()), _leaves(document)
        others = {name: paths for name, paths in there.owners.items() if name != manager}
        causes = [
            {
                "reason": "FieldManagerConflict",
                "message": f'conflict with "{name}" using argoproj.io/v1alpha1',
                "field": f".{'.'.join(path)}",
            }
            for name, paths in others.items()
            for path in sorted(paths & wanted.keys())
            if there.leaves[path] != wanted[path]
        ]
        if causes:
            return status(409, "Apply failed", causes=causes)
        gone = there.owners.get(manager, set()).difference(wanted, *others.values())
        leaves = {path: value for path, value in {**there.leaves, **wanted}.items() if path not in gone}
        made = Stored(leaves, {**others, manager: set(wanted)}, there.version + (leaves != there.leaves))
        if not dry_run:
            self.objects[key] = made
        return 200 if there.version else 201, self.show(key, made)

    def create(self, key: str, document: dict[str, Any], manager: str) -> Answer:
        """Create an object that is not there yet."""
        plural, name = key.split("/")
        if key in self.objects:
            details = {"name": name, "group": "argoproj.io", "kind": plural}
            return status(409, f'{plural}.argoproj.io "{name}" already exists', "AlreadyExists", **details)
        self.update(key, document, manager)
        return 201, self.show(key)

    def page(self, plural: str, query: dict[str, str]) -> Answer:
        """The objects of a kind whose labels the selector takes, so many at once; `continue` says where the next ones begin."""
        keys = [key for key in sorted(self.objects) if key.startswith(f"{plural}/") and key > query.get("continue", "")]
        found = [key for key in keys if _takes(query.get("labelSelector", ""), self.show(key)["metadata"].get("labels", {}))]
        shown = found[: int(query.get("limit", 500))]
        more = {"continue": shown[-1]} if len(shown) < len(found) else {}
        return 200, {"kind": f"{self.kinds[plural]}List", "metadata": more, "items": [self.show(key) for key in shown]}

    def answer(self, verb: str, path: str, query: dict[str, str], body: dict[str, Any], token: str | None, sent: str) -> Answer:
        """What the API does, and says; `sent` is the type of the body."""
        # A deletion that has a body is not asked what its query says.
        dry_run = "All" in (body if verb == "DELETE" and body else query).get("dryRun", ())
        self.asked.append(f"{verb}{' dry' * dry_run} {path.removeprefix(PREFIX)}")
        namespace, plural, name = (*path.removeprefix(PREFIX).split("/"), "")[:3]
        if verb == "POST":
            name = body["metadata"]["name"]
        key, message = f"{plural}/{name}", {"name": name, "group": "argoproj.io", "kind": plural}
        if token != "Bearer somebody":
            return status(401, "Unauthorized")
        for refusal in (verb, f"{verb} {plural}"):
            if refusal in self.refusals:
                return self.refusals[refusal]
        if plural not in self.kinds:
            return NOT_HERE
        if verb == "GET" and not name:
            return self.page(plural if namespace == "flows" else "", query)
        if verb in ("POST", "PATCH"):
            assert query["fieldValidation"] == "Strict", query
            if namespace != "flows":
                return status(404, f'namespaces "{namespace}" not found', name=namespace, kind="namespaces")
        if verb == "POST":
            return self.create(key, body, query["fieldManager"])
        if verb == "PATCH" and sent == "application/apply-patch+yaml":
            return self.apply(key, body, query["fieldManager"], dry_run)
        if namespace != "flows" or key not in self.objects:
            return status(404, f'{plural}.argoproj.io "{name}" not found', **message)
        if verb == "PATCH":
            assert sent == "application/merge-patch+json", sent
            self.update(key, merged(self.show(key), body), query["fieldManager"])
        if verb in ("GET", "PATCH"):
            return 200, self.show(key)
        if body["preconditions"]["uid"] != f"uid of {key}":
            return status(409, "the UID in the precondition does not match the UID in record", **message)
        assert body["propagationPolicy"] == "Orphan", "the workflows that it has begun would be deleted, too"
        if not dry_run:
            del self.objects[key]
        return 200, {"kind": "Status", "apiVersion": "v1", "status": "Success", "details": message}


def status(code: int, message: str, reason: str = "", **details: Any) -> Answer:
    """What the API says when it does not do something."""
    said = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "message": message, "details": details, "code": code}
    return code, {**said, **({"reason": reason} if reason else {})}


def merged(value: Any, patch: Any) -> Any:
    """A value with a JSON merge patch (RFC 7386)."""
    if not isinstance(patch, dict):
        return patch
    there = value if isinstance(value, dict) else {}
    found = {**there, **{name: merged(there.get(name), inner) for name, inner in patch.items()}}
    return {name: inner for name, inner in found.items() if not (name in patch and patch[name] is None)}


def _takes(selector: str, labels: dict[str, str]) -> bool:
    """Whether a label selector takes labels: `a=b` and `a!=b`, with commas between them."""
    for each in filter(None, selector.split(",")):
        name, unequal, value = each.partition("!=")
        if not unequal:
            name, _, value = each.partition("=")
        if (labels.get(name) == value) == bool(unequal):
            return False
    return True


def _leaves(value: Any, path: tuple[str, ...] = ()) -> Leaves:
    if not (isinstance(value, dict) and value):
        return {path: deepcopy(value)}
    return {
        at: leaf
        for name, inner in value.items()
        if (*path, name) not in OWNED_BY_NONE
        for at, leaf in _leaves(inner, (*path, name)).items()
    }


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    cluster: Cluster

    def _handle(self) -> None:
        address = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(address.query).items()}
        data = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = yaml.safe_load(data) or {}
        sent = self.headers.get("Content-Type") or ""
        code, said = self.cluster.answer(self.command, address.path, query, body, self.headers.get("Authorization"), sent)
        data = (said if isinstance(said, str) else json.dumps(said)).encode()
        self.send_response(code)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = do_PATCH = do_DELETE = _handle

    def log_message(self, *_: Any) -> None:
        """Keep quiet."""
