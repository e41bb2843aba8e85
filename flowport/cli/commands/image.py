"""`flowport image FLOW...`: the images that compiled files name, as folders with a Dockerfile, and built and pushed."""

from __future__ import annotations

import os
import sys
from typing import NamedTuple

import click

from flowport.cli import shared_options as shared
from flowport.cli.advice import WrongUse
from flowport.cli.command import Command
from flowport.cli.console import writing
from flowport.cli.loading import load_flow
from flowport.workspace.flow_file import UNCHANGED, Changes
from flowport.workspace.folders.flows import flow_arguments
from flowport.workspace.images.builder import Builder, Secret, find_builder
from flowport.workspace.images.folders import NamedImage, Written, images, write


class ImageRequest(NamedTuple):
    """The images of flows, for these targets and platforms, in the folder `output`; with `build` and `push` they are built and pushed.

    Builds get the settings of pip and conda from the two files, None for none.
    """

    flow: tuple[str, ...]
    target: tuple[str, ...]
    build: bool
    push: bool
    output: str
    platform: tuple[str, ...]
    pip_config: str | None
    conda_config: str | None
    profile: str | None
    changes: Changes = UNCHANGED


def make_images(request: ImageRequest) -> int:
    """Write, build and push the images of every flow, each once."""
    secrets = _secrets(request)
    builder = find_builder() if request.build or request.push else None
    found: dict[str, NamedImage] = {}
    for argument in flow_arguments(request.flow, request.profile):
        flow = load_flow(argument, request.profile, request.changes)
        found |= {one.name: one for one in images(flow, request.target, request.platform)}
        if request.platform and set(request.platform) != set(flow.config.environments.platforms):
            listed = ", ".join(f'"{one}"' for one in request.platform)
            sys.stderr.write(f"flowport: compiled files name these images only with `image_platforms = [{listed}]` in flowport.toml\n")
    with writing(request.output):
        written = [write(one, request.output) for one in found.values()]
    for each in written:
        print(f"{os.path.relpath(each.folder)} {'is written' if each.changed else 'is up to date'}: {each.image.name}")
    if builder is not None:
        for each in written:
            print(f"{each.image.name} {_made(builder, each, request, secrets)}", flush=True)
    return 0


def _made(builder: Builder, image: Written, request: ImageRequest, secrets: list[Secret]) -> str:
    """What was done with an image."""
    if request.push and builder.is_pushed(image):
        return "is in the registry already"
    there = builder.has(image)
    if not there and not request.build:
        raise WrongUse(f"`{image.image.name}` is not built yet, so it cannot be pushed", "add --build")
    at_once = request.push and builder.pushes_at_once(image)
    if not there or at_once:
        builder.build(image, secrets, request.push)
    if request.push and not at_once:
        builder.push(image)
    done = ["was built before" if there and not at_once else "is built", *(["is pushed"] if request.push else [])]
    return " and ".join(done)


def _secrets(request: ImageRequest) -> list[Secret]:
    given = (("pip", "--pip-config", request.pip_config), ("conda", "--conda-config", request.conda_config))
    for _, option, path in given:
        if path and not request.build:
            raise WrongUse(f"`{option}` is for builds", "add --build")
    return [Secret(id, os.path.abspath(path)) for id, _, path in given if path]


def _file(option: str, of: str) -> click.Option:
    return click.Option(
        [option],
        metavar="FILE",
        type=click.Path(exists=True, dir_okay=False),
        help=f"Let builds read these settings of {of}, with your indexes. No image contains them.",
    )


COMMAND = Command(
    "image",
    "Make the images that compiled files name",
    ImageRequest,
    make_images,
    (
        shared.flows(),
        shared.targets("Only the images for this engine. Default: for those that flowport.toml has settings of."),
        click.Option(["--build"], is_flag=True, help="Build the images with docker, podman or buildah, unless they are there already."),
        click.Option(["--push"], is_flag=True, help="Push the images, unless the registry has them already."),
        click.Option(
            ["-o", "--output"],
            metavar="DIR",
            default=os.path.join("build", "images"),
            help="The folder to write to. Default: build/images.",
        ),
        click.Option(
            ["--platform"],
            metavar="PLATFORM",
            multiple=True,
            type=click.Choice(("linux/amd64", "linux/arm64")),
            help="Make images for this platform. You can repeat it. Default: `image_platforms` of flowport.toml.",
        ),
        _file("--pip-config", "pip"),
        _file("--conda-config", "conda"),
        *shared.changes(),
        shared.profile(),
    ),
    help='Writes a folder for each image: a Dockerfile, the lock file and flowport. Needs `environments = "image"` in flowport.toml.',
    examples=("flowport image flow.py", "flowport image train.py score.py --build", "flowport image flow.py --profile prod --build --push"),
)
