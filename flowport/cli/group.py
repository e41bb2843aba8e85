"""The commands of `flowport`, each imported on use, and the exit status and messages of a command line."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any

import click

from flowport.cli.advice import WrongUse, closest, message_and_hint
from flowport.cli.changes import behind_the_command
from flowport.cli.command import COMPLETE, OWN_FILE, SETTINGS, Command, help_option
from flowport.cli.console import say
from flowport.compiler.changes import CutOffError, DeployError
from flowport.compiler.diagnostics.diagnostic import CompileError
from flowport.runtime.environments.errors import EnvironmentProblem
from flowport.runtime.store.errors import Corrupt, Missing, StoreError
from flowport.runtime.text import shown
from flowport.workspace.errors import WorkspaceError

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from flowport.compiler.changes import Change

COMMANDS = {
    "check": "Report all mistakes in flows",
    "doctor": "Show which flows of a folder compile, and what stops the others",
    "graph": "Show which flows start which, and check that they fit together",
    "compile": "Write the files that an engine runs",
    "lock": "Write the exact versions of the packages of steps",
    "image": "Make the images that compiled files name",
    "run": "Run a flow on this machine",
    "resume": "Resume a run: reuse what it finished",
    "spin": "Run one step again, with what it read in a run",
    "dry-run": "Run the compiled files on this machine, in Airflow or on an emulator",
    "plan": "Show what a run needs of its engine, and what it would reuse",
    "deploy": "Deploy a flow to the engine that runs it",
    "trigger": "Start a run of a deployed flow",
    "stop": "Stop a run on its engine",
    "list": "List the flows that are deployed, or the versions of one",
    "rollback": "Make an earlier deployment of a flow the live one",
    "delete": "Remove a flow from its engine",
    "show": "Draw the graph of a flow as text, SVG or HTML",
    "runs": "List runs",
    "ui": "Show runs in a browser",
    "tag": "Change or list the tags of a run",
    "status": "Show the steps of a run and what failed",
    "why": "Explain why tasks ran, were tried again or wait",
    "logs": "Show the output of tasks",
    "artifacts": "Show the artifacts of tasks",
    "card": "List or show the cards of tasks",
    "gc": "Delete old runs, and what nothing needs any more",
    "explain": "Explain a diagnostic",
    "init": "Create a first flow",
    "config": "Print the JSON Schema of flowport.toml",
    "completion": "Print the shell script that completes commands",
}
"""The commands, each in the module of its name, and what they do."""

OF_A_STORE = ("runs", "ui", "tag", "status", "why", "logs", "artifacts", "card", "gc")
"""The commands about what is in a store; their modules are in `store_commands`."""

OF_AN_ENGINE = ("deploy", "trigger", "stop", "list", "rollback", "delete")
"""The commands about what is deployed; their modules are in `operations`."""

OF_A_FOLDER = ("doctor", "graph")
"""The commands about all flows of a folder; their modules are in `folder_commands`, and those of all others in `commands`."""

FOLDERS = {
    **dict.fromkeys(OF_A_STORE, "store_commands"),
    **dict.fromkeys(OF_AN_ENGINE, "operations"),
    **dict.fromkeys(OF_A_FOLDER, "folder_commands"),
}

OF_A_FLOW = (
    *("check", "compile", "lock", "image", "run", "resume", "spin", "dry-run", "plan"),
    *("deploy", "trigger", "rollback", "delete", "show"),
)
"""The commands that a flow's own file takes: `python flow.py run`."""


READING = tuple(f"flowport {name}" for name in ("resume", "spin", *OF_A_STORE))
"""How the commands begin that read a store."""


