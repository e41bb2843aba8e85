"""`flowport explain CODE`: the long form of a diagnostic."""

from __future__ import annotations

from flowport.cli.options import Argument, Command, Values, WrongUse, closest
from flowport.compiler.diagnostics.codes import CODES
from flowport.compiler.diagnostics.codes import explain as text_of


def explain(values: Values) -> int:
    """Print what there is to say about a code, or all codes with their titles."""
    if values["code"] is None:
        print("\n".join(f"{code}  {CODES[code].title}" for code in sorted(CODES)))
        return 0
    code = values["code"].upper()
    text = text_of(code)
    if text is None:
        raise WrongUse(
            f"there is no diagnostic `{values['code']}`", closest(code, CODES) or "codes look like FP201; `flowport check` prints them"
        )
    print(text.rstrip())
    return 0


CODE = Argument("CODE", "the code of a diagnostic, such as FP201; all are listed when it is missing", required=False)
COMMAND = Command("explain", "say more about a diagnostic", explain, (CODE,))
