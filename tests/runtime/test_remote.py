"""The remote store against a server of S3's protocol, over real HTTP."""

from __future__ import annotations

import hashlib
import os
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
import numpy as np
import pytest

import progress
from flowport.runtime.names.parallel import parallel_map
from flowport.runtime.store import bucket, codec, obstore_extension, packs, responses
from flowport.runtime.store.errors import Corrupt, Missing, StoreError
from flowport.runtime.store.keys import blob_key
from flowport.runtime.store.open import open_store

if TYPE_CHECKING:
    from flowport.runtime.store.interface import Store

NASTY = ["a b", "%2F%20", "é", "🙂", "$(rm -rf)", "{{x}}", "'\"", "-rf", "+=@!'()", ".hidden", "x" * 255]


@pytest.fixture
def store(bucket: str) -> Store:
    return open_store(f"s3://{bucket}/some/prefix")


def everything(bucket: str) -> list[str]:
    return sorted(found["Key"] for found in boto3.client("s3").list_objects_v2(Bucket=bucket).get("Contents", []))


def test_what_was_created_is_read_from_the_exact_key(store: Store, bucket: str) -> None:
    assert store.create("F/1/run.json", b"{}")
    assert store.read("F/1/run.json") == b"{}"
    assert store.exists("F/1/run.json")
    assert everything(bucket) == ["some/prefix/F/1/run.json"]


@pytest.mark.parametrize("name", NASTY)
def test_nasty_names_are_names(store: Store, bucket: str, name: str) -> None:
    assert store.create(f"F/{name}/{name}", name.encode())
    assert store.read(f"F/{name}/{name}") == name.encode()
    assert store.names(f"F/{name}/") == store.names(f"F/{name}/{name[:3]}") == [f"F/{name}/{name}"]
    assert store.folders("F/") == [name]
    assert everything(bucket) == [f"some/prefix/F/{name}/{name}"]


@pytest.mark.parametrize("start", ["0", " ", "\x80", "\ue000"])
def test_names_are_listed_from_any_letter_on(store: Store, start: str) -> None:
    for name in ("a", f"{start}1", "."):
        store.replace(f"F/{name}-", b"")
    assert store.names(f"F/{start}") == [f"F/{start}1-"]


@pytest.mark.parametrize("key", ["", "/etc/passwd", "a//b", "a/", "..", "a/../../b", "./a"])
def test_keys_that_lead_elsewhere_are_refused(store: Store, key: str) -> None:
    for ask in (store.read, store.exists, lambda key: store.create(key, b""), lambda key: store.replace(key, b"")):
        with pytest.raises(StoreError, match="takes no key like"):
            ask(key)


def test_a_second_create_says_no_and_changes_nothing(store: Store) -> None:
    assert store.create("a/b", b"first")
    assert not store.create("a/b", b"second")
    assert store.read("a/b") == b"first"


def test_one_of_many_creates_the_document(store: Store) -> None:
    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(lambda number: store.create("a", str(number).encode()), range(8)))
    assert won.count(True) == 1
    assert store.read("a") == str(won.index(True)).encode()


def test_replace_replaces(store: Store) -> None:
    store.replace("a/b", b"first")
    store.replace("a/b", b"second")
    assert store.read("a/b") == b"second"


def test_a_part_is_exact_or_an_error(store: Store) -> None:
    store.create("a", b"0123456789")
    assert store.part("a", 2, 3) == b"234"
    assert store.part("a", 2, 0) == b""
    for start in (8, 20):
        with pytest.raises(Corrupt, match=f"ends before byte {start + 4}"):
            store.part("a", start, 4)


def test_what_is_not_there_is_missing(store: Store) -> None:
    assert not store.exists("a/b")
    with pytest.raises(Missing, match="`a/b` is not in the store `s3://"):
        store.read("a/b")
    for key in ("a/b", "a/416"):
        with pytest.raises(Missing):
            store.part(key, 0, 1)
    with pytest.raises(Missing):
        store.blob("0" * 64, 5)
    assert store.names("a/") == store.names("a/b") == store.folders("") == []


