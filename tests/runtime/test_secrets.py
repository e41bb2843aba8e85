"""Variables that only a task knows: where they come from, the rules of Metaflow for them, and what a task says when there are none."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import boto3
import pytest

from flowport.runtime.process.lifeline import Lifeline
from flowport.runtime.protocol import SECRETS
from flowport.runtime.secrets import aws, azure, dotenv, gcp
from flowport.runtime.secrets.errors import SecretError, Unreachable
from flowport.runtime.secrets.fetch import short_name
from flowport.runtime.secrets.provide import provide
from flowport.runtime.secrets.sources import Secret
from flowport.runtime.secrets.variables import Payload, key_of, variables
from s3 import REGION
from s3 import server as server

AWS = "aws-secrets-manager"
DATABASE = '{"user":"a","pass-word":"b","n":5,"ok":true,"nested":{"a":[1,2]},"none":null}'


def provided(plan: Mapping[str, Any], **document: Any) -> dict[str, str]:
    """The variables that providing adds or changes."""
    os.environ[SECRETS] = json.dumps(document)
    before = dict(os.environ)
    provide({"step": "train", **plan})
    return {name: value for name, value in os.environ.items() if before.get(name) != value}


def refusal(plan: Mapping[str, Any], **document: Any) -> str:
    with pytest.raises(SecretError) as caught:
        provided(plan, **document)
    return str(caught.value)


def asks(*sources: dict[str, Any] | str, **more: Any) -> dict[str, Any]:
    return {"secrets": {"sources": [{"id": each} if isinstance(each, str) else each for each in sources], **more}}


@pytest.mark.parametrize(
    ("type", "text", "options", "expected"),
    [
        # As Metaflow 2.19.39 makes them of the same secrets.
        (AWS, DATABASE, {}, {"user": "a", "pass_word": "b", "n": "5", "ok": "True", "nested": "{'a': [1, 2]}", "none": "None"}),
        (AWS, "abc", {"json": False}, {"prod_tok_en": "abc"}),
        (AWS, "abc", {"json": False, "env_var_name": "MY.NAME"}, {"MY_NAME": "abc"}),
        (AWS, '{"a":"1"}', {"env_var_name": "X"}, {"a": "1"}),
        (AWS, '{"a":"1"}', {"json": False}, {"prod_tok_en": '{"a":"1"}'}),
        ("gcp-secret-manager", '{"a":"1"}', {}, {"prod_tok_en": '{"a":"1"}'}),
        ("gcp-secret-manager", '{"a":"1"}', {"json": True}, {"a": "1"}),
        ("az-key-vault", '{"a":"1"}', {}, {"prod_tok_en": '{"a":"1"}'}),
        # Without a type what it looks like decides.
        ("", '{"a":"1"}', {}, {"a": "1"}),
        ("", "abc", {}, {"prod_tok_en": "abc"}),
    ],
)
def test_a_secret_becomes_variables(type: str, text: str, options: dict[str, Any], expected: dict[str, str]) -> None:
    assert variables(Secret("prod/tok.en", type, "", options), Payload("prod/tok.en", text)) == expected


def test_a_binary_secret_is_one_variable_in_base64() -> None:
    assert variables(Secret("bin", AWS), Payload("bin", "AAE=", binary=True)) == {"bin": "AAE="}
    assert variables(Secret("bin", AWS, "", {"env_var_name": "B"}), Payload("bin", "AAE=", binary=True)) == {"B": "AAE="}


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        ("s3cret", {}, "the secret `aws-secrets-manager.db` is not JSON: store an object with a key for each variable, or write"),
        ('["s3cret"]', {}, "the secret `aws-secrets-manager.db` is JSON, but no object: store one with a key for each variable, or write"),
        ('{"a-b":"s3cret","a.b":"2"}', {}, "the secret `aws-secrets-manager.db` sets `a_b` twice: two of its keys differ in"),
        ('{"1a":"s3cret"}', {}, "the secret `aws-secrets-manager.db` would set `1a`, which is not the name of a variable"),
        ('{"METAFLOW_X":"s3cret"}', {}, "the secret `aws-secrets-manager.db` would set `METAFLOW_X`, which is reserved"),
        ('{"FLOWPORT_X":"s3cret"}', {}, "the secret `aws-secrets-manager.db` would set `FLOWPORT_X`, which is reserved"),
        ("s3cret\0", {"json": False}, "the value of `db` in the secret `aws-secrets-manager.db` has a NUL character"),
    ],
)
def test_a_secret_of_another_form_is_refused_without_its_value(text: str, options: dict[str, Any], message: str) -> None:
    with pytest.raises(SecretError) as caught:
        variables(Secret("db", AWS, "", options), Payload("db", text))
    assert str(caught.value).startswith(message)
    assert "s3cret" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_a_key_that_is_not_there_is_named() -> None:
    with pytest.raises(SecretError, match=r"the secret `db` has no key `b`"):
        key_of(Secret("db"), Payload("db", '{"a":"1"}'), "b")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A=1\nB = two words \n", {"A": "1", "B": "two words"}),
        ("export A='x # y'\n", {"A": "x # y"}),
        ("A=x # a comment\n# B=1\n\n  C=y#z", {"A": "x", "C": "y#z"}),
        ('A="a\\nb \\"c\\" \\\\ \\$d"', {"A": 'a\nb "c" \\ $d'}),
        ("A='one\ntwo'\nB=2", {"A": "one\ntwo", "B": "2"}),
        ('db={"user": "a b", "n": 1}\n', {"db": '{"user": "a b", "n": 1}'}),
        ("A=\nB=''\nC=\"\"", {"A": "", "B": "", "C": ""}),
        ("\ufeffA=1\r\nB=2\r\n", {"A": "1", "B": "2"}),
        ("my-db.key=1", {"my-db.key": "1"}),
        ("", {}),
    ],
)
def test_a_file_of_secrets(text: str, expected: dict[str, str]) -> None:
    assert dotenv.parse(text, ".env") == expected


@pytest.mark.parametrize(
    ("text", "line"),
    [("A=1\ns3cret\n", 2), ("A='s3cret\n", 1), ('A=1\n\nB="s3cret', 3), ("A='s3cret' s3cret", 1), ("1A=s3cret", 1), ("A=1\nA=s3cret", 2)],
)
def test_a_line_that_is_none_is_refused_without_its_text(text: str, line: int) -> None:
    with pytest.raises(SecretError, match=rf"line {line} of `\.env`") as caught:
        dotenv.parse(text, ".env")
    assert "s3cret" not in str(caught.value)


def test_a_file_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    with pytest.raises(SecretError, match="cannot be read: No such file"):
        dotenv.read(str(tmp_path / ".env"))
    (tmp_path / ".env").write_bytes(b"A=\xff")
    with pytest.raises(SecretError, match="is not UTF-8"):
        dotenv.read(str(tmp_path / ".env"))


@pytest.mark.parametrize(
    ("id", "type", "expected"),
    [
        ("prod/db", AWS, "prod/db"),
        ("arn:aws:secretsmanager:eu-west-1:123456789012:secret:prod/db-a1B2c3", AWS, "prod/db"),
        ("projects/1/secrets/key/versions/2", "gcp-secret-manager", "key"),
        ("key/versions/2", "gcp-secret-manager", "key"),
        ("https://v.vault.azure.net/secrets/key/0123456789abcdef0123456789abcdef", "az-key-vault", "key"),
    ],
)
def test_a_line_of_the_file_is_called_like_the_secret(id: str, type: str, expected: str) -> None:
    assert short_name(Secret(id, type)) == expected


def test_on_this_machine_the_file_comes_first(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text('prod_db={"user": "a"}\nplain=b\nTOKEN=c\n')
    plan = {
        **asks({"id": "prod/db", "type": AWS}, "plain"),
        "reads": {"TOKEN": True, "LEVEL": False},
        "forwarded": {"URL": ["x/", {"read": "TOKEN"}], "LEVEL": [{"read": "LEVEL", "default": ["info"]}]},
    }
    found = provided(plan, file=str(tmp_path / ".env"))
    assert found == {"user": "a", "plain": "b", "TOKEN": "c", "URL": "x/c", "LEVEL": "info"}


def test_the_shell_comes_before_the_file_and_the_profile(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("A=file\nB=file\n")
    os.environ["A"] = "shell"
    plan = {"reads": {"A": True, "B": True, "C": True}, "forwarded": {name: [{"read": name}] for name in "ABC"}}
    variables = {name: {"value": "profile"} for name in "ABC"}
    assert provided(plan, file=str(tmp_path / ".env"), variables=variables) == {"B": "file", "C": "profile"}


@pytest.mark.parametrize(("value", "expected"), [(None, "x"), ("", "x"), ("y", "y")])
def test_or_also_stands_for_an_empty_variable(value: str | None, expected: str) -> None:
    if value is not None:
        os.environ["A"] = value
    provided({"reads": {"A": False}, "forwarded": {"V": [{"read": "A", "default": ["x"], "or_empty": True}]}})
    assert os.environ["V"] == expected


def test_an_empty_variable_is_set() -> None:
    os.environ["A"] = ""
    provided({"reads": {"A": False}, "forwarded": {"V": [{"read": "A", "default": ["x"]}]}})
    assert os.environ["V"] == ""


def test_what_an_engine_delivers_is_taken_apart() -> None:
    os.environ["FLOWPORT_SECRET_0"] = '{"user": "a"}'
    sources = {"aws-secrets-manager.db": {"payload": "FLOWPORT_SECRET_0"}, "keys": {"container": True}}
    assert provided(asks({"id": "db", "type": AWS}, "keys"), sources=sources) == {"user": "a"}


@pytest.mark.parametrize(("line", "expected"), [('{"user": "a"}', {"user": "a"}), ("plain", {"db": "plain"})])
def test_a_secret_of_a_type_that_no_service_has_looks_like_what_it_is(tmp_path: Path, line: str, expected: dict[str, str]) -> None:
    (tmp_path / ".env").write_text(f"db={line}\n")
    assert provided(asks({"id": "db", "type": "outerbounds"}), file=str(tmp_path / ".env"), type="gcp-secret-manager") == expected


def test_a_payload_is_not_for_the_step() -> None:
    os.environ["FLOWPORT_SECRET_0"] = "a"
    assert provided(asks("db"), sources={"db": {"payload": "FLOWPORT_SECRET_0"}}) == {"db": "a"}
    assert "FLOWPORT_SECRET_0" not in os.environ


def test_values_in_the_flow_are_taken_as_they_are() -> None:
    assert provided(asks({"id": "x", "type": "inline", "options": {"env_vars": {"A": "1"}}})) == {"A": "1"}


@pytest.mark.parametrize(
    ("plan", "document", "message"),
    [
        ({"reads": {"TOKEN": True}}, {}, "the flow reads the variable `TOKEN`, which is not set: set it where the step runs or under"),
        (asks("db"), {}, "nothing says where the secret `db` is: name its type, as in `aws-secrets-manager.db`, or set `secrets_type`"),
        (asks({"id": "db", "type": "vault"}), {}, "nothing says where the secret `vault.db` is: name its place under `[secrets]`"),
        (asks("db"), {"sources": {"db": {"file": True}}}, "the secret `db` comes from the engine, so on this machine it has no value: add"),
        (asks("db"), {"sources": {"db": {"payload": "FLOWPORT_SECRET_0"}}}, "the engine did not set `FLOWPORT_SECRET_0`, which the secret"),
    ],
)
def test_what_is_not_there_is_said(plan: dict[str, Any], document: dict[str, Any], message: str) -> None:
    assert refusal(plan, **document).startswith(message)


def test_two_secrets_do_not_set_one_variable(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text('a={"KEY": "s3cret"}\nb={"KEY": "s3cret"}\n')
    assert refusal(asks("a", "b"), file=str(tmp_path / ".env")) == "step `train`: the secrets `a` and `b` both set the variable `KEY`"
    assert "KEY" not in os.environ


def test_a_secret_replaces_a_variable_only_where_the_flow_says_so(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text('a={"KEY": "new"}\n')
    os.environ["KEY"] = "old"
    message = refusal(asks("a"), file=str(tmp_path / ".env"))
    assert message.startswith("step `train`: the secret `a` would replace the variable `KEY`, which is set already")
    assert provided(asks("a", allow_override=True), file=str(tmp_path / ".env")) == {"KEY": "new"}


def test_a_step_may_ask_for_a_secret_itself(manager: Any, tmp_path: Path) -> None:
    from flowport.runtime.names.exceptions import MetaflowException
    from flowport.runtime.secrets.get import get_secret

    name = made(manager, '{"user": "a"}')
    assert get_secret(f"{AWS}.{name}") == {"user": "a"}
    assert get_secret({"type": AWS, "id": name, "options": {"json": False, "env_var_name": "ALL"}}) == {"ALL": '{"user": "a"}'}
    assert "user" not in os.environ
    with pytest.raises(MetaflowException, match="AWS Secrets Manager has no secret `nothing`"):
        get_secret(f"{AWS}.nothing")
    with pytest.raises(MetaflowException, match="a source is a string, or a dict with an `id`"):
        get_secret({"type": AWS})


def test_a_document_that_flowport_did_not_write_is_refused() -> None:
    os.environ[SECRETS] = "x"
    with pytest.raises(SecretError, match=f"the variable `{SECRETS}` is set by flowport, and is not what it wrote"):
        provide({"step": "train"})


@pytest.fixture
def manager(server: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """AWS Secrets Manager on this machine."""
    for name, value in {
        "AWS_ENDPOINT_URL": server,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "somebody",
        "AWS_SECRET_ACCESS_KEY": "something",
    }.items():
        monkeypatch.setenv(name, value)
    return boto3.client("secretsmanager", region_name=REGION, endpoint_url=server)


def made(manager: Any, value: str | bytes) -> str:
    name = f"prod/{os.urandom(6).hex()}"
    manager.create_secret(Name=name, **{"SecretString" if isinstance(value, str) else "SecretBinary": value})
    return name


def test_a_task_fetches_secrets_of_aws(manager: Any) -> None:
    name, plain = made(manager, '{"user": "a"}'), made(manager, "b")
    asked = asks({"id": name, "type": AWS}, {"id": plain, "options": {"json": False, "env_var_name": "PLAIN"}})
    assert provided(asked, type=AWS) == {"user": "a", "PLAIN": "b"}
    assert Lifeline.open == [], "the task keeps descriptors of a process that has ended"


def test_a_profile_may_name_another_secret_and_the_entry_of_a_variable(manager: Any) -> None:
    name = made(manager, '{"user": "a", "token": "t"}')
    place = {"type": AWS, "id": name}
    found = provided({**asks("db"), "reads": {"TOKEN": True}}, sources={"db": place}, variables={"TOKEN": {**place, "key": "token"}})
    assert found == {"user": "a", "token": "t", "TOKEN": "t"}


def test_a_secret_of_aws_by_its_arn_with_bytes_and_with_a_role(manager: Any) -> None:
    arn = manager.describe_secret(SecretId=made(manager, b"\x00\x01"))["ARN"]
    found = aws.fetch(Secret(arn, AWS, "arn:aws:iam::123456789012:role/reader"), "")
    assert (found.text, found.binary) == ("AAE=", True)
    assert arn.rpartition("-")[0].endswith(found.name)


def test_a_secret_that_aws_does_not_have_is_refused(manager: Any) -> None:
    message = refusal(asks({"id": "nothing", "type": AWS}))
    assert message == "AWS Secrets Manager has no secret `nothing` in this region and account"


class Refusing:
    """boto3, with a client that raises."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def Session(self, *keys: str) -> Refusing:
        return self

    def client(self, *names: str, **options: Any) -> Refusing:
        return self

    def get_secret_value(self, **options: Any) -> Any:
        raise self.error


