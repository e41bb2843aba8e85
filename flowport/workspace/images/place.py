"""A flow and its profile -> the plan with the images of its steps, or whose tasks make their environments."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from flowport.compiler.diagnostics.diagnostic import Diagnostic
from flowport.compiler.environments.choice import Environments
from flowport.compiler.environments.locks import request
from flowport.compiler.environments.problems import disagreeing, other_platforms, unlocked, unsaid
from flowport.compiler.ir.plan import Plan
from flowport.compiler.lower.environments import Images, images_of, in_images, installing
from flowport.workspace.flow_file import FlowFile


class Placed(NamedTuple):
    """A plan, the image that stands for that of the profile ("" for the profile's own), and what is wrong or not said."""

    plan: Plan
    image: str = ""
    diagnostics: tuple[Diagnostic, ...] = ()


def place(plan: Plan, flow: FlowFile, target: str, image: str) -> Placed:
    """A plan of a flow for the tasks of a target, whose profile has this `image`, "" for none."""
    said = flow.config.environments
    match said.mode:
        case "":
            return Placed(plan, diagnostics=tuple(unsaid(plan, target)))
        case "none":
            return Placed(plan)
        case "install":
            return Placed(installing(plan), diagnostics=tuple(lock_problems(flow)))
        case _:
            images = images_for(said, image)
            found = tuple(image_problems(flow, images))
            made, usual = in_images(plan, images)
            return Placed(made, usual, found)


def images_for(said: Environments, image: str, platforms: Sequence[str] = ()) -> Images:
    """Where the images of a profile with this `image` come from; `platforms` stand in the place of its own."""
    from flowport.workspace.images.wheel import wheel

    return Images(said.repository, tuple(platforms) or said.platforms, image, wheel().named)


def image_problems(flow: FlowFile, images: Images) -> Iterator[Diagnostic]:
    """What is wrong with the images of a flow."""
    from flowport.targets.kubernetes import IMAGE, is_image

    yield from lock_problems(flow, images.platforms)
    yield from disagreeing(flow.plan, images)
    for base in dict.fromkeys(image.base for image in images_of(flow.plan, images)):
        if not is_image(base):
            yield Diagnostic("FP405", f"`{base}` cannot be the name of a base image", help=(IMAGE,))


def lock_problems(flow: FlowFile, platforms: Sequence[str] = ()) -> Iterator[Diagnostic]:
    """Lock files that are missing or outdated, or not for these platforms."""
    command = f"flowport lock {flow.path}"
    asked = [found for step in flow.plan.flow.steps if (found := step.settings.requirements) is not None]
    if any(each.lock is None for each in asked):
        from flowport.workspace.environments.lock import unused

        # Those of other packages are more likely another flow's.
        missing = {package for each in asked if each.lock is None for package in request(each).packages}
        others = unused(flow.folder, [request(each).name for each in asked])
        left = [os.path.relpath(path, flow.folder) for path, lock in others.items() if not missing.isdisjoint(lock.request.packages)]
        yield from unlocked(flow.plan, command, left)
    yield from other_platforms(flow.plan, platforms, command)