def test_names_and_folders_list_one_level(store: Store) -> None:
    keys = ("s.10@0.json", "s.1@0.json", "s.1@1.json", "s.1@10.json", "s.1.attempt/0-1", "s.1.log/0-1", "s.1", "s.2@0.json", "s.0@0.json")
    for key in keys:
        store.create(f"F/1/s/{key}", b"")
    store.create("F/2/run.json", b"")
    store.create("blobs/ab/c", b"")
    assert store.names("F/1/s/") == sorted(f"F/1/s/{key}" for key in keys if "/" not in key)
    assert store.names("F/1/s/s.1@") == ["F/1/s/s.1@0.json", "F/1/s/s.1@1.json", "F/1/s/s.1@10.json"]
    assert store.names("F/1/s/s.1") == ["F/1/s/s.1", "F/1/s/s.10@0.json", "F/1/s/s.1@0.json", "F/1/s/s.1@1.json", "F/1/s/s.1@10.json"]
    assert store.folders("F/1/s/") == ["s.1.attempt", "s.1.log"]
    assert store.folders("") == ["F", "blobs"]
    assert store.folders("F/") == ["1", "2"]


def test_more_names_than_a_page_holds_are_all_listed(store: Store) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: store.create(f"a/s.{number}@0.json", b""), range(1100)))
    assert len(store.names("a/")) == len(store.names("a/s")) == 1100
    assert store.count("a/s.", "@0.json") == 1100


def test_entries_list_all_levels_in_the_order_of_keys(store: Store) -> None:
    keys = ["F/1/run.json", "F/1/s/s.1.log/0-1", "F/1/s/s.1@0.json", "F/1/s/s@0.json", "F/1-x/run.json", "blobs/ab/c"]
    for number, key in enumerate(keys):
        store.create(key, b"x" * number)
    assert [(entry.key, entry.size) for entry in store.entries("")] == sorted((key, number) for number, key in enumerate(keys))
    assert [entry.key for entry in store.entries("F/1/s/s.1")] == ["F/1/s/s.1.log/0-1", "F/1/s/s.1@0.json"]
    assert [entry.key for entry in store.entries("F/1/", after="F/1/s/s.1.log/0-1")] == ["F/1/s/s.1@0.json", "F/1/s/s@0.json"]
    assert list(store.entries("nothing/")) == []
    assert all(abs(entry.modified - time.time()) < 600 for entry in store.entries(""))


def test_a_document_is_replaced_only_in_the_version_that_was_seen(store: Store) -> None:
    store.create("F/index", b"1")
    seen = store.entry("F/index").version
    assert store.replace_if("F/index", b"2", seen)
    assert not store.replace_if("F/index", b"3", seen)
    assert store.read("F/index") == b"2"
    assert not store.replace_if("F/other", b"1", seen)
    assert not store.exists("F/other")


def test_what_is_deleted_is_gone_and_may_be_deleted_again(store: Store) -> None:
    store.create("F/1/run.json", b"{}")
    store.delete("F/1/run.json")
    store.delete("F/1/run.json")
    assert not store.exists("F/1/run.json")
    with pytest.raises(Missing):
        store.entry("F/1/run.json")


def test_count_stops_at_the_first_gap(store: Store) -> None:
    for number in (0, 1, 2, 4):
        store.create(f"a/s.{number}@0.json", b"")
    assert store.count("a/s.", "@0.json") == 3
    assert store.count("a/t.", "@0.json") == 0


def test_a_store_may_be_a_whole_bucket(bucket: str) -> None:
    whole = open_store(f"s3://{bucket}")
    whole.create("F/a", b"")
    assert whole.names("F/") == ["F/a"]
    assert whole.folders("") == ["F"]
    assert everything(bucket) == ["F/a"]


