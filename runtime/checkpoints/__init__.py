"""Checkpoints and models: what `@checkpoint`, `@model` and `@huggingface_hub` do with files of a step."""
