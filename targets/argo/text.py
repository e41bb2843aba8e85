"""Documents as YAML, in the order in which they were made.

Every text that any parser of YAML 1.1 or 1.2 could take for something else is quoted: a bare `y`, `1e3` or `0o14` is no text to Argo's.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import yaml

import flowport
from flowport.compiler.ir import JSON, Flow
from flowport.targets.texts import seen

PLAIN = re.compile(r"[A-Za-z/][A-Za-z0-9_./-]{0,59}")
"""A digest, which may begin with a digit or with a letter, is quoted in either case."""

WORDS = frozenset(["y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf"])
WIDTH = 160


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: object) -> bool:
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    plain = PLAIN.fullmatch(text) and text.lower() not in WORDS
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=None if plain else '"')


_Dumper.add_representer(str, _text)


def header(flow: Flow) -> bytes:
    """What stands above the documents of a flow, for people."""
    made = f"# {flow.deployment}, compiled by flowport {flowport.__version__} from {flow.file}: change that, and compile it again."
    return f"{seen(made)}\n".encode()


def encoded(*documents: Mapping[str, JSON]) -> bytes:
    """Documents as YAML."""
    text: bytes = yaml.dump_all(documents, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=WIDTH, encoding="utf-8")
    return text
