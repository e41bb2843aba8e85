"""What a profile says of environments and their images: `environments`, `repository`, `image_platforms` and `conda`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from flowport.compiler.diagnostics.diagnostic import CompileError, Diagnostic
from flowport.compiler.diagnostics.suggestions import did_you_mean
from flowport.compiler.environments.choice import MODES, PLATFORMS, Environments

CONDA = ("channels", "pypi")
"""Where `flowport lock` takes the packages of `@conda` from."""

REPOSITORY = 'write `repository = "registry.example.com/flows"` beside it: where the images are pushed'


def environments(settings: Mapping[str, Any], path: str) -> Environments:
    """What the settings of a profile in this file say; raises CompileError."""
    mode, repository = settings.get("environments") or "", settings.get("repository") or ""
    if mode or repository:
        mistakes = tuple(_mistakes(mode, repository, settings.get("image_platforms") or (), path))
        if mistakes:
            raise CompileError(mistakes)
    if (conda := settings.get("conda") or CONDA[0]) not in CONDA:
        raise CompileError((_unknown("conda", conda, CONDA, path),))
    return Environments(mode, repository, tuple(settings.get("image_platforms") or PLATFORMS))


def _mistakes(mode: str, repository: str, platforms: tuple[str, ...], path: str) -> Iterator[Diagnostic]:
    from flowport.targets.kubernetes import is_image

    if mode and mode not in MODES:
        yield _unknown("environments", mode, MODES, path)
    if mode == "image" and not repository:
        yield Diagnostic("FP400", f'{path}: `environments = "image"` needs the setting `repository`', help=(REPOSITORY,))
    # Without a tag and a digest, so that a tag can follow.
    if repository and not is_image(f"{repository}:tag"):
        way_out = 'write `repository = "registry.example.com/flows"`: small letters, and no tag'
        yield Diagnostic("FP405", f"{path}: `{repository}` cannot be the name of a repository of images", help=(way_out,))
    for platform in platforms:
        if platform not in ("linux/amd64", "linux/arm64"):
            way_out = 'write `image_platforms = ["linux/amd64"]`, `["linux/arm64"]`, or both'
            yield Diagnostic("FP403", f"{path}: there is no platform `{platform}` of images", help=(way_out,))


def _unknown(setting: str, value: str, choices: Sequence[str], path: str) -> Diagnostic:
    known = ", ".join(f"`{one}`" for one in choices)
    meant = did_you_mean(value, choices) or (f'write `{setting} = "{choices[0]}"`',)
    return Diagnostic("FP403", f"{path}: the setting `{setting}` is `{value}`, and there are {known}", help=meant)