def refused_by_aws(monkeypatch: pytest.MonkeyPatch, error: Exception) -> Exception:
    import botocore.exceptions

    modules = {"boto3": Refusing(error), "botocore.exceptions": botocore.exceptions}
    monkeypatch.setattr(aws, "library", lambda name, service, package: modules[name])
    with pytest.raises((SecretError, Unreachable)) as caught:
        aws.fetch(Secret("db", AWS), "")
    return caught.value


def test_what_aws_refuses_is_said_and_what_may_pass_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    from botocore.exceptions import ClientError, EndpointConnectionError, NoCredentialsError, NoRegionError

    def answer(code: str) -> ClientError:
        return ClientError({"Error": {"Code": code, "Message": "m"}}, "GetSecretValue")

    denied = refused_by_aws(monkeypatch, answer("AccessDeniedException"))
    assert str(denied) == (
        "AWS does not let the role of the task read the secret `db` (AccessDeniedException): allow `secretsmanager:GetSecretValue` on it"
    )
    assert isinstance(refused_by_aws(monkeypatch, answer("DecryptionFailure")), SecretError)
    assert isinstance(refused_by_aws(monkeypatch, answer("ThrottlingException")), Unreachable)
    assert isinstance(refused_by_aws(monkeypatch, EndpointConnectionError(endpoint_url="x")), Unreachable)
    assert "the region of the secret `aws-secrets-manager.db` is not known" in str(refused_by_aws(monkeypatch, NoRegionError()))
    assert "there are no credentials of AWS" in str(refused_by_aws(monkeypatch, NoCredentialsError()))


