"""Models beside a step: the programs that `@ollama` and `@vllm` start and stop, and the service that `@nim` calls."""
