"""The images of flows, and a folder for each: the Dockerfile and what it copies. The same image gives the same bytes."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from tempfile import TemporaryDirectory
from typing import NamedTuple

from flowport.compiler.diagnostics.diagnostic import CompileError, Diagnostic
from flowport.compiler.environments.dockerfile import CONDA, REQUIREMENTS, is_conda
from flowport.compiler.environments.images import Image
from flowport.compiler.lower.environments import images_of
from flowport.targets import registry
from flowport.workspace.config import SHARED, Config
from flowport.workspace.errors import NoImages
from flowport.workspace.flow_file import FlowFile
from flowport.workspace.images.place import image_problems, images_for
from flowport.workspace.images.wheel import wheel
from flowport.workspace.targets import find_target, settings_for


class NamedImage(NamedTuple):
    """An image, and what compiled files call it: REPOSITORY:TAG."""

    name: str
    image: Image


class Written(NamedTuple):
    """An image, its folder, and whether anything in that was another before."""

    image: NamedImage
    folder: str
    changed: bool


def images(flow: FlowFile, targets: Sequence[str], platforms: Sequence[str] = ()) -> list[NamedImage]:
    """The images that compiled files of a flow name, for these targets, or for all that its profile has settings of.

    `platforms` stand in the place of those of the profile. Raises NoImages, UnknownTarget, and CompileError for lock files and base images.
    """
    said = flow.config.environments
    if said.mode != "image":
        raise NoImages(flow.name)
    found: dict[str, NamedImage] = {}
    wrong: list[Diagnostic] = []
    for base in _bases(flow.config, targets):
        place = images_for(said, base, platforms)
        wrong += image_problems(flow, place)
        found |= {name: NamedImage(name, image) for image in images_of(flow.plan, place) if (name := place.name(image))}
    if wrong:
        raise CompileError(tuple(dict.fromkeys(wrong)))
    return [*found.values()]


def _bases(config: Config, targets: Sequence[str]) -> list[str]:
    """The images of the profile for each target, "" for none."""
    tables = [name for name, table in config.settings.items() if isinstance(table, dict) and name not in SHARED]
    chosen = [find_target(name) for name in targets] or [found for name in tables if (found := registry.find(name)) is not None]
    images = [settings_for(target, config).get("image") for target in chosen] or [config.settings.get("image")]
    return [*dict.fromkeys(str(image or "") for image in images)]


def write(image: NamedImage, output: str) -> Written:
    """Write the folder of an image below `output`; raises OSError."""
    folder = os.path.join(output, image.image.tag)
    wanted = dict(_files(image.image))
    there = set(os.listdir(folder)) if os.path.isdir(folder) else set()
    changed = there != set(wanted) or any(_content(os.path.join(folder, name)) != data for name, data in wanted.items())
    if changed:
        _replace(folder, wanted)
    return Written(image, folder, changed)


def _replace(folder: str, files: Mapping[str, bytes]) -> None:
    """Write a folder in one step, so that no build reads half of it. Of two writers at once, either's folder stays: they are the same."""
    output, tag = os.path.split(folder)
    os.makedirs(output, exist_ok=True)
    with TemporaryDirectory(prefix=f".{tag}-", dir=output) as place:
        made = os.path.join(place, "made")
        os.mkdir(made)
        for name, data in files.items():
            with open(os.path.join(made, name), "wb") as file:
                file.write(data)
        with suppress(FileNotFoundError):
            os.rename(folder, os.path.join(place, "before"))
        try:
            os.rename(made, folder)
        except OSError as error:
            if error.errno not in (errno.EEXIST, errno.ENOTEMPTY):
                raise


def _files(image: Image) -> Iterator[tuple[str, bytes]]:
    yield "Dockerfile", image.dockerfile.encode()
    yield wheel().name, wheel().data
    if image.lock is not None and is_conda(image.lock):
        from flowport.runtime.environments.conda import of_pip

        yield CONDA, image.lock.data
        yield REQUIREMENTS, of_pip(image.lock.data.decode()).encode()
    elif image.lock is not None:
        yield REQUIREMENTS, image.lock.data


def _content(path: str) -> bytes | None:
    try:
        with open(path, "rb") as file:
            return file.read()
    except FileNotFoundError:  # another process is writing the folder
        return None
