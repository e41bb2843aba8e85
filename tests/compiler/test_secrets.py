"""`@secrets`: the forms of Metaflow, and every mistake with its message."""

from __future__ import annotations

from pathlib import Path

import pytest

from flowport.compiler.diagnostics.diagnostic import Diagnostic
from flowport.compiler.ir import Settings
from flowport.compiler.ir.secrets import Secret, Secrets
from sources import END, class_of, codes, read, write

AWS = "aws-secrets-manager"
HEAD = "import os\nfrom metaflow import secrets\nSOURCES = ['aws-secrets-manager.db']\n"


def settings_of(folder: Path, mark: str) -> tuple[Settings, tuple[Diagnostic, ...]]:
    body = f"{mark}\n@step\ndef start(self):\n    self.next(self.end)\n" + END
    flow, found = read(write(folder, {"flow.py": class_of(body, HEAD)}))
    return flow.step("start").settings, found


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ("sources=['aws-secrets-manager.prod/db']", Secrets((Secret("prod/db", AWS),))),
        ("sources=SOURCES", Secrets((Secret("db", AWS),))),
        ("sources=('db',)", Secrets((Secret("db"),))),
        (
            "sources=['gcp-secret-manager.projects/1/secrets/a/versions/2']",
            Secrets((Secret("projects/1/secrets/a/versions/2", "gcp-secret-manager"),)),
        ),
        (
            "sources=['az-key-vault.https://v.vault.azure.net/secrets/a']",
            Secrets((Secret("https://v.vault.azure.net/secrets/a", "az-key-vault"),)),
        ),
        ("sources=['aws-secrets-manager.a.b']", Secrets((Secret("a.b", AWS),))),
        ("sources=[{'id': 'my.db'}]", Secrets((Secret("my.db"),))),
        (
            (
                "sources=[{'type': 'aws-secrets-manager', 'id': 'db', 'role': 'one', "
                "'options': {'json': False, 'env_var_name': 'DB'}}, 'b'], role='two'"
            ),
            Secrets((Secret("db", AWS, "one", (("env_var_name", "DB"), ("json", False))), Secret("b", "", "two"))),
        ),
        ("sources=['db'], allow_override=True", Secrets((Secret("db"),), allow_override=True)),
        ("sources=['db'], role=None", Secrets((Secret("db"),))),
        ("sources=['outerbounds.db']", Secrets((Secret("db", "outerbounds"),))),
        ("sources=[]", None),
    ],
)
def test_the_forms_of_a_source(tmp_path: Path, arguments: str, expected: Secrets | None) -> None:
    found, said = settings_of(tmp_path, f"@secrets({arguments})")
    assert codes(said) == []
    assert found.secrets == expected


@pytest.mark.parametrize(
    ("arguments", "message", "help"),
    [
        ("sources='db'", "`sources` of `@secrets` must be a list, not `'db'`", 'write `sources=["aws-secrets-manager.NAME"]`'),
        ("sources=[5]", "a source of `@secrets` must be a string or a dict with an `id`, not `5`", ""),
        ("sources=['']", "a source of `@secrets` must be a string or a dict with an `id`, not `''`", ""),
        ("sources=[{'type': 'aws-secrets-manager'}]", "a source of `@secrets` must be a string or a dict with an `id`, not `{'type': ", ""),
        (
            "sources=[{'id': 'db', 'options': 'json'}]",
            "a source of `@secrets` must be a string or a dict with an `id`, not `{'id': 'db'}`",
            "",
        ),
        ("sources=[{'id': 'db', 'name': 'x'}]", "a source of `@secrets` has no `name`", ""),
        (
            "sources=['aws-secret-manager.db']",
            "the secret `aws-secret-manager.db` has the unknown type `aws-secret-manager`",
            "did you mean `aws-secrets-manager`?",
        ),
        (
            "sources=[{'type': 'az-key-vault', 'id': 'a', 'options': {'json': True}}]",
            "the secret `az-key-vault.a` has the option `json`, and its type has `env_var_name`",
            "remove `json`",
        ),
        (
            "sources=[{'type': 'aws-secrets-manager', 'id': 'a', 'options': {'json': 'no'}}]",
            "the option `json` of the secret `aws-secrets-manager.a` must be True or False",
            "",
        ),
        (
            "sources=[{'type': 'gcp-secret-manager', 'id': 'a', 'options': {'env_var_name': '1A'}}]",
            "the secret `gcp-secret-manager.a` sets `1A`, which is not the name of a variable",
            "use letters, digits and `_`",
        ),
        (
            "sources=[{'type': 'gcp-secret-manager', 'id': 'a', 'options': {'env_var_name': 'FLOWPORT_A'}}]",
            "the secret `gcp-secret-manager.a` sets `FLOWPORT_A`, which is reserved",
            "",
        ),
        (
            (
                "sources=[{'type': 'az-key-vault', 'id': 'a', 'options': {'env_var_name': 'X.Y'}}, "
                "{'type': 'gcp-secret-manager', 'id': 'b', "
                "'options': {'env_var_name': 'X-Y'}}]"
            ),
            "the secrets `az-key-vault.a` and `gcp-secret-manager.b` both set the variable `X_Y`",
            "",
        ),
        ("sources=['db', 'db']", "`@secrets` names `db` twice", "keep one of them"),
        ("sources=['db'], allow_override='yes'", "`allow_override` of `@secrets` must be True or False, not `'yes'`", ""),
        ("sources=['db'], role=5", "`role` of `@secrets` must be a string, not `5`", ""),
    ],
)
def test_a_mistake_has_a_message(tmp_path: Path, arguments: str, message: str, help: str) -> None:
    _, found = settings_of(tmp_path, f"@secrets({arguments})")
    assert codes(found) == ["FP133"]
    assert found[0].message.startswith(message)
    assert help == "" or help in found[0].help


def test_a_source_that_comes_from_the_environment_is_refused(tmp_path: Path) -> None:
    assert codes(settings_of(tmp_path, "@secrets(sources=[os.environ['SECRET']])")[1]) == ["FP121"]


def test_values_in_the_source_are_a_warning_that_does_not_show_them(tmp_path: Path) -> None:
    mark = "@secrets(sources=[{'type': 'inline', 'id': 'x', 'options': {'env_vars': {'A': 'v4lue'}}}])"
    found, said = settings_of(tmp_path, mark)
    assert codes(said) == ["FP147"]
    assert said[0].severity == "warning"
    assert found.secrets == Secrets((Secret("x", "inline", "", (("env_vars", {"A": "v4lue"}),)),))
    wrong = settings_of(tmp_path, mark.replace("'A': 'v4lue'", "'A B': 'v4lue'"))[1]
    assert codes(wrong) == ["FP133", "FP147"]
    assert not any("v4lue" in each.message for each in (*said, *wrong))
