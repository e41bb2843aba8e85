"""The deployments of a flow, which the store keeps so that a rollback can put one back: the objects of each, in a document with a number.

    deployments/argo/<namespace>/<template>/<number>.json

The template in the cluster has the number of the deployment that it is of in an annotation. A document is written before the objects are,
and stays.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from flowport.compiler.changes import Change, DeployError
from flowport.compiler.record import record
from flowport.runtime.store import documents
from flowport.runtime.store.keys import part
from flowport.targets.argo.deployment.cluster_errors import Resource
from flowport.targets.argo.deployment.objects import Document

if TYPE_CHECKING:
    from flowport.runtime.store.interface import Store

NUMBER = "flowport/deployment"
"""The annotation of the template."""

SHOWN = 10
"""How many deployments are listed."""

VERSION = "argoproj.io/v1alpha1"
FORM = 1
"""The version of the documents; readers take all up to their own."""


@record
class Kept:
    """A deployment: the objects as they were compiled, the digest of the code, and when it was made, in seconds since 1970."""

    number: int
    created: float
    code: str
    objects: tuple[Document, ...]

    def numbered(self) -> list[Document]:
        """The objects as they are applied: the template says which deployment it is of."""
        return [_with_number(each, self.number) if each["kind"] == "WorkflowTemplate" else each for each in self.objects]


def number_of(template: Document | None) -> int | None:
    """The deployment that the template in the cluster is of; None for one that was applied by other means."""
    text = ((template or {"metadata": {}})["metadata"].get("annotations") or {}).get(NUMBER, "")
    return int(text) if text.isascii() and text.isdecimal() else None


class Versions:
    """The deployments of one template that the store keeps."""

    def __init__(self, store: Store, template: Resource) -> None:
        self._store, self._template = store, template
        self._folder = f"deployments/argo/{part(template.namespace)}/{part(template.name)}/"

    def numbers(self) -> list[int]:
        """The numbers of the deployments, the newest first."""
        names = [key.removeprefix(self._folder).removesuffix(".json") for key in self._store.names(self._folder)]
        return sorted((int(name) for name in names if name.isascii() and name.isdecimal()), reverse=True)

    def listed(self, live: int | None) -> list[Kept]:
        """The last deployments, the newest first, and the live one."""
        return [self.read(number) for place, number in enumerate(self.numbers()) if place < SHOWN or number == live]

    def read(self, number: int) -> Kept:
        """A deployment; raises DeployError for one that a later version of flowport wrote, and for one that is about other objects."""
        key = self._key(number)
        try:
            found: Any = documents.load(self._store.read(key))
            if found["v"] > FORM:
                raise DeployError(f"version {number} of {self._template} was deployed by a later version of flowport\n  install that one")
            kept = Kept(number, float(found["created"]), found["code"], tuple(found["objects"]))
            sound = isinstance(kept.code, str) and all(map(self._is_ours, kept.objects))
        except (ValueError, LookupError, TypeError, AttributeError):
            sound = False
        if not sound:
            raise DeployError(f"`{key}` in {self._store.url} is not what flowport has written\n  delete it, and deploy the flow again")
        return kept

    def _is_ours(self, found: Document) -> bool:
        """Whether a document is about an object of the flow: what stands in the store decides over nothing else in the cluster."""
        about, here = found["metadata"], self._template
        known = found["apiVersion"] == VERSION and found["kind"] in ("WorkflowTemplate", "CronWorkflow")
        return bool(known and about["name"] == here.name and about.get("namespace") in (None, here.namespace))

    def of(self, objects: Sequence[Document], code: str, live: int | None) -> tuple[Kept, list[Change]]:
        """The deployment with these objects, and what records it.

        It is the live one or the newest one if these have the same objects, so that a deployment that was cut off is continued.
        """
        numbers = self.numbers()
        for number in (live, *numbers[:1]):
            if number in numbers and (kept := self.read(number)).objects == tuple(objects):
                return kept, []
        kept = Kept(max(*numbers, live or 0, 0, 0) + 1, time.time(), code, tuple(objects))
        return kept, [Change(f"version {kept.number} of {self._template}", "new", make=partial(self._write, kept))]

    def _write(self, kept: Kept) -> None:
        document = {"v": FORM, "created": kept.created, "code": kept.code, "objects": list(kept.objects)}
        if not self._store.create(self._key(kept.number), documents.dump(document)):
            raise DeployError(f"somebody else has deployed {self._template} meanwhile\n  look at `flowport list`, and deploy again")

    def _key(self, number: int) -> str:
        return f"{self._folder}{number}.json"


def _with_number(template: Document, number: int) -> Document:
    about = template["metadata"]
    return {**template, "metadata": {**about, "annotations": {**about.get("annotations", {}), NUMBER: str(number)}}}
