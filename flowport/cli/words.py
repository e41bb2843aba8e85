"""The arguments of commands that take the flow's file, another word, or both in any order."""

from __future__ import annotations

import os

from flowport.cli.advice import WrongUse


def file_and_word(words: list[str], usage: str) -> tuple[str | None, str | None]:
    """The file and the other word among these; raises WrongUse for two of a kind."""
    files = [word for word in words if word.endswith(".py") or ".py:" in word or os.path.isfile(word.partition(":")[0])]
    others = [word for word in words if word not in files]
    if len(files) > 1 or len(others) > 1:
        raise WrongUse(f"`{words[1]}` is one argument too many", usage)
    return next(iter(files), None), next(iter(others), None)