@pytest.mark.parametrize("size", [0, 1, bucket.LARGE, bucket.PART, bucket.PART + 1, bucket.PART * 3 + 5])
def test_blobs_of_every_size_come_back_writable(store: Store, size: int) -> None:
    data = os.urandom(size)
    sha, stored = store.put_blob([data[: size // 3], b"", memoryview(data)[size // 3 :]])
    assert (sha, stored) == (hashlib.sha256(data).hexdigest(), size)
    view = memoryview(store.blob(sha, size))
    assert view == data
    assert not view.readonly
    assert store.blob_part(sha, size // 2, size // 4) == data[size // 2 : size // 2 + size // 4]


def test_a_large_blob_that_is_there_is_not_sent_again(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    data = bytes(bucket.LARGE)
    store.put_blob([data])

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("sent again")

    monkeypatch.setattr(obstore_extension.obstore, "put", refuse)
    store.put_blob([data])


def test_an_old_blob_that_is_used_again_is_sent_again(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    data = os.urandom(bucket.LARGE)
    sha, size = store.put_blob([data])
    sent: list[str] = []
    put = obstore_extension.obstore.put
    monkeypatch.setattr(obstore_extension.obstore, "put", lambda to, key, *rest, **more: (sent.append(key), put(to, key, *rest, **more))[1])
    store.refresh(sha, size)
    assert not sent
    monkeypatch.setattr(bucket, "DAY", -3600)
    store.refresh(sha, size)
    store.put_blob([data])
    assert sent == [blob_key(sha)] * 2
    assert store.blob(sha, size) == data
    with pytest.raises(Missing):
        store.refresh("0" * 64, size)


@pytest.mark.parametrize("harm", ["flip", "cut", "grow"])
def test_a_blob_that_was_changed_is_corrupt(store: Store, harm: str) -> None:
    sha, size = store.put_blob([os.urandom(100)])
    data = store.read(blob_key(sha))
    store.replace(blob_key(sha), {"flip": data[:50] + bytes([data[50] ^ 1]) + data[51:], "cut": data[:-1], "grow": data + b"x"}[harm])
    with pytest.raises(Corrupt, match=f"blob `{sha}` .* does not match its digest"):
        store.blob(sha, size)


def test_values_and_packs_come_back(store: Store) -> None:
    array = np.random.default_rng(0).random((1000, 1500))
    again = codec.decode(codec.encode(array, store), store)
    np.testing.assert_array_equal(again, array)
    packer = packs.Packer()
    col = packer.add([codec.encode(value, store) for value in [1, "a" * 100_000, None]], [[0, 3]])
    packer.close(store)
    assert packs.values(store, col) == [1, "a" * 100_000, None]


def test_a_bucket_that_is_not_there_is_a_refusal_and_not_a_missing_document(bucket: str) -> None:
    nowhere = open_store(f"s3://{bucket}-not/a")
    for ask in (nowhere.read, nowhere.names, lambda key: nowhere.create(key, b""), lambda key: nowhere.part(key, 0, 1)):
        with pytest.raises(StoreError, match="there is no such bucket"):
            ask("a/b")


def test_a_service_that_does_not_answer_is_a_refusal(monkeypatch: pytest.MonkeyPatch, store: Store, bucket: str) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{closed.getsockname()[1]}")
        with pytest.raises(StoreError, match="cannot read `a` in "):
            open_store(f"s3://{bucket}").read("a")


ODD_KEYS = ["F/", "F//x", "F/../x", "F/./x", "/x", "//", "F/1/\x01", "F/1/..", "F/1/", "F/1/s@0.json/", "F/1/%zz", "F/1/a b", "F/1/\\"]


@pytest.mark.parametrize("key", ODD_KEYS)
def test_a_key_that_is_no_path_does_not_hide_the_others(store: Store, bucket: str, key: str) -> None:
    for known in ("F/1/run.json", "F/1/s@0.json", "F/1/s/a"):
        store.create(known, b"")
    boto3.client("s3").put_object(Bucket=bucket, Key=f"some/prefix/{key}", Body=b"")
    assert {"F"} <= set(store.folders(""))
    assert {"1"} <= set(store.folders("F/"))
    assert {"s"} <= set(store.folders("F/1/"))
    assert {"F/1/run.json", "F/1/s@0.json"} <= set(store.names("F/1/"))
    assert store.names("F/1/s@") == ["F/1/s@0.json"]
    assert store.count("F/1/s@", ".json") == 1


FORKED = """
import os, sys
from flowport.runtime.store.errors import StoreError; from flowport.runtime.store.open import open_store
opened = open_store(sys.argv[1])
opened.create("a", b"")
child = os.fork()
if child == 0:
    try:
        opened.put_blob([b"a"])
    except StoreError:
        os._exit(7)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


def test_a_forked_child_stores_no_blob_and_does_not_hang(bucket: str) -> None:
    done = progress.run([sys.executable, "-c", FORKED, f"s3://{bucket}"], cwd="/", capture_output=True, text=True, check=True)
    assert done.stdout == "7\n"


def test_a_profile_is_read_through_boto3(bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "credentials").write_text("[work]\naws_access_key_id = somebody\naws_secret_access_key = something\n")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_PROFILE", "work")
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    opened = open_store(f"s3://{bucket}")
    opened.create("a", b"1")
    assert opened.read("a") == b"1"


BOTH = """
import sys
from flowport.runtime.store.bucket import BucketStore
assert "typing" not in sys.modules and "obstore" not in sys.modules, "obstore's package was imported"
import obstore
from obstore.store import MemoryStore
memory = MemoryStore()
obstore.put(memory, "a", b"1")
print(obstore.get(memory, "a").bytes() == b"1")
"""


def test_a_flow_may_use_obstore_too() -> None:
    done = subprocess.run([sys.executable, "-I", "-c", BOTH], cwd="/", capture_output=True, text=True, check=True)
    assert done.stdout == "True\n"


@pytest.fixture
def no_certificates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "none.crt").write_text("")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none.crt"))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "Generic S3 error: Error performing PUT http://169.254.169.254/latest/api/token in 1ms - 403 Forbidden",
            "no credentials were found",
        ),
        ("Generic GCS error: Error performing GET http://metadata.google.internal/computeMetadata in 3ms", "no credentials were found"),
        ("Generic MicrosoftAzure error: Account must be specified", "set AZURE_STORAGE_ACCOUNT_NAME"),
        ("Generic S3 error: one\nmore", "Generic S3 error: one"),
    ],
)
def test_missing_credentials_are_said_with_what_to_set(text: str, said: str) -> None:
    assert said in responses.reason(obstore_extension.exceptions.GenericError(text))


@pytest.mark.usefixtures("no_certificates")
def test_a_machine_without_certificates_says_so(bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL")
    with pytest.raises(StoreError, match="this machine has no CA certificates"):
        open_store(f"s3://{bucket}")


@pytest.mark.usefixtures("no_certificates")
def test_an_endpoint_on_this_machine_needs_no_certificates(bucket: str) -> None:
    assert open_store(f"s3://{bucket}").create("a", b"1")


def test_an_address_of_another_kind_is_refused() -> None:
    with pytest.raises(StoreError, match="of a kind that is not known"):
        open_store("ftp://a/b")


def test_processes_that_are_forked_after_it_was_used_use_it_too(store: Store) -> None:
    sha, size = store.put_blob([b"blob"])
    store.create("F/one", b"first")

    def use(number: int) -> object:
        mine = store if number else open_store(store.url)
        with pytest.raises(Missing, match="`F/none` is not in the store"):
            mine.read("F/none")
        with ThreadPoolExecutor(4) as pool:
            assert [*pool.map(mine.exists, ["F/one", "F/none"] * 8)] == [True, False] * 8
        assert mine.create(f"F/by-{number}", b"child")
        return mine.read("F/one"), bytes(mine.blob(sha, size)), [entry.key for entry in mine.entries("F/one")], mine.names("F/o")

    assert parallel_map(use, [0, 1]) == [(b"first", b"blob", ["F/one"], ["F/one"])] * 2
    assert store.names("F/by-") == ["F/by-0", "F/by-1"]


def test_a_forked_process_that_loses_the_one_that_uses_the_store_says_so(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [])
    store.create("F/one", b"first")

    def use(_: int) -> str:
        with pytest.raises(StoreError) as refused:
            store.read("F/one")
        return str(refused.value)

    assert parallel_map(use, [0]) == ["the process that uses the store for this one has ended"]
