"""What is wrong with the environments of a flow for a profile: nothing says where packages come from, no lock file, other Pythons."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from flowport.compiler.diagnostics.diagnostic import Diagnostic
from flowport.compiler.environments.dockerfile import BASE, PLACE, is_conda
from flowport.compiler.environments.locks import path_of, request
from flowport.compiler.ir import Step
from flowport.compiler.ir.plan import Plan
from flowport.compiler.lower.environments import Images, lock_of
from flowport.runtime.environments.lock_file import read


def unsaid(plan: Plan, target: str) -> Iterator[Diagnostic]:
    """That a profile does not say where the packages of steps come from."""
    asking = [step for step in plan.flow.steps if step.settings.requirements is not None]
    if asking:
        yield Diagnostic(
            "FP429",
            f"step `{asking[0].name}` asks for packages, and nothing says where they come from on {target}",
            asking[0].span,
            notes=("as long as nothing says it, they have to be in the image of the profile",),
            help=(
                'write `environments = "image"` and `repository = "registry.example.com/flows"`: then `flowport image` makes the images',
                'or `environments = "install"`: each task makes its environment when it starts',
                'or `environments = "none"`: the image of the profile has the packages',
            ),
            severity="warning",
        )


def unlocked(plan: Plan, command: str, unused: Sequence[str]) -> Iterator[Diagnostic]:
    """Steps with packages and without a lock file. `unused` are lock files of the same packages that none of its steps has."""
    said: dict[str, str] = {}
    for step in plan.flow.steps:
        asked = step.settings.requirements
        if asked is not None and asked.lock is None:
            said.setdefault(path_of(request(asked).name), step.name)
    for path, name in said.items():
        yield Diagnostic(
            "FP430",
            f"step `{name}` has no lock file `{path}`",
            next(step.span for step in plan.flow.steps if step.name == name),
            notes=tuple(f"no step of {plan.flow.name} uses `{each}`: it is outdated, or another flow's" for each in unused),
            help=(command,),
        )


def other_platforms(plan: Plan, platforms: Sequence[str], command: str) -> Iterator[Diagnostic]:
    """Lock files that were not made for the platforms of the images."""
    first: dict[str, Step] = {}
    for step in plan.flow.steps:
        lock = lock_of(step)
        if lock is None or first.setdefault(lock.name, step) is not step:
            continue
        there = read(lock.data).platforms
        if missing := [platform for platform in platforms if platform not in there]:
            options = " ".join(f"--platform {platform}" for platform in platforms)
            message = (
                f"the lock file `{path_of(lock.name)}` of step `{step.name}` is for {', '.join(there)}, and its image for {missing[0]}"
            )
            yield Diagnostic("FP430", message, step.span, help=(f"{command} {options}",))


def disagreeing(plan: Plan, images: Images) -> Iterator[Diagnostic]:
    """Two steps whose lock files are for different Pythons, over one base image."""
    first: dict[str, Step] = {}
    for step in plan.flow.steps:
        lock, spec = lock_of(step), step.settings.execution
        for base in dict.fromkeys(own or images.base or BASE for own in (spec.for_pod().image, spec.for_batch().image)):
            if lock is None or is_conda(lock) or PLACE in base:
                continue
            other = lock_of(first.setdefault(base, step))
            if other is not None and other.python != lock.python:
                pythons = f"{other.python} and {lock.python}"
                yield Diagnostic(
                    "FP431",
                    f"steps `{first[base].name}` and `{step.name}` have the base image `{base}`, and lock files for Python {pythons}",
                    step.span,
                    help=(
                        f"write `{PLACE}` where the name of the image has the version, such as `{BASE}`",
                        "or give one of the steps another image, or the same `python`",
                    ),
                )
