"""The packages of a flow and of its steps -> what a task of each step checks, by the rules of Metaflow.

    @pypi_base(packages={"pandas": "2.1", "numpy": ""})   @pypi(packages={"pandas": "2.2"})   ->  pandas 2.2 and numpy

A step with a disabled decorator has no packages at all.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from flowport.compiler.diagnostics.diagnostic import Diagnostic
from flowport.compiler.evaluate.reading import Reading
from flowport.compiler.ir import Packages, Requirements, Step
from flowport.compiler.record import replace
from flowport.runtime.store import digests as sha256


def with_packages(reading: Reading, steps: Iterable[Step], base: Sequence[Packages], folder: str | None) -> tuple[Step, ...]:
    """The steps with what their tasks check, and the lock files of their environments, which are in `environments/` in this folder.

    With None for the folder, steps have no lock files, and nothing is said about it.

    Adds one warning for all steps without a lock file, and an error for steps that mix pip and conda.
    """
    made = [(step, _of_step(step, base)) for step in steps]
    found = tuple(_required(reading, step, asked, folder) for step, asked in made)
    if folder is not None:
        _say_where(reading, [asked for (_, asked), step in zip(made, found, strict=True) if asked and not _is_locked(step)])
    return found


def _is_locked(step: Step) -> bool:
    return step.settings.requirements is not None and step.settings.requirements.lock is not None


def _of_step(step: Step, base: Sequence[Packages]) -> tuple[Packages, ...]:
    """What a step's own decorators and those of the flow ask for: at most one of pip, and one of conda; () if one is disabled."""
    found = []
    for conda in (False, True):
        asked = [each for each in (*step.settings.packages, *base) if each.conda == conda]
        if asked:
            found.append(asked[0].over(asked[1]) if len(asked) > 1 else asked[0])
    if any(each.disabled for each in found):
        return ()
    return tuple(each for each in found if each.packages or each.python)


def _required(reading: Reading, step: Step, asked: Sequence[Packages], folder: str | None) -> Step:
    if not asked:
        return step
    named = [each for each in asked if each.packages]
    if len(named) > 1:
        first, second = named
        reading.diagnostics.append(
            Diagnostic(
                "FP149",
                f"step `{step.name}` asks for packages with both `@{first.name}` and `@{second.name}`",
                first.span,
                ("Metaflow does not install packages of both in one environment",),
                ("name them all in one of the two",),
            )
        )
    chosen = named[0] if named else asked[0]
    python = next((each.python for each in asked if each.python), "")  # that of pip counts before that of conda
    requirements = Requirements(chosen.conda, chosen.packages, python)
    from flowport.compiler.environments.locks import lock_of

    lock, wrong = lock_of(folder, requirements) if folder is not None else (None, None)
    if wrong is not None:
        reading.diagnostics.append(wrong)
    requirements = replace(requirements, lock=lock)
    told = json.dumps([requirements.conda, dict(requirements.packages), python, *([lock.digest] if lock is not None else [])])
    digest = sha256.of(f"{step.digest}\n{told}".encode(errors="surrogatepass"))
    return replace(step, settings=replace(step.settings, requirements=requirements), digest=digest)


def _say_where(reading: Reading, asked: Sequence[Sequence[Packages]]) -> None:
    """Warn once that there is nothing to install packages from."""
    if asked:
        first = asked[0][0]
        reading.diagnostics.append(
            Diagnostic(
                "FP148",
                f"no lock file has the versions that `@{first.name}` stands for: the packages must be where the steps run",
                first.span,
                ("each task checks them before it imports the flow, and ends if one is missing or has another version",),
                (
                    "write the lock file: `flowport lock`, with the flow's file",
                    "or install the packages in the image of the profile, and where the flow runs on this machine",
                ),
                "warning",
            )
        )
