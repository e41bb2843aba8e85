"""Errors of a cluster, in a line or two: conflicting owners of fields, missing permissions, missing resources.

The API says so in a `Status` (Kubernetes, "API conventions"), or in a line of text where it does not know the kind of object.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

from flowport.compiler.changes import DeployError
from flowport.compiler.record import record

ELSEWHERE = "try `kubectl cluster-info`; `kubectl config use-context NAME` chooses another cluster"
RIGHTS = "who deploys needs the verbs get, create and patch on workflowtemplates and cronworkflows, and delete on cronworkflows"
TRIGGERS = "for a flow that is triggered also get, create, patch and delete on workfloweventbindings, sensors and eventsources"
OPERATE = "who removes or lists what is deployed also needs delete and list on both"
RUNS = "who starts, follows and stops runs needs the verbs get, list, create and patch on workflows"
UNKNOWN = b"404 page not found\n"
"""What the API says to the address of a kind of objects that it does not know."""

PREAMBLE = re.compile(r'failed to create typed patch object \([^)]*\): |\w+\.argoproj\.io "[^"]*" is (?:invalid|forbidden): ')
HOLDER = re.compile(r'conflict with "([^"]*)"')


@record
class Resource:
    """What kubectl calls an object."""

    plural: str
    name: str
    namespace: str

    def __str__(self) -> str:
        return f"{self.plural}{f'/{self.name}' if self.name else ''} in namespace {self.namespace}"


class Refused(DeployError):
    """A request that the API did not carry out: `code` is that of HTTP, and `exists` says that there is such an object already."""

    def __init__(self, message: str, code: int, exists: bool) -> None:
        super().__init__(message)
        self.code, self.exists = code, exists


def no_answer(where: str, why: str) -> str:
    """No answer came, or none of Kubernetes'."""
    return f"{where} does not answer: {' '.join(why.split())}\n  {ELSEWHERE}"


def refusal(where: str, verb: str, resource: Resource, code: int, body: bytes) -> Refused:
    """The error for the response `code` and `body` to a request to `verb` a resource."""
    status = _status(body)
    return Refused(_message(where, verb, resource, code, body, status), code, status.get("reason") == "AlreadyExists")


def _message(where: str, verb: str, resource: Resource, code: int, body: bytes, status: dict[str, Any]) -> str:
    details = status.get("details") or {}
    message = str(status.get("message") or f"it answers {code}")
    said = _plain(message)
    if code == 401 or "system:anonymous" in said:
        return f"{where} does not know who you are: there are no credentials, or old ones\n  log in, until `kubectl auth whoami` answers"
    if code in (400, 422) or "typed patch" in message:
        way_out = "what the flow does not say comes from [argo] in flowport.toml; Argo has to be 3.7 or later"
        return f"{where} does not take {resource}: {said}\n  {way_out}"
    match code:
        case 403 if "cannot" in said:
            return f"{where} does not let you {verb} {resource}: {said}\n  {_rights(verb, resource)} (group argoproj.io)"
        case 404 if details.get("kind") == "namespaces":
            way_out = f"`kubectl create namespace {resource.namespace}`, or another `namespace` under [argo] in flowport.toml"
            return f"{where} has no namespace {resource.namespace}\n  {way_out}"
        case 404 if body == UNKNOWN:
            way_out = "install it, or choose another cluster with `kubectl config use-context NAME`"
            return f"{where} knows no {resource.plural}: Argo Workflows is not installed there\n  {way_out}"
        case 409 if causes := details.get("causes"):
            return _conflict(resource, causes)
    return f"{where} does not {verb} {resource}: {said}"


def _rights(verb: str, resource: Resource) -> str:
    """The permissions of whoever does such a thing."""
    if resource.plural == "workflows":
        return RUNS
    if resource.plural in ("workfloweventbindings", "sensors", "eventsources"):
        return f"{RIGHTS}; {TRIGGERS}"
    removes = verb == "list" or (verb == "delete" and resource.plural == "workflowtemplates")
    return f"{RIGHTS}; {OPERATE}" if removes else RIGHTS


def _conflict(resource: Resource, causes: Iterable[dict[str, str]]) -> str:
    """Server-side apply does not overwrite what another field manager has set to something else."""
    held: dict[str, list[str]] = {}
    for cause in causes:
        found = HOLDER.search(cause.get("message", ""))
        held.setdefault(found[1] if found else "somebody", []).append(cause.get("field", ""))
    holders = "; ".join(f"`{holder}` has set {', '.join(fields)}" for holder, fields in held.items())
    force = f"kubectl apply --server-side --force-conflicts --field-manager flowport -n {resource.namespace} -f FILE"
    return (
        f"{resource} has fields that others have set to something else: {holders}\n"
        f"  leave the deployment to one of the two; `{force}`, with the compiled file, takes the fields over"
    )


def _plain(message: str) -> str:
    """A message in one line, without what it says of how the server came to it."""
    lines = [line.strip() for line in PREAMBLE.sub("", message).splitlines()]
    return "; ".join(line for line in lines if line != "errors:")


def _status(body: bytes) -> dict[str, Any]:
    try:
        status = json.loads(body)
    except ValueError:
        return {}
    return status if isinstance(status, dict) else {}
