"""`flowport explain CODE`: the long form of a diagnostic."""

from __future__ import annotations

from typing import NamedTuple

from flowport.cli.advice import WrongUse, closest
from flowport.cli.command import Argument, Command
from flowport.cli.completers import codes
from flowport.compiler.diagnostics.codes import CODES
from flowport.compiler.diagnostics.codes import explain as text_of


class ExplainRequest(NamedTuple):
    """A code; None for all of them."""

    code: str | None


def explain(request: ExplainRequest) -> int:
    """Print the explanation of a code, or all codes with their titles."""
    if request.code is None:
        print("\n".join(f"{code}  {CODES[code].title}" for code in sorted(CODES)))
        return 0
    code = request.code.upper()
    text = text_of(code)
    if text is None:
        hint = closest(code, CODES) or "codes look like FP201; `flowport check` prints them"
        raise WrongUse(f"there is no diagnostic `{request.code}`", hint)
    print(text.rstrip())
    return 0


COMMAND = Command(
    "explain",
    "Explain a diagnostic",
    ExplainRequest,
    explain,
    (Argument("code", "The code of a diagnostic. Default: list all codes.", required=False, shell_complete=codes),),
    examples=("flowport explain FP201",),
)
