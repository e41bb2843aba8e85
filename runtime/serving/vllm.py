"""`current.vllm` of `@vllm`: an engine of vLLM in the process of the step, or a server beside it that speaks the protocol of OpenAI."""

from __future__ import annotations

import gc
import json
import sys
from importlib import import_module

from flowport.runtime.launchers.command import module
from flowport.runtime.names.current import current
from flowport.runtime.process.nodes import LOOPBACK
from flowport.runtime.serving.errors import VLLMException
from flowport.runtime.serving.http import Answered, Unreachable, ask
from flowport.runtime.serving.ports import Port
from flowport.runtime.serving.server import Server

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

PORT = 8000
"""Where steps look for the server if they do not ask `current.vllm.local_endpoint`."""

KEY = "token123"
"""The key that `current.vllm.local_api_key` has. The server checks none."""

EACH_TRY = 2.0
"""Seconds that each of the `max_retries` stands for."""

STOPPING = 10.0


class Engine:
    """`current.vllm` with the engine in this process: `llm` is a `vllm.LLM`."""

    def __init__(self, model: str, engine_args: Mapping[str, Any]) -> None:
        if "vllm" not in sys.modules:
            module("vllm", "vllm", "vllm", VLLMException)
        try:
            self.llm = import_module("vllm").LLM(model=model, **engine_args)
        except Exception as error:  # whatever vLLM raises for a model or an argument
            raise VLLMException(f"`vllm.LLM` cannot be made for `{model}`: {type(error).__name__}: {error}") from error
        current._update_env({"vllm": self})

    def stop(self) -> None:
        """Have the engine end: it does when nothing refers to it any more."""
        vars(current).pop("vllm", None)
        self.llm = None
        gc.collect()


class ServerOfOpenAI:
    """`current.vllm` with a server: its address, its key, and the name of its model."""

    def __init__(self, model: str, engine_args: Mapping[str, Any], max_retries: int, debug: bool) -> None:
        command = module("vllm", "vllm", "vllm.entrypoints.openai.api_server", VLLMException)
        self.model_name, self.local_api_key = model, KEY
        self._port = Port(PORT)
        self._server: Server | None = None
        self.local_endpoint = f"http://{LOOPBACK}:{self._port.number}/v1"
        place = ["--model", model, "--host", LOOPBACK, "--port", str(self._port.number)]
        try:
            self._server = Server([*command, *place, *_options({"served_model_name": model, **engine_args})], {}, debug, VLLMException)
            self._server.wait(self._answers, max_retries * EACH_TRY, "@vllm(max_retries=300)")
        except BaseException:
            self.stop()
            raise
        current._update_env({"vllm": self})

    def stop(self) -> None:
        """End the server."""
        vars(current).pop("vllm", None)
        if self._server is not None:
            self._server.stop(STOPPING)
        self._port.release()

    def _answers(self) -> bool:
        try:
            ask(f"{self.local_endpoint}/models")
        except (Answered, Unreachable):
            return False
        return True


def _options(engine_args: Mapping[str, Any]) -> list[str]:
    """Options of the server; one that is True has no value, and one that is False or None is left out, as in Metaflow's package."""
    words: list[str] = []
    for name, value in engine_args.items():
        if value is None or value is False:
            continue
        words.append(f"--{name.replace('_', '-')}")
        if value is not True:
            words.append(value if isinstance(value, str) else json.dumps(value))
    return words
