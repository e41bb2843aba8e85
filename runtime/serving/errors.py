"""The exceptions of the decorators that serve models."""

from __future__ import annotations

from flowport.runtime.names.exceptions import MetaflowException


class OllamaException(MetaflowException):
    """The server of `@ollama` or one of its models is not there."""

    headline = "Ollama failed"


class VLLMException(MetaflowException):
    """The engine or the server of `@vllm` does not come to be."""

    headline = "vLLM failed"


class NimException(MetaflowException):
    """A model of `@nim` does not answer."""

    headline = "NIM failed"
