"""`flowport completion SHELL`: the script that lets a shell complete commands, options, flow files and runs."""

from __future__ import annotations

from typing import NamedTuple

import click

from flowport.cli.command import COMPLETE, Argument, Command

SHELLS = ("bash", "zsh", "fish")


class CompletionRequest(NamedTuple):
    """The shell that gets the script."""

    shell: str


def completion(request: CompletionRequest) -> int:
    """Print the script."""
    from click.shell_completion import get_completion_class

    made = get_completion_class(request.shell)
    if made is None:
        raise AssertionError(request.shell)
    print(made(click.Group("flowport"), {}, "flowport", COMPLETE).source())
    return 0


COMMAND = Command(
    "completion",
    "Print the shell script that completes commands",
    CompletionRequest,
    completion,
    (Argument("shell", "bash, zsh or fish.", type=click.Choice(SHELLS), metavar="SHELL"),),
    help="It completes commands, options, flow files, parameters of a flow, and the runs of a local store. "
    "Add the line for your shell to its startup file.",
    examples=(
        'eval "$(flowport completion bash)"      # ~/.bashrc',
        'eval "$(flowport completion zsh)"       # ~/.zshrc, after compinit',
        "flowport completion fish | source       # ~/.config/fish/config.fish",
    ),
)
