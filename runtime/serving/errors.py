"""The exceptions of the decorators that serve models."""

from __future__ import annotations

from flowport.runtime.names.exceptions import MetaflowException


class OllamaException(MetaflowException):
    """The server of `@ollama` or one of its models is not there."""

    headline = "Ollama failed"
