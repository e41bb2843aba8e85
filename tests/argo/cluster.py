"""A Kubernetes API of our own, as much of it as a deployment meets: Argo's objects, server-side apply, and refusals.

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
        self.kinds = {"workflowtemplates": "WorkflowTemplate", "cronworkflows": "CronWorkflow"}
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

    def answer(self, verb: str, path: str, query: dict[str, str], body: dict[str, Any], token: str | None) -> Answer:
        """What the API does, and says."""
        # A deletion that has a body is not asked what its query says.
        dry_run = "All" in (body if verb == "DELETE" and body else query).get("dryRun", ())
        self.asked.append(f"{verb}{' dry' * dry_run} {path.removeprefix(PREFIX)}")
        namespace, plural, name = path.removeprefix(PREFIX).split("/")
        key, message = f"{plural}/{name}", {"name": name, "group": "argoproj.io", "kind": plural}
        if token != "Bearer somebody":
            return status(401, "Unauthorized")
        if verb in self.refusals or plural not in self.kinds:
            return self.refusals.get(verb, NOT_HERE)
        if verb == "PATCH":
            assert query["fieldValidation"] == "Strict", query
            if namespace != "flows":
                return status(404, f'namespaces "{namespace}" not found', name=namespace, kind="namespaces")
            return self.apply(key, body, query["fieldManager"], dry_run)
        if namespace != "flows" or key not in self.objects:
            return status(404, f'{plural}.argoproj.io "{name}" not found', **message)
        if verb == "GET":
            return 200, self.show(key)
        if body["preconditions"]["uid"] != f"uid of {key}":
            return status(409, "the UID in the precondition does not match the UID in record", **message)
        assert body["propagationPolicy"] == "Orphan", "the workflows that it has begun would be deleted, too"
        if not dry_run:
            del self.objects[key]
        return 200, {"kind": "Status", "apiVersion": "v1", "status": "Success", "details": message}


def status(code: int, message: str, **details: Any) -> Answer:
    """What the API says when it does not do something."""
    return code, {"kind": "Status", "apiVersion": "v1", "status": "Failure", "message": message, "details": details, "code": code}


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
        if self.command == "PATCH":
            assert self.headers["Content-Type"] == "application/apply-patch+yaml"
        code, said = self.cluster.answer(self.command, address.path, query, body, self.headers.get("Authorization"))
        data = (said if isinstance(said, str) else json.dumps(said)).encode()
        self.send_response(code)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_PATCH = do_DELETE = _handle

    def log_message(self, *_: Any) -> None:
        """Keep quiet."""
