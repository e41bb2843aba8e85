"""Plan and what a profile says of environments -> Plan: the image of every step, or what lets its task make its environment.

    environments = "image"      ->  every step has an image such as registry.example.com/flows:pandas-5c1e0a9b2f-0f3b6a1c9d2e
    environments = "install"    ->  the containers of steps with packages have FLOWPORT_ENVIRONMENTS=install

`flowport image` makes these images. Which base image has which Python is checked when an image is built.
"""

from __future__ import annotations

from flowport.compiler.environments.dockerfile import BASE, PYTHON, with_python
from flowport.compiler.environments.images import Image, Wheel
from flowport.compiler.ir import Lock, Step
from flowport.compiler.ir.plan import Plan
from flowport.compiler.record import record, replace
from flowport.runtime.protocol import INSTALL


@record
class Images:
    """Where images come from: the profile's own image, "" for none, and the flowport that goes into all."""

    repository: str
    platforms: tuple[str, ...]
    base: str
    wheel: Wheel

    def of(self, lock: Lock | None, own: str, python: str) -> Image:
        """The image of a lock file, over the `own` base image of a step, "" for none. Without a lock file it has `python`."""
        return Image(with_python(own or self.base or BASE, lock.python if lock else python), lock, self.platforms, self.wheel)

    def name(self, image: Image) -> str:
        """What compiled files call an image."""
        return f"{self.repository}:{image.tag}"


def in_images(plan: Plan, images: Images) -> tuple[Plan, str]:
    """The plan with the images of its steps, and the image without packages, which stands for that of the profile."""
    usual = images.name(images.of(None, "", python_of(plan)))
    return _with_steps(plan, tuple(_in_image(step, images, usual, python_of(plan)) for step in plan.flow.steps)), usual


def images_of(plan: Plan, images: Images) -> tuple[Image, ...]:
    """All images that `in_images` names, each once."""
    python = python_of(plan)
    found = [images.of(None, "", python)]
    for step in plan.flow.steps:
        spec = step.settings.execution
        found += (images.of(lock_of(step), own, python) for own in (spec.for_pod().image, spec.for_batch().image))
    return tuple(dict.fromkeys(found))


def installing(plan: Plan) -> Plan:
    """The plan whose tasks make the environments of their steps."""
    return _with_steps(plan, tuple(_installing(step) if lock_of(step) is not None else step for step in plan.flow.steps))


def python_of(plan: Plan) -> str:
    """The Python of images without packages: the newest of the flow's lock files."""
    found = {lock.python for step in plan.flow.steps if (lock := lock_of(step)) is not None}
    return max(found, key=lambda text: [int(part) for part in text.split(".")], default=PYTHON)


def lock_of(step: Step) -> Lock | None:
    """The lock file of a step."""
    asked = step.settings.requirements
    return asked.lock if asked is not None else None


def _with_steps(plan: Plan, steps: tuple[Step, ...]) -> Plan:
    return replace(plan, flow=replace(plan.flow, steps=steps))


def _in_image(step: Step, images: Images, usual: str, python: str) -> Step:
    spec = step.settings.execution
    pod, job = (images.name(images.of(lock_of(step), own, python)) for own in (spec.for_pod().image, spec.for_batch().image))
    if pod == job == usual:
        pod = job = ""  # as for a step that names no image: it has that of the profile
    made = replace(spec, image=pod, job=replace(spec.job, image=job), built=True)
    return replace(step, settings=replace(step.settings, execution=made))


def _installing(step: Step) -> Step:
    delivery = step.settings.delivery
    variables = tuple(sorted({**dict(delivery.variables), INSTALL: "install"}.items()))
    return replace(step, settings=replace(step.settings, delivery=replace(delivery, variables=variables)))
