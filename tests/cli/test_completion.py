"""What a shell completes: by click's protocol, as the scripts of `flowport completion` ask, and in the shells that are installed."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from desk import Desk
from flowport.cli.commands.completion import SHELLS
from flowport.cli.group import COMMANDS
from flowport.compiler.diagnostics.codes import CODES


def completed(desk: Desk, *words: str, shell: str = "bash", **environment: str) -> list[str]:
    """What is offered for the last of the words."""
    line = " ".join(["flowport", *words])
    ended = desk(_FLOWPORT_COMPLETE=f"{shell}_complete", COMP_WORDS=line, COMP_CWORD=str(len(words)), **environment)
    assert (ended.status, ended.err) == (0, "")
    return [one.partition(",")[2] if one.startswith("plain,") else one for one in ended.out.splitlines() if one]


def test_commands_are_completed(desk: Desk) -> None:
    assert completed(desk, "") == list(COMMANDS)
    assert completed(desk, "ru") == ["run", "runs"]
    assert completed(desk, "--v") == ["--version"]


def test_options_are_completed(desk: Desk) -> None:
    assert completed(desk, "compile", "--p") == ["--production", "--profile"]
    assert completed(desk, "check", "tiny.py", "--format", "g") == ["github"]


def test_targets_and_codes_are_completed(desk: Desk) -> None:
    assert completed(desk, "compile", "tiny.py", "--target", "") == ["airflow", "argo", "sfn", "stepfunctions"]
    assert completed(desk, "runs", "-t", "ar") == ["argo"]
    assert completed(desk, "explain", "FP20") == [code for code in sorted(CODES) if code.startswith("FP20")]


def test_flow_files_are_completed(desk: Desk) -> None:
    assert completed(desk, "run", "") == ["failing.py", "mistaken.py", "tiny.py"]
    assert completed(desk, "show", "ti") == ["tiny.py"]
    assert completed(desk, "check", "tiny.py", "m") == ["mistaken.py"]
    desk.write("flows/other.py", "")
    assert completed(desk, "run", "f") == ["file,f"]
    assert completed(desk, "run", "flows/") == ["flows/other.py"]


def test_parameters_of_the_flow_are_completed(desk: Desk) -> None:
    assert {"--n", "--shape", "--note", "--tag"} < set(completed(desk, "run", "tiny.py", "--"))
    assert completed(desk, "run", "tiny.py", "--n", "3", "--sh") == ["--shape"]
    assert "--n" not in completed(desk, "run", "mistaken.py", "--")


def test_runs_of_a_local_store_are_completed(desk: Desk) -> None:
    assert completed(desk, "logs", "") == []
    assert desk("run", "tiny.py", "--run-id", "one", "--quiet").status == 0
    assert completed(desk, "logs", "T") == ["Tiny", "Tiny/latest", "Tiny/one"]
    assert completed(desk, "artifacts", "Tiny/o") == ["Tiny/one"]
    assert completed(desk, "status", "Tiny/one/d") == ["Tiny/one/double"]
    assert completed(desk, "logs", "--store", "elsewhere", "T") == []
    assert completed(desk, "logs", "T", FLOWPORT_STORE="s3://nobody-has-this-bucket/flows") == []


@pytest.mark.parametrize("shell", SHELLS)
def test_each_shell_has_its_script(desk: Desk, shell: str) -> None:
    ended = desk("completion", shell)
    assert ended.status == 0
    assert f"_FLOWPORT_COMPLETE={shell}_complete" in ended.out


ASK = {
    "bash": 'eval "$(flowport completion bash)"; COMP_WORDS=(flowport ru); COMP_CWORD=1; _flowport_completion flowport; '
    'printf "%s\\n" "${COMPREPLY[@]}"',
    "zsh": "compdef() { :; }; compadd() { :; }; _describe() { print -l -- ${completions_with_descriptions/:/ } }; "
    'eval "$(flowport completion zsh)"; words=(flowport ru); CURRENT=2; _flowport_completion',
    "fish": "flowport completion fish | source; complete --do-complete 'flowport ru'",
}
"""What asks each shell to complete `flowport ru`; the part of zsh that needs a terminal prints what it is given."""


@pytest.mark.parametrize("shell", [shell for shell in SHELLS if shutil.which(shell)])
def test_a_shell_completes(desk: Desk, shell: str) -> None:
    path = f"{Path(desk.command).parent}:{os.environ['PATH']}"
    ended = desk.run(shell, *(["--norc"] if shell == "bash" else []), "-c", ASK[shell], PATH=path)
    assert [line.split()[0] for line in ended.out.splitlines()] == ["run", "runs"], ended.err
