"""The arguments and options that several commands have."""

from __future__ import annotations

import click

from flowport.cli.command import Argument
from flowport.cli.completers import addresses, flow_files, target_names
from flowport.compiler.decorators.spec import DecoratorSpec, parse_spec
from flowport.workspace.address import Address

FLOW_HELP = "The flow's file: FILE.py, or FILE.py:ClassName when it has several flows."


def flow(required: bool = True, help: str = FLOW_HELP) -> Argument:
    """FLOW."""
    return Argument("flow", help, required=required, shell_complete=flow_files)


def flows() -> Argument:
    """FLOW..."""
    help = FLOW_HELP + " A folder stands for all flows below it. You can name several."
    return Argument("flow", help, nargs=-1, required=True, shell_complete=flow_files)


def address() -> Argument:
    """FLOW/RUN/STEP/ITEM."""
    help = "What to show, from the left: FLOW, FLOW/RUN, and so on. RUN can be `latest`, which is also the default."
    return Argument("address", help, metavar="FLOW/RUN/STEP/ITEM", type=Address.parse, shell_complete=addresses)


def count(text: str) -> int:
    """A whole number of at least 1."""
    if not text.isdecimal() or int(text) < 1:
        raise click.BadParameter(f"`{text}` is not a whole number of at least 1")
    return int(text)


def decorator(text: str) -> DecoratorSpec:
    """The decorator in `retry` or `retry:times=5`."""
    try:
        return parse_spec(text, "--with")
    except ValueError as error:
        raise click.BadParameter(f"`{text}`: {error}") from None


PROFILE_HELP = "Use this profile of flowport.toml. Default: FLOWPORT_PROFILE, then `profile` in that file."
STORE_HELP = "The store: a folder, or an address such as s3://bucket/prefix. Default: FLOWPORT_STORE, then the profile, then ./.flowport."


def profile() -> click.Option:
    """--profile, or the profile that FLOWPORT_PROFILE names."""
    return click.Option(["--profile"], metavar="NAME", envvar="FLOWPORT_PROFILE", help=PROFILE_HELP)


def json() -> click.Option:
    """--json."""
    return click.Option(["--json"], is_flag=True, help="Print one JSON document.")


def changes() -> list[click.Parameter]:
    """--with, the options of configs and branches and --run-mutators, of every command that reads a flow."""
    return [
        click.Option(
            ["--with", "decorators"],
            metavar="DECORATOR",
            type=decorator,
            multiple=True,
            help="Add a decorator to every step that lacks it, such as `retry` or `retry:times=5`.",
        ),
        click.Option(
            ["--config", "config_files"],
            nargs=2,
            metavar="NAME FILE",
            multiple=True,
            help="Read the config NAME of the flow from this file.",
        ),
        click.Option(
            ["--config-value", "config_values"],
            nargs=2,
            metavar="NAME VALUE",
            multiple=True,
            help="Give the config NAME of the flow this value, as JSON.",
        ),
        click.Option(
            ["--run-config-parsers"],
            is_flag=True,
            help="Run the parsers of configs that are code of your own; it imports the flow's file.",
        ),
        click.Option(
            ["--run-mutators"], is_flag=True, help="Run the flow's mutators, which are code of your own; it imports the flow's file."
        ),
        click.Option(["--branch"], metavar="NAME", help="The branch of the flow's @project. Default: that of the profile."),
        click.Option(["--production"], is_flag=True, help="Use the production branch of the flow's @project, with --branch one of them."),
    ]


def targets(help: str) -> click.Option:
    """--target, which can be repeated."""
    return click.Option(["-t", "--target"], metavar="TARGET", multiple=True, help=help, shell_complete=target_names)


def target(help: str) -> click.Option:
    """--target."""
    return click.Option(["-t", "--target"], metavar="TARGET", help=help, shell_complete=target_names)


def diff() -> click.Option:
    """--diff of a command that changes something at an engine."""
    help = "Change nothing: show what would change. Exits with 1 if anything would, and with 2 if that is unknown."
    return click.Option(["--diff"], is_flag=True, help=help)


def store_to_read() -> list[click.Parameter]:
    """--store, --target and --profile of a command that reads a store."""
    return [
        click.Option(["--store"], metavar="URL", help=STORE_HELP),
        target("Read the store that flowport.toml names for this target."),
        profile(),
    ]


def of_a_run() -> list[click.Parameter]:
    """What `run`, `resume` and `dry-run` share."""
    return [
        click.Option(["--run-id"], metavar="ID", help="The id of the new run. Default: the time and a random number."),
        click.Option(["--tag", "tags"], metavar="TAG", multiple=True, help="Add a tag to the run; `flowport runs --tag` finds it."),
        click.Option(
            ["--max-workers"],
            metavar="N",
            type=count,
            help="Run at most this many tasks at once. Default: the number of processors.",
        ),
        *changes(),
        click.Option(["--store"], metavar="URL", help=STORE_HELP),
        profile(),
    ]


def on_this_machine() -> list[click.Parameter]:
    """What `run` and `resume` share."""
    return [
        click.Option(["--run-id-file"], metavar="FILE", help="Write the id of the run to this file before the run begins."),
        click.Option(
            ["--no-fork", "fork"],
            is_flag=True,
            flag_value=False,
            default=True,
            help="Start each task as a new process, as a container does, instead of forking it.",
        ),
        click.Option(["-q", "--quiet"], is_flag=True, help="Show neither the output of tasks nor the progress."),
    ]


def scheduled_time() -> click.Option:
    """--scheduled-time of a command that starts a run."""
    return click.Option(
        ["--scheduled-time"],
        metavar="TIME",
        help="Start the run as a schedule does for this time, such as 2026-03-29T06:30:00Z: `current.scheduled_time` is this time.",
    )


def triggers() -> list[click.Parameter]:
    """--trigger-from and --event of a command that starts a run."""
    return [
        click.Option(
            ["--trigger-from"],
            metavar="FLOW[/RUN]",
            multiple=True,
            help="Start the run as this run of a flow in `@trigger_on_finish` does, by default its latest that is done: "
            "`current.trigger.run` is that run.",
        ),
        click.Option(
            ["--event", "events"],
            metavar="NAME[=JSON]",
            multiple=True,
            help="Start the run as this event of `@trigger` does, with what it carries as a JSON object.",
        ),
    ]


def origin() -> list[click.Parameter]:
    """--origin-run and --from of a command that starts a run."""
    return [
        click.Option(["--origin-run"], metavar="RUN", help="Reuse the results of this run where nothing changed."),
        click.Option(["--from", "from_step"], metavar="STEP", help="With --origin-run: run this step and the following ones again."),
    ]


DASHES = "A parameter that has the name of an option goes after `--`."
"""What the commands with parameters of a flow say of them."""