@pytest.mark.parametrize(
    ("fetch", "type", "id", "packages"),
    [
        (gcp.fetch, "gcp-secret-manager", "projects/1/secrets/a", "google-cloud-secret-manager"),
        (azure.fetch, "az-key-vault", "https://vault.vault.azure.net/secrets/a", "azure-keyvault-secrets azure-identity"),
    ],
)
def test_a_library_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch, fetch: Any, type: str, id: str, packages: str) -> None:
    for module in ("google.cloud.secretmanager", "azure.identity"):
        monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(SecretError, match=f"need another library where the step runs: pip install {packages}"):
        fetch(Secret(id, type), "")


@pytest.mark.parametrize(
    ("id", "prefix", "expected"),
    [
        ("projects/1/secrets/a-b", "", ("a-b", "projects/1/secrets/a-b/versions/latest")),
        ("projects/1/secrets/a/versions/3", "", ("a", "projects/1/secrets/a/versions/3")),
        ("a", "projects/1/secrets/", ("a", "projects/1/secrets/a/versions/latest")),
        ("a/versions/3", "projects/1/secrets", ("a", "projects/1/secrets/a/versions/3")),
    ],
)
def test_the_names_of_google(id: str, prefix: str, expected: tuple[str, str]) -> None:
    assert gcp.version_of(Secret(id, "gcp-secret-manager"), prefix) == expected


