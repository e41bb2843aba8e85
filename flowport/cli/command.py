"""A command: its options, the typed request that they make, and its page of help. A command line ends here: a request knows of none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from inspect import signature
from typing import Any, Generic, TypeVar

import click

from flowport.cli.changes import changes

Request = TypeVar("Request")

COMPLETE = "_FLOWPORT_COMPLETE"
"""The environment variable by which a shell asks for completions (click's documentation, "Shell Completion")."""

OWN_FILE = "flowport.own_file"
"""The name, in a context of click's, of whether a flow's own file is run."""

SETTINGS: dict[str, Any] = {"max_content_width": 120, "allow_extra_args": True}
"""Of every context of click's. Arguments that are too many are refused in words of our own."""


class Argument(click.Argument):
    """A word at its place, with a line in the page of help."""

    def __init__(self, name: str, description: str, **settings: Any) -> None:
        super().__init__([name], **settings)
        self.description = description

    def get_usage_pieces(self, ctx: click.Context) -> list[str]:
        name = f"{self.human_readable_name}{'...' * (self.nargs == -1)}"
        return [name if self.required else f"[{name}]"]


class Command(click.Command, Generic[Request]):
    """A word after `flowport`: `run` gets a request, with the values of the options in its fields of the same names, and returns
    the exit status. The field `changes` has the options of `shared_options.changes` together.

    `summary` says what the command does, and `help` more of it; `examples` are command lines.
    """

    def __init__(
        self,
        name: str,
        summary: str,
        request: Callable[..., Request],
        run: Callable[[Request], int],
        params: Sequence[click.Parameter],
        help: str = "",
        examples: Sequence[str] = (),
    ) -> None:
        super().__init__(
            name, context_settings=SETTINGS, params=[*params, help_option()], help=help, short_help=summary, add_help_option=False
        )
        self.request, self.run, self.summary, self.examples = request, run, summary, examples

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        try:
            if not ctx.resilient_parsing:
                self._check_repeated(ctx, args)
            rest = super().parse_args(ctx, args)
        except click.UsageError as error:
            error.ctx = error.ctx or ctx
            raise
        if rest and not ctx.resilient_parsing:
            raise click.UsageError(f"`{rest[0]}` is one argument too many", ctx)
        return rest

    def _check_repeated(self, ctx: click.Context, args: list[str]) -> None:
        """Raise UsageError for an option that is given twice and takes one value."""
        _, _, order = self.make_parser(ctx).parse_args(list(args))
        for param, times in Counter(order).items():
            if isinstance(param, click.Option) and times > 1 and takes_one_value(param):
                raise click.UsageError(f"option `{param.opts[0]}` is given twice, and takes one value", ctx)

    def invoke(self, ctx: click.Context) -> int:
        known = {"changes", *ctx.params}
        wanted = [name for name, given in signature(self.request).parameters.items() if name in known or given.default is given.empty]
        values = {name: changes(ctx.params) if name == "changes" else ctx.params[name] for name in wanted}
        return self.run(self.request(**values))

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        formatter.write(f"Usage: {self.usage(ctx)}\n")

    def usage(self, ctx: click.Context) -> str:
        """How the command is written."""
        arguments = [piece for argument in self.arguments(ctx) for piece in argument.get_usage_pieces(ctx)]
        required = [f"{param.opts[-1]} {param.metavar}" for param in self.params if isinstance(param, click.Option) and param.required]
        return " ".join([ctx.command_path, *arguments, *required, "[OPTION]..."])

    def arguments(self, ctx: click.Context) -> list[click.Argument]:
        """The arguments on the command line: not the flow, if its own file is run."""
        found = [param for param in self.params if isinstance(param, click.Argument)]
        return found[1:] if ctx.meta.get(OWN_FILE) else found

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        self.format_usage(ctx, formatter)
        formatter.write_paragraph()
        formatter.write_text(f"{self.summary}." + (f" {self.help}" if self.help else ""))
        for title, params in self.sections(ctx):
            rows = [row for row in (help_row(param, ctx) for param in params) if row is not None]
            if rows:
                with formatter.section(title):
                    formatter.write_dl(rows)
        if self.examples:
            with formatter.section("Examples"):
                formatter.write("".join(f"  {line}\n" for line in self.examples))

    def sections(self, ctx: click.Context) -> list[tuple[str, list[click.Parameter]]]:
        """What the page of help lists, under its titles."""
        return [("Arguments", [*self.arguments(ctx)]), ("Options", [param for param in self.params if isinstance(param, click.Option)])]


def takes_one_value(option: click.Option) -> bool:
    """Whether an option has one value, so that giving it twice is a mistake."""
    return not option.is_flag and not option.multiple


def help_option() -> click.Option:
    """`--help`."""

    def show(ctx: click.Context, param: click.Parameter, value: bool) -> None:
        if value and not ctx.resilient_parsing:
            print(ctx.get_help())
            ctx.exit()

    return click.Option(["-h", "--help"], is_flag=True, is_eager=True, expose_value=False, callback=show, help="Show this page.")


def help_row(param: click.Parameter, ctx: click.Context) -> tuple[str, str] | None:
    """A parameter and what it is for."""
    if isinstance(param, Argument):
        return param.human_readable_name, param.description
    row = param.get_help_record(ctx)
    if row is None or not isinstance(param, click.Option) or not param.multiple:
        return row
    return row[0] + "...", row[1]
