"""What `flowport` says without a command that it knows: the list of commands, its version, or what was probably meant."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence

from flowport.cli.console import prepare
from flowport.cli.options import closest, table
from flowport.runtime.text import shown


def front(words: Sequence[str], commands: Mapping[str, str], program: str) -> int:
    """Answer a command line that does not begin with one of `commands`; the exit status."""
    prepare()
    if words and words[0] in ("--version", "-V"):
        import flowport

        print(f"flowport {flowport.__version__}")
        return 0
    if not words or words[0] in ("--help", "-h", "help"):
        print("\n".join([f"{program} COMMAND ...", "", *table(list(commands.items())), "", f"{program} COMMAND --help says more"]))
        return 0 if words else 2
    hint = closest(words[0], commands) or f"{program} --help"
    print(f"{program}: there is no command `{shown(words[0])}`\n  {hint}", file=sys.stderr)
    return 2
