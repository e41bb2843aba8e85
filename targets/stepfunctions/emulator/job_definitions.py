"""The job definitions of the emulated AWS Batch, the task definitions of ECS and the functions of Lambda.

They take the place of moto's own, which import moto's EC2: that takes as long as all the rest of the emulator, and a dry run needs
nothing of them but RegisterJobDefinition, RegisterTaskDefinition and CreateFunction.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Mapping
from types import ModuleType
from typing import Any, TypeAlias

Application: TypeAlias = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
"""A WSGI application (PEP 3333)."""

REGISTER = "/v1/registerjobdefinition"
REGISTER_TASK = "AmazonEC2ContainerServiceV20141113.RegisterTaskDefinition"
"""The path and, as all requests to ECS have the same path, the header of a registration."""

CREATE_FUNCTION = "/2015-03-31/functions"
"""The path of CreateFunction (AWS Lambda API)."""


class JobDefinitions:
    """The newest revision of every job definition and task definition, and all functions; `serve` answers their registrations."""

    def __init__(self, region: str, account: str) -> None:
        self._prefix = f"arn:aws:batch:{region}:{account}:job-definition"
        self._revisions: dict[str, list[dict[str, Any]]] = {}
        self._tasks: dict[str, dict[str, Any]] = {}
        self._functions: dict[str, dict[str, Any]] = {}

    def get(self, name: str) -> Mapping[str, Any] | None:
        """The newest revision of a definition; None if there is none."""
        revisions = self._revisions.get(name)
        return revisions[-1] if revisions else None

    def task(self, family: str) -> Mapping[str, Any] | None:
        """The newest revision of a task definition; None if there is none."""
        return self._tasks.get(family)

    def function(self, name: str) -> Mapping[str, Any] | None:
        """A function; None if there is none."""
        return self._functions.get(name)

    def serve(self, others: Application) -> Application:
        """An application that takes registrations, and hands all other requests on to `others`."""

        def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
            if environ["PATH_INFO"] == REGISTER:
                register = self._register
            elif environ.get("HTTP_X_AMZ_TARGET") == REGISTER_TASK:
                register = self._register_task
            elif environ["PATH_INFO"].rstrip("/") == CREATE_FUNCTION and environ["REQUEST_METHOD"] == "POST":
                register = self._create_function
            else:
                return others(environ, start_response)
            answer = register(json.loads(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))))
            start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(answer)))])
            return [answer]

        return application

    def _register(self, document: dict[str, Any]) -> bytes:
        name = document["jobDefinitionName"]
        revisions = self._revisions.setdefault(name, [])
        revisions.append(document)
        arn = f"{self._prefix}/{name}:{len(revisions)}"
        return json.dumps({"jobDefinitionName": name, "jobDefinitionArn": arn, "revision": len(revisions)}).encode()

    def _register_task(self, document: dict[str, Any]) -> bytes:
        self._tasks[document["family"]] = document
        return json.dumps({"taskDefinition": document}).encode()

    def _create_function(self, document: dict[str, Any]) -> bytes:
        self._functions[document["FunctionName"]] = document
        return json.dumps({"FunctionName": document["FunctionName"], "State": "Active"}).encode()


def leave_out_moto_batch() -> None:
    """Keep moto from importing its Batch; to be called before moto is imported."""
    module: Any = ModuleType("moto.batch.models")
    module.batch_backends = {}
    sys.modules[module.__name__] = module
