"""The major version of Python in an expression. It is the only part of the version that is the same wherever a flow is compiled and run.

platform.python_version_tuple()[0]      "3"
sys.version_info[0]                     3
"""

from __future__ import annotations

import ast

from flowport.compiler.evaluate.scope import Scope, resolve_name
from flowport.compiler.python.modules import External


def major_version(node: ast.Subscript, where: Scope) -> str | int | None:
    """The major version as the expression has it; None for any other expression."""
    if not isinstance(node.slice, ast.Constant) or node.slice.value != 0:
        return None
    if isinstance(node.value, ast.Call):
        return "3" if resolve_name(node.value.func, where) == External("platform.python_version_tuple") else None
    return 3 if resolve_name(node.value, where) == External("sys.version_info") else None