@pytest.mark.parametrize(
    ("id", "message"), [("a b", "is not the id of a secret of Google"), ("a", "the project of the secret `a` is not known")]
)
def test_a_name_that_google_does_not_have(id: str, message: str) -> None:
    with pytest.raises(SecretError, match=message):
        gcp.version_of(Secret(id, "gcp-secret-manager"), "")


VAULT = "https://vault.vault.azure.net"


@pytest.mark.parametrize(
    ("id", "prefix", "expected"),
    [
        (f"{VAULT}/secrets/a", "", (VAULT, "a", None)),
        (f"{VAULT}/secrets/a/{'0' * 32}", "", (VAULT, "a", "0" * 32)),
        ("a", f"{VAULT}/", (VAULT, "a", None)),
    ],
)
def test_the_names_of_azure(id: str, prefix: str, expected: tuple[str, str, str | None]) -> None:
    assert azure.parts_of(Secret(id, "az-key-vault"), prefix) == expected


@pytest.mark.parametrize(
    ("id", "message"),
    [
        ("a", "the vault of the secret `a` is not known"),
        ("https://vault.vault.azure.net.example.com/secrets/a", "is not a secret in a vault of Azure"),
        ("https://vault.vault.azure.net/keys/a", "is not a secret in a vault of Azure"),
    ],
)
def test_a_name_that_azure_does_not_have(id: str, message: str) -> None:
    with pytest.raises(SecretError, match=message):
        azure.parts_of(Secret(id, "az-key-vault"), "")
