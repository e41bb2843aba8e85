"""What each diagnostic means, at length: `flowport explain FP201`."""

from __future__ import annotations

from collections.abc import Mapping

from flowport.compiler.diagnostics.code import Code
from flowport.compiler.diagnostics.config_codes import CONFIGS
from flowport.compiler.diagnostics.flow_codes import FLOW
from flowport.compiler.diagnostics.reading_codes import READING
from flowport.compiler.diagnostics.target_codes import TARGETS

CODES: Mapping[str, Code] = {**READING, **CONFIGS, **FLOW, **TARGETS}


def explain(code: str) -> str | None:
    """The long form of a code, or None for an unknown code."""
    name = code.strip().upper()
    known = CODES.get(name)
    return None if known is None else f"{name}: {known.title}\n\n{known.text}\n"
