"""`flowport init [FOLDER]`: a first flow to start from, and its settings."""

from __future__ import annotations

import os
from typing import NamedTuple

from flowport.cli.command import Argument, Command
from flowport.cli.console import writing
from flowport.runtime.atomic_file import write_file

FLOW = '''"""Counts the letters of a few words, each word in a task of its own, and reports the longest."""

from flowport import FlowSpec, Parameter, step


class FirstFlow(FlowSpec):
    """To run it on other words: flowport run first_flow.py --words "one two three" """

    words = Parameter("words", default="a flow begins here", help="words, with spaces between them")

    @step
    def start(self):
        self.each = self.words.split()
        self.next(self.count, foreach="each")

    @step
    def count(self):
        self.word = self.input
        self.letters = len(self.word)
        self.next(self.compare)

    @step
    def compare(self, inputs):
        self.longest = max(inputs, key=lambda one: one.letters).word
        self.next(self.end)

    @step
    def end(self):
        print(f"the longest word is {self.longest!r}")


if __name__ == "__main__":
    FirstFlow()
'''

SETTINGS = """\
# What differs by environment. Everything may be left out.

# Where runs are kept: a folder, or an address such as s3://bucket/prefix.
# store = ".flowport"

# Files that travel with the code, besides the modules that it imports.
# include = ["sql/*.sql"]

# Settings for one environment: flowport compile first_flow.py --target stepfunctions --profile prod
# [profiles.prod.stepfunctions]
# store = "s3://bucket/prefix"
# image = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/flows:1"
# job_queue = "flows"
# region = "eu-central-1"
# account = "123456789012"
"""

IGNORED = ".flowport/\nbuild/\n"

FILES = {"first_flow.py": FLOW, "flowport.toml": SETTINGS, ".gitignore": IGNORED}


class InitRequest(NamedTuple):
    """The folder to write to; None for the current one."""

    folder: str | None


def init(request: InitRequest) -> int:
    """Write the files that do not exist yet."""
    folder = request.folder or os.curdir
    with writing(folder):
        _write(folder)
    print(f"\nnext: flowport run {os.path.normpath(os.path.join(folder, 'first_flow.py'))}")
    return 0


def _write(folder: str) -> None:
    os.makedirs(folder, exist_ok=True)
    for name, text in FILES.items():
        path = os.path.normpath(os.path.join(folder, name))
        if os.path.lexists(path):
            print(f"kept {path}")
        else:
            write_file(path, text.encode())
            print(f"wrote {path}")


COMMAND = Command(
    "init",
    "Create a first flow",
    InitRequest,
    init,
    (Argument("folder", "The folder to create it in. Default: the current one.", required=False),),
    help="Writes a flow and its settings. It changes no file that exists.",
    examples=("flowport init", "flowport init my-flows"),
)
