"""`current.nim` of `@nim`: models behind NVIDIA's API, or in NIM containers of one's own, which are called like functions."""

from __future__ import annotations

import os
import time

from flowport.runtime.names.current import current
from flowport.runtime.serving.errors import NimException
from flowport.runtime.serving.http import Answered, Reply, Unreachable, send

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

KEY, ADDRESS = "NVIDIA_API_KEY", "NVIDIA_BASE_URL"
"""The variables with the key for NVIDIA's API, and with addresses of one's own containers."""

PUBLIC = "https://integrate.api.nvidia.com/v1"
RANKING = "https://ai.api.nvidia.com/v1/retrieval"
FUNCTIONS = "https://api.nvcf.nvidia.com/v2/nvcf/pexec"
"""NVIDIA's API: of most models, of those that rank passages, and of functions that have an id."""

SECONDS = 300.0
"""How long one request may take."""

BUSY = frozenset((429, 500, 502, 503, 504))
"""The statuses of HTTP after which a request is sent again."""

PAUSES = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0, 30.0, 30.0)
"""Seconds before it is sent again."""


class CurrentNim:
    """`current.nim`. `models` has a function for each model that the decorator names."""

    def __init__(self, models: Iterable[Mapping[str, str]]) -> None:
        self.models = Models((one["name"], Model(one["name"], one.get("nvcf_id", ""), one.get("nvcf_version", ""))) for one in models)
        current._update_env({"nim": self})

    def stop(self) -> None:
        """The step is over."""
        vars(current).pop("nim", None)


class Models(dict[str, "Model"]):
    """The models by their names."""

    def __missing__(self, name: str) -> Model:
        known = ", ".join(f"`{one}`" for one in self) or "no models"
        raise KeyError(f"`@nim` does not name the model `{name}`, but {known}: write `@nim(models=[{name!r}])`")


class Model:
    """A model: `model(messages=[...])` returns the answer as a dict."""

    def __init__(self, name: str, function: str, version: str) -> None:
        self.model_name, self._function, self._version = name, function, version

    def __call__(self, **payload: Any) -> dict[str, Any]:
        """Send a request and return its answer; raises NimException.

        `messages` are a chat, `input` asks for embeddings, and `query` with `passages` for a ranking. `extra_body` has further fields.
        """
        body = {"model": self.model_name, **payload}
        body.update(body.pop("extra_body", None) or {})
        own = own_address(self.model_name)
        key = os.environ.get(KEY, "")
        if not key and not own:
            raise NimException(
                f"`current.nim.models[{self.model_name!r}]` asks NVIDIA's API, which needs a key: set the variable `{KEY}`, "
                f"or have `{ADDRESS}` name a NIM container of your own"
            )
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        url, waiting = self._addresses(body, own)
        reply = self._sent(url, body, headers)
        while reply.status == 202:  # the answer is not ready: NVIDIA names the request, and is asked for it again
            reply = self._sent(f"{waiting}/status/{reply.headers.get('NVCF-REQID', '')}", None, headers)
        if not isinstance(reply.document, dict):
            raise NimException(f"`{self.model_name}` at {url} answers with something that is no JSON object")
        return reply.document

    def _addresses(self, body: Mapping[str, Any], own: str) -> tuple[str, str]:
        """Where a request goes, and where its answer is asked for if that takes long."""
        if self._function and not own:
            version = f"/versions/{self._version}" if self._version else ""
            return f"{FUNCTIONS}/functions/{self._function}{version}", FUNCTIONS
        base = own or PUBLIC
        if "passages" in body:
            return (f"{own}/ranking" if own else f"{RANKING}/{self.model_name.replace('.', '_')}/reranking"), base
        kinds = {"messages": "chat/completions", "input": "embeddings", "prompt": "completions"}
        found = next((path for name, path in kinds.items() if name in body), None)
        if found is None:
            listed = ", ".join(f"`{name}`" for name in (*kinds, "passages"))
            raise NimException(f"`current.nim.models[{self.model_name!r}]` is called without any of {listed}, which say what is asked for")
        return f"{base}/{found}", base

    def _sent(self, url: str, body: Mapping[str, Any] | None, headers: Mapping[str, str]) -> Reply:
        """The answer to a request, which is sent again where the service is busy."""
        for number, pause in enumerate((*PAUSES, None)):
            try:
                return send(url, body, SECONDS, headers)
            except Answered as error:
                if error.status not in BUSY or pause is None:
                    raise NimException(self._refused(url, error)) from error
                pause = max(pause, _seconds(error.headers.get("Retry-After")))
            except Unreachable as error:
                if pause is None:
                    raise NimException(f"`{self.model_name}` cannot be reached at {url}: {error}") from error
            if not number:
                print(f"@nim: `{self.model_name}` at {url} is busy or does not answer, and is asked again")
            time.sleep(pause)
        raise AssertionError("the last try returns or raises")

    def _refused(self, url: str, error: Answered) -> str:
        said = f": {error.text}" if error.text else ""
        if error.status in (401, 403):
            return f"{url} does not accept the key in `{KEY}` for `{self.model_name}` (status {error.status}){said}"
        if error.status == 404:
            return f"{url} does not have the model `{self.model_name}` (status 404){said}"
        return f"`{self.model_name}` at {url} answers with status {error.status}{said}"


def own_address(model: str) -> str:
    """The address of a container of one's own for a model, without the slash at its end; "" if there is none.

    NVIDIA_BASE_URL=http://nim:8000/v1                                       for all models
    NVIDIA_BASE_URL=meta/llama3-8b-instruct=http://nim-8b:8000/v1,http://nim:8000/v1   for one, and for all others
    """
    otherwise = ""
    for one in os.environ.get(ADDRESS, "").split(","):
        name, separator, address = one.strip().partition("=http")
        if not separator:
            otherwise = one.strip().rstrip("/") or otherwise
        elif name == model:
            return f"http{address}".rstrip("/")
    return otherwise


def _seconds(text: str | None) -> float:
    """The seconds that `Retry-After` says, at most a minute; 0 if it says a date or nothing."""
    return min(float(text), 60.0) if text is not None and text.isdigit() else 0.0
