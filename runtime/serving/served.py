"""What `@ollama`, `@vllm` and `@nim` do around a step."""

from __future__ import annotations

from contextlib import ExitStack

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Served:
    """Starts what the decorators of a step serve, for one item; `remove` ends it, whatever became of the step."""

    def __init__(self) -> None:
        self._ends = ExitStack()

    def add(self, plan: dict[str, Any]) -> None:
        """Have everything answer."""
        if (asked := plan.get("ollama")) is not None:
            from flowport.runtime.serving.ollama import OllamaManager

            self._ends.callback(OllamaManager(**asked).terminate_models)
        if (asked := plan.get("vllm")) is not None:
            from flowport.runtime.serving.vllm import Engine, ServerOfOpenAI

            model, engine_args = asked["model"], asked["engine_args"]
            if asked["openai_api_server"]:
                self._ends.callback(ServerOfOpenAI(model, engine_args, asked["max_retries"], asked["debug"]).stop)
            else:
                self._ends.callback(Engine(model, engine_args).stop)
        if (asked := plan.get("nim")) is not None:
            from flowport.runtime.serving.nim import CurrentNim

            self._ends.callback(CurrentNim(asked["models"]).stop)

    def remove(self) -> None:
        """The step is over."""
        self._ends.close()
