"""JSON as a tree that can be folded, and YAML with its keys in colours."""

from __future__ import annotations

import json
import re
from typing import Any

from flowport.card_pages.texts import escape

NODES = 5_000
"""The most values of a tree; what is larger is shown as a text."""

HEIGHT = re.compile(r"\d{1,5}(\.\d{1,3})?(px|rem|em|vh|pt)")
"""The heights that a viewer takes."""


def json_viewer(component: dict[str, Any]) -> str:
    """JSON below its title."""
    text = str(component.get("json_string", ""))
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return _viewer(component, f"<pre>{escape(text)}</pre>")
    if not _is_small(value):
        return _viewer(component, f"<pre>{escape(text)}</pre>")
    return _viewer(component, f'<div class="tree">{_tree(value)}</div>')


def yaml_viewer(component: dict[str, Any]) -> str:
    """YAML below its title."""
    lines = "\n".join(map(_yaml_line, str(component.get("yaml_string", "")).splitlines()))
    return _viewer(component, f"<pre>{lines}</pre>")


def _viewer(component: dict[str, Any], body: str) -> str:
    height = str(component.get("max_height", ""))
    limit = f' style="max-height:{height};overflow:auto"' if HEIGHT.fullmatch(height) else ""
    title, inner = escape(component.get("title", "")), f"<div{limit}>{body}</div>"
    if component.get("collapsible", True):
        return f'<details class="viewer" open><summary>{title}</summary>{inner}</details>'
    return f'<div class="viewer"><p class="viewer-title">{title}</p>{inner}</div>'


def _is_small(value: Any) -> bool:
    """Whether a value has few parts, and is not nested too deeply."""
    left, count = [(value, 0)], 0
    while left:
        part, depth = left.pop()
        count += 1
        if count > NODES or depth > 40:
            return False
        inner = part.values() if isinstance(part, dict) else part if isinstance(part, list) else ()
        left += [(one, depth + 1) for one in inner]
    return True


def _tree(value: Any, key: str = "", depth: int = 0) -> str:
    name = f'<span class="f">{escape(key)}</span>: ' if key else ""
    if isinstance(value, (dict, list)) and value:
        pairs = (
            [(json.dumps(inner, ensure_ascii=False), one) for inner, one in value.items()]
            if isinstance(value, dict)
            else [("", one) for one in value]
        )
        count = len(value)
        what = ("key" if isinstance(value, dict) else "item") + ("" if count == 1 else "s")
        rows = "".join(f"<li>{_tree(one, inner, depth + 1)}</li>" for inner, one in pairs)
        signs = "{}" if isinstance(value, dict) else "[]"
        opened = " open" if depth < 3 and count <= 50 else ""
        return f'<details{opened}><summary>{name}<span class="faint">{signs} {count} {what}</span></summary><ul>{rows}</ul></details>'
    return name + _atom(value)


def _atom(value: Any) -> str:
    kind = "s" if isinstance(value, str) else "b" if value is None or isinstance(value, bool) else "n"
    return f'<span class="{kind}">{escape(json.dumps(value, ensure_ascii=False))}</span>'


def _yaml_line(line: str) -> str:
    found = re.match(r"^(\s*(?:- )*)([^\s:#][^:#]*)(:)(\s.*)?$", line)
    if found is None:
        return escape(line)
    start, key, colon, rest = found.groups(default="")
    return f'{escape(start)}<span class="f">{escape(key)}</span>{colon}<span class="s">{escape(rest)}</span>'