class CommandGroup(click.Group):
    """The commands. With `flow`, FILE.py:ClassName, those of a flow, which is their first argument."""

    def __init__(self, flow: str = "") -> None:
        super().__init__(
            "flowport", params=[*([] if flow else [version_option()]), help_option()], context_settings=SETTINGS, add_help_option=False
        )
        self.flow = flow

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(OF_A_FLOW if self.flow else COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> Command[Any] | None:
        return load(cmd_name) if cmd_name in self.list_commands(ctx) else None

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        name, *rest = args
        ctx.meta[OWN_FILE] = bool(self.flow)
        command = self.get_command(ctx, name)
        if command is None and not ctx.resilient_parsing:
            raise WrongUse(f"there is no command `{name}`", closest(name, self.list_commands(ctx)) or f"{ctx.command_path} --help")
        return (name if command else None), command, [self.flow, *rest] if self.flow else rest

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        formatter.write(f"Usage: {ctx.command_path} COMMAND ...\n")
        with formatter.section("Commands"):
            formatter.write_dl([(name, COMMANDS[name] + ".") for name in self.list_commands(ctx)])
        with formatter.section("Options"):
            formatter.write_dl([row for param in self.params if (row := param.get_help_record(ctx))])
        formatter.write_paragraph()
        formatter.write(f"`{ctx.command_path} COMMAND --help` shows the options of a command and examples.\n")

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        from click.shell_completion import CompletionItem

        found = [CompletionItem(name, help=COMMANDS[name]) for name in self.list_commands(ctx) if name.startswith(incomplete)]
        return [*found, *click.Command.shell_complete(self, ctx, incomplete)]


def load(name: str) -> Command[Any]:
    """The command `name`."""
    command: Command[Any] = import_module(module_of(name)).COMMAND
    return command


def module_of(name: str) -> str:
    """The name of the module that has the command `name`."""
    return f"flowport.cli.{FOLDERS.get(name, 'commands')}.{name.replace('-', '_')}"


def version_option() -> click.Option:
    """`--version`."""

    def show(ctx: click.Context, param: click.Parameter, value: bool) -> None:
        if value and not ctx.resilient_parsing:
            import flowport

            print(f"flowport {flowport.__version__}")
            ctx.exit()

    return click.Option(["-V", "--version"], is_flag=True, is_eager=True, expose_value=False, callback=show, help="Show the version.")


def run(words: Sequence[str], flow: str = "") -> int:
    """The exit status of a command line; says what is wrong on standard error. See `flowport.cli.execute`."""
    group = CommandGroup(flow)
    if asked := os.environ.get(COMPLETE):
        from click.shell_completion import shell_complete

        return shell_complete(group, {}, "flowport", COMPLETE, asked)
    program = f"python {flow.rpartition(':')[0]}" if flow else "flowport"
    words = behind_the_command(list(words))
    if words and words[0] == "help":
        words = [*words[1:2], "--help"]
    failed = 2 if "--diff" in words else 1
    speaker = " ".join(["flowport", words[0]]) if words and words[0] in group.list_commands(click.Context(group)) else program
    try:
        if not words:
            print(group.get_help(click.Context(group, info_name=program, **SETTINGS)))
            return 2
        with group.make_context(program, list(words)) as ctx:
            return int(group.invoke(ctx))
    except click.exceptions.Exit as ended:
        return ended.exit_code
    except (click.UsageError, WorkspaceError) as error:
        message, hint = message_and_hint(error, speaker)
        hint = _with_store(hint, words)
        print_error(speaker, message, hint)
        _print_document(group, words, message, hint)
        return 2
    except CompileError as refused:
        say(refused.diagnostics)
        _print_document(group, words, "\n".join(each.message for each in refused.diagnostics if each.severity == "error"))
        return failed
    except (StoreError, Missing, Corrupt, DeployError, EnvironmentProblem) as error:
        from textwrap import dedent

        # What to do stands in the message itself, on lines of its own.
        message, _, more = str(error).partition("\n")
        print_error(speaker, message, dedent(more))
        _print_document(group, words, message, dedent(more), error.made if isinstance(error, CutOffError) else ())
        return failed


def _print_document(group: CommandGroup, words: Sequence[str], message: str, hint: str = "", made: Sequence[Change] = ()) -> None:
    """What is wrong as JSON, for a program that asked a command with `--json`, and the changes that were made before."""
    own = words[: words.index("--")] if "--" in words else words
    if "--json" not in own[1:] or own[0] not in group.list_commands(click.Context(group)):
        return
    if not any("--json" in param.opts for param in load(own[0]).params):
        return
    from flowport.cli.console import as_json
    from flowport.cli.operations.carry_out import change_document

    changes = {"changes": [change_document(change) for change in made]} if made else {}
    print(as_json({"error": message, "help": hint, **changes}))


def _with_store(hint: str, words: Sequence[str]) -> str:
    """A hint whose commands read the store of this command line."""
    joined = next((word.partition("=")[2] for word in words if word.startswith("--store=")), "")
    store = words[words.index("--store") + 1] if "--store" in words[:-1] else joined
    if not store:
        return hint
    from shlex import quote

    lines = hint.split("\n")
    return "\n".join(f"{line} --store {quote(store)}" if line.startswith(READING) else line for line in lines)


def print_error(speaker: str, message: str, hint: str = "") -> None:
    """What is wrong, each line a problem of its own; and indented below, what to type."""
    lines = [*(f"{speaker}: {line}" for line in message.split("\n")), *(f"  {line}".rstrip() for line in hint.split("\n"))]
    print(shown("\n".join(lines).rstrip(), lines=True), file=sys.stderr)
