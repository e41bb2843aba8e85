"""`S3` against a server of S3's protocol and in a folder: results and exceptions are those of Metaflow 2.19.39 for the same calls."""

from __future__ import annotations

import os
import pickle
import re
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO, StringIO
from pathlib import Path
from threading import Thread
from types import SimpleNamespace
from typing import Any

import boto3
import pytest

from flowport.runtime.datatools import bucket_storage
from flowport.runtime.datatools.exceptions import (
    MetaflowS3AccessDenied,
    MetaflowS3Exception,
    MetaflowS3InvalidObject,
    MetaflowS3InvalidRange,
    MetaflowS3NotFound,
    MetaflowS3URLException,
)
from flowport.runtime.datatools.objects import S3GetObject, S3Object, S3PutObject
from flowport.runtime.datatools.s3 import S3
from flowport.runtime.names.current import Current, current
from flowport.runtime.names.exceptions import MetaflowException
from flowport.runtime.names.flow import FlowSpec
from flowport.runtime.names.parallel import parallel_map

ODD = "h/a b#c?d%20e+f&g=h;~*'()@!$,:\\é 🙂"
TREE = {"a/0.txt": "zero", "a/b/1.txt": "one", "a/c/ü ñ.txt": "ünï", "a/d/e/3.txt": "three", "f/4.json": "{}", "f/empty": "", "ab/5": "5"}


@pytest.fixture(params=["bucket", "folder"])
def root(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty root, in a bucket and in a folder."""
    if request.param == "folder":
        return f"file://{tmp_path}/data"
    return f"s3://{request.getfixturevalue('bucket')}/data"


@pytest.fixture
def s3(root: str, tmp_path: Path) -> Any:
    with S3(tmproot=str(tmp_path), s3root=root) as s3:
        yield s3


@pytest.fixture
def tree(s3: S3) -> S3:
    s3.put_many([*TREE.items()])
    s3.put("f/4.json", "{}", content_type="application/json", metadata={"k": "v", "n": 1, "ü": "ü"})
    return s3


def keys(objects: list[S3Object]) -> list[tuple[str, bool, int | None]]:
    return [(each.key, each.exists, each.size) for each in objects]


def texts(objects: list[S3Object]) -> list[tuple[str, str | None]]:
    return [(each.key, each.text) for each in objects]


def test_what_is_put_is_got(s3: S3, root: str) -> None:
    assert s3.put("a/0.txt", "zerö") == f"{root}/a/0.txt"
    found = s3.get("a/0.txt")
    assert (found.url, found.prefix, found.key) == (f"{root}/a/0.txt", root, "a/0.txt")
    assert (found.exists, found.downloaded, found.has_info, found.size) == (True, True, True, 5)
    assert (found.text, found.blob, found.content_type, found.metadata) == ("zerö", "zerö".encode(), "binary/octet-stream", None)
    assert found.range_info == (5, 0, 5)
    assert found.path is not None
    assert Path(found.path).read_text(encoding="utf-8") == "zerö"


@pytest.mark.parametrize("value", [b"one", bytearray(b"one"), memoryview(b"one"), BytesIO(b"one")])
def test_bytes_and_open_files_are_stored(s3: S3, value: Any) -> None:
    s3.put("one", value)
    s3.put_many([("two", value.getvalue() if isinstance(value, BytesIO) else value)])
    assert [each.blob for each in s3.get_many(["one", "two"])] == [b"one", b"one"]


def test_a_file_is_stored_from_its_start_by_put_and_from_where_it_stands_by_put_many(s3: S3) -> None:
    file = BytesIO(b"abcdef")
    file.seek(3)
    s3.put("whole", file)
    file.seek(3)
    s3.put_many([("rest", file)])
    assert [each.blob for each in s3.get_many(["whole", "rest"])] == [b"abcdef", b"def"]


@pytest.mark.parametrize("value", [5, None, StringIO("x"), ["x"]])
def test_other_values_are_refused(s3: S3, value: Any) -> None:
    for put in (lambda: s3.put("x", value), lambda: s3.put_many([("x", value)])):
        with pytest.raises(MetaflowS3InvalidObject, match="the value for `x` is neither text nor bytes nor a file opened in binary mode"):
            put()


def test_keys_have_any_characters(s3: S3, root: str) -> None:
    assert s3.put(ODD, "odd") == f"{root}/{ODD}"
    assert s3.get(ODD).text == "odd"
    assert keys(s3.list_paths(["h"])) == [(ODD[2:], True, 3)]
    assert s3.put("/g/lead", "l") == f"{root}/g/lead"
    assert s3.get("g/lead").key == "g/lead"


@pytest.mark.parametrize("key", ["x/../y", "x//y", "x/z/", ".", "x/\n", "../x"])
def test_keys_that_lead_elsewhere_are_refused(s3: S3, key: str) -> None:
    with pytest.raises(MetaflowS3URLException, match=r"has a part that is empty, `.` or `..`, or a control character"):
        s3.put(key, "x")


def test_keys_and_text_without_utf_8_are_refused(s3: S3) -> None:
    for ask in (lambda: s3.put("x\ud800", "x"), lambda: s3.get("x\ud800")):
        with pytest.raises(MetaflowS3URLException, match="has half of a surrogate pair, which UTF-8 does not have"):
            ask()
    with pytest.raises(MetaflowS3InvalidObject, match="the text for `x` cannot be stored as UTF-8: surrogates not allowed"):
        s3.put("x", "\ud800")


WRONG = [
    (lambda s3: s3.put("x", "x", content_type=5), "the `content_type` of `x` is a text, and not a value of type `int`"),
    (lambda s3: s3.put("x", "x", metadata=["a"]), "the `metadata` of `x` is a dictionary, and not a value of type `list`"),
    (
        lambda s3: s3.put("x", "x", metadata={"a": {1}}),
        "JSON cannot express the `metadata` of `x`: Object of type set is not JSON serializable",
    ),
    (lambda s3: s3.put_many([S3PutObject("x", "x", encryption=True)]), "the `encryption` of `x` is a text, and not a value of type `bool`"),
    (lambda s3: s3.put_many(None), "`key_objs` is a list, and not a value of type `NoneType`"),
    (lambda s3: s3.put_files("ab"), "`key_paths` is a list, and not a value of type `str`"),
    (lambda s3: s3.put_files([("x", 0)]), "`path` is a text, and not a value of type `int`"),
    (lambda s3: s3.put_files([("x", b"x")]), "`path` is a text, and not a value of type `bytes`"),
    (lambda s3: s3.get_many(5), "`keys` is a list, and not a value of type `int`"),
    (lambda s3: s3.get(S3GetObject("x", 1.5, None)), "`offset` of `x` is a whole number, and not `1.5`"),
    (lambda s3: s3.get(S3GetObject("x", 0, "9")), "`length` of `x` is a whole number, and not `'9'`"),
    (lambda s3: S3(s3root=5), "`s3root` is a text, and not a value of type `int`"),
    (lambda s3: S3(s3root=b"/x"), "`s3root` is a text, and not a value of type `bytes`"),
    (lambda s3: S3(tmproot=5), "`tmproot` is a text, and not a value of type `int`"),
    (lambda s3: S3(bucket=5), "`bucket` is a text, and not a value of type `int`"),
    (lambda s3: S3(prefix=["x"]), "`prefix` is a text, and not a value of type `list`"),
    (lambda s3: S3(encryption=True), "`encryption` is a text, and not a value of type `bool`"),
    (lambda s3: S3(client_params="x"), "`client_params` is a dictionary, and not a value of type `str`"),
]


@pytest.mark.parametrize(("use", "message"), WRONG, ids=[message for _, message in WRONG])
def test_an_argument_of_another_type_is_refused(tmp_path: Path, use: Callable[[S3], object], message: str) -> None:
    with S3(s3root=str(tmp_path / "data")) as s3, pytest.raises(MetaflowException, match=f"^{re.escape(message)}$"):
        use(s3)
    assert not (tmp_path / "data").exists(), "something was stored"


def test_local_paths_may_be_objects(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("text")
    with S3(s3root=tmp_path / "data", tmproot=tmp_path) as s3:
        s3.put_files([("x", tmp_path / "file")])
        assert s3.get("x").text == "text"


@pytest.mark.parametrize("key", [5, b"x", ["x"]])
def test_a_key_is_a_text(s3: S3, key: Any) -> None:
    with pytest.raises(MetaflowS3URLException, match=f"a key is a text, and not a value of type `{type(key).__name__}`"):
        s3.put(key, "x")


def test_an_object_is_there_although_the_step_removed_the_local_copies(tree: S3, tmp_path: Path) -> None:
    first = tree.get("f/4.json")
    shutil.rmtree(os.path.dirname(str(first.path)))
    assert tree.get("f/4.json", return_missing=True).text == "{}"
    assert [each.text for each in tree.get_recursive(["a/b"])] == ["one"]
    assert tree.put("copy", BytesIO(b"c")) == f"{tree._s3root}/copy"


def test_threads_share_an_s3(tree: S3) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda number: tree.get("a/b/1.txt"), range(40)))
    assert len({each.path for each in found}) == 40


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b'{"content_type": 5}', b'{"metadata": {}}', b"\xff"])
def test_an_object_in_a_folder_is_read_without_what_is_damaged_beside_it(tmp_path: Path, content: bytes) -> None:
    with S3(tmproot=str(tmp_path), s3root=f"{tmp_path}/data") as s3:
        s3.put("x", "value", content_type="text/plain", metadata={"k": 1})
        Path(tmp_path, "data", ".s3-attributes.x").write_bytes(content)
        found = s3.get("x")
        assert (found.text, found.content_type, found.metadata) == ("value", "binary/octet-stream", None)


def test_metadata_and_content_type_are_kept_until_the_object_is_replaced(tree: S3) -> None:
    found = tree.get("f/4.json")
    assert (found.content_type, found.metadata) == ("application/json", {"k": "v", "n": 1, "ü": "ü"})
    tree.put("f/4.json", "[]")
    found = tree.info("f/4.json")
    assert (found.content_type, found.metadata, found.size) == ("binary/octet-stream", None, 2)
    assert keys(tree.list_paths(["f"])) == [("4.json", True, 2), ("empty", True, 0)]


def test_without_overwrite_an_object_stays(tree: S3) -> None:
    tree.put("a/0.txt", "changed", overwrite=False)
    assert [key for key, _ in tree.put_many([("a/0.txt", "changed"), ("m/9", "nine")], overwrite=False)] == ["m/9"]
    assert texts(tree.get_many(["a/0.txt", "m/9"])) == [("a/0.txt", "zero"), ("m/9", "nine")]


def test_the_last_of_several_values_for_one_key_is_stored(s3: S3, root: str) -> None:
    assert s3.put_many([("d", "one"), ("d", "two")]) == [("d", f"{root}/d")] * 2
    assert s3.get("d").text == "two"


@pytest.mark.parametrize("given", [{"ab": "value"}, ["ab"], [("a", "b", "c")], [("a",)]])
def test_what_is_no_pair_of_a_key_and_a_value_is_refused(s3: S3, given: Any) -> None:
    for put in (s3.put_many, s3.put_files):
        with pytest.raises(MetaflowS3InvalidObject, match="is no pair of a key and what to store there"):
            put(given)


def test_files_are_stored(s3: S3, root: str, tmp_path: Path) -> None:
    (tmp_path / "local.txt").write_text("local")
    local = str(tmp_path / "local.txt")
    put = S3PutObject("p/2", path=local, content_type="text/plain", metadata={"a": "b"})
    assert s3.put_files([("p/1", local), put]) == [("p/1", f"{root}/p/1"), ("p/2", f"{root}/p/2")]
    first, second = s3.get_many(["p/1", "p/2"])
    assert (first.text, second.text, second.content_type, second.metadata) == ("local", "local", "text/plain", {"a": "b"})
    assert s3.put_files([("p/1", local)], overwrite=False) == []
    with pytest.raises(MetaflowS3NotFound, match=r"there is no local file `nolocal.txt`"):
        s3.put_files([("p/3", "nolocal.txt")])


@pytest.mark.parametrize("key", ["nope", "a", "a/", "a/0.txt/"])
def test_what_is_not_there_is_an_exception_or_an_object_that_does_not_exist(tree: S3, root: str, key: str) -> None:
    for ask in (tree.get, tree.info):
        with pytest.raises(MetaflowS3NotFound):
            ask(key)
        found = ask(key, return_missing=True)
        assert (found.url, found.exists, found.downloaded, found.size) == (f"{root}/{key}", False, False, None)
        assert (found.text, found.blob, found.path, found.has_info) == (None, None, None, False)
    for ask_many in (tree.get_many, tree.info_many):
        with pytest.raises(MetaflowS3NotFound):
            ask_many(["a/0.txt", key])
        assert [each.exists for each in ask_many([key, "a/0.txt"], return_missing=True)] == [False, True]


@pytest.mark.parametrize(
    ("offset", "length", "text", "span"),
    [
        (1, 2, "hr", (5, 1, 2)),
        (2, None, "ree", (5, 2, 3)),
        (0, -2, "ee", (5, 3, 2)),
        (3, 100, "ee", (5, 3, 2)),
        (None, 2, "th", (5, 0, 2)),
        (None, None, "three", (5, 0, 5)),
        (0, -200, "three", (5, 0, 5)),
    ],
)
def test_a_range_is_downloaded(tree: S3, offset: int | None, length: int | None, text: str, span: tuple[int, int, int]) -> None:
    found = tree.get(S3GetObject("a/d/e/3.txt", offset, length))
    assert (found.text, found.range_info, found.size) == (text, span, len(text))


def test_many_ranges_of_one_object_are_downloaded(tree: S3) -> None:
    found = tree.get_many([S3GetObject("a/d/e/3.txt", 1, 2), S3GetObject("a/d/e/3.txt", 0, -1), "a/d/e/3.txt"])
    assert [each.text for each in found] == ["hr", "e", "three"]


def test_a_range_after_the_end_is_an_exception_of_its_own(tree: S3) -> None:
    with pytest.raises(MetaflowS3InvalidRange, match="has fewer bytes than the first of the range"):
        tree.get(S3GetObject("a/d/e/3.txt", 100, 2))
    with pytest.raises(MetaflowS3Exception, match="has no bytes: give a length other than 0"):
        tree.get(S3GetObject("a/d/e/3.txt", 1, 0))
    assert not tree.get(S3GetObject("nope", 1, 2), return_missing=True).exists


def test_many_results_are_in_the_order_of_the_keys(tree: S3) -> None:
    wanted = ["f/4.json", "a/0.txt", "f/4.json"]
    found = tree.get_many(key for key in wanted)
    assert texts(found) == [("f/4.json", "{}"), ("a/0.txt", "zero"), ("f/4.json", "{}")]
    assert found[0].path == found[2].path
    assert [each.key for each in tree.info_many(wanted)] == wanted


def test_info_is_left_out_on_request(tree: S3) -> None:
    for found in (tree.get("f/4.json", return_info=False), tree.get_many(["f/4.json"], return_info=False)[0]):
        assert (found.text, found.has_info, found.content_type, found.range_info, found.last_modified) == ("{}", False, None, None, None)


def test_info_downloads_nothing(tree: S3) -> None:
    found = tree.info("f/4.json")
    assert (found.downloaded, found.path, found.text, found.size, found.range_info) == (False, None, None, 2, None)
    assert (found.content_type, found.metadata) == ("application/json", {"k": "v", "n": 1, "ü": "ü"})
    assert isinstance(found.last_modified, float)


def test_empty_lists_come_to_empty_lists(s3: S3) -> None:
    asked: list[Callable[[list[Any]], Any]] = [s3.get_many, s3.info_many, s3.get_recursive, s3.list_paths, s3.list_recursive]
    assert [ask([]) for ask in [*asked, s3.put_many, s3.put_files]] == [[]] * 7
    assert [s3.get_all(), s3.list_paths(), s3.list_recursive(["nope"]), s3.get_recursive(["nope"])] == [[]] * 4


@pytest.mark.parametrize("ask", ["get_many", "info_many", "get_recursive", "list_paths", "list_recursive"])
def test_a_text_is_no_list_of_keys(s3: S3, ask: str) -> None:
    with pytest.raises(MetaflowS3URLException, match=r"`keys` is a list of keys: write `\['ab'\]`"):
        getattr(s3, ask)("ab")


def test_paths_are_listed_level_by_level(tree: S3, root: str) -> None:
    assert keys(tree.list_paths()) == [("a", False, None), ("ab", False, None), ("f", False, None)]
    found = tree.list_paths(["a", "f/"])
    assert keys(found) == [
        ("0.txt", True, 4),
        ("b", False, None),
        ("c", False, None),
        ("d", False, None),
        ("4.json", True, 2),
        ("empty", True, 0),
    ]
    assert (found[0].prefix, found[1].url, found[4].prefix) == (f"{root}/a/", f"{root}/a/b/", f"{root}/f/")
    assert tree.list_paths(["a/0.txt", "nope", "a/c/ü"]) == []


def test_objects_are_listed_recursively(tree: S3, root: str) -> None:
    found = tree.list_recursive(["a/d", "a"])
    assert keys(found) == [("e/3.txt", True, 5), ("0.txt", True, 4), ("b/1.txt", True, 3), ("c/ü ñ.txt", True, 5), ("d/e/3.txt", True, 5)]
    assert (found[0].prefix, found[1].prefix) == (f"{root}/a/d", f"{root}/a")
    assert [each.key for each in tree.list_recursive()] == sorted(TREE)


def test_objects_are_downloaded_recursively_with_keys_below_what_was_asked_for(tree: S3) -> None:
    assert texts(tree.get_recursive(["a/d", "f"])) == [("e/3.txt", "three"), ("4.json", "{}"), ("empty", "")]
    assert texts(tree.get_recursive(["a/d", "a/d/e"])) == [("e/3.txt", "three"), ("3.txt", "three")]
    with_info = tree.get_recursive(["f"], return_info=True)
    assert [(each.key, each.content_type) for each in with_info] == [("f/4.json", "application/json"), ("f/empty", "binary/octet-stream")]
    assert sorted(texts(tree.get_all())) == sorted(TREE.items())


def test_a_recursive_download_takes_all_keys_with_this_beginning(tree: S3, root: str) -> None:
    assert [each.url for each in tree.get_recursive(["a"])] == [f"{root}/{key}" for key in sorted(TREE) if key.startswith("a")]
    assert tree.get_recursive(["a/ "]) == []
    assert [each.url for each in tree.get_recursive(["a/0"])] == [f"{root}/a/0.txt"]


def test_local_copies_are_removed_at_the_end(root: str, tmp_path: Path) -> None:
    folder = tmp_path / "copies"
    folder.mkdir()
    with S3(tmproot=str(folder), s3root=root) as s3:
        s3.put("a", BytesIO(b"a"))
        path = s3.get("a").path
        assert path is not None
        assert path.startswith(str(folder))
    assert list(folder.iterdir()) == []


def test_whole_addresses_need_no_root(tree: S3, root: str, tmp_path: Path) -> None:
    with S3(tmproot=str(tmp_path)) as s3:
        found = s3.get(f"{root}/a/0.txt")
        assert (found.key, found.prefix, found.text) == (f"{root}/a/0.txt", None, "zero")
        assert s3.get_many([f"{root}/nope"], return_missing=True)[0].key == f"{root}/nope"
        assert keys(s3.list_recursive([f"{root}/a/d/"])) == [("e/3.txt", True, 5)]
        assert s3.put(f"{root}/full", "f") == f"{root}/full"
        for wrong in ("a/0.txt", "http://x/y", root[: root.index("//") + 2], None):
            with pytest.raises(MetaflowS3URLException, match="a whole address such as `s3://bucket/key`: give `S3` a root with"):
                s3.get(wrong)
        with pytest.raises(MetaflowS3URLException, match="`get_all` needs a root"):
            s3.get_all()
    with pytest.raises(MetaflowS3URLException, match="is a whole address, and this `S3` has a root: give the part after"):
        tree.get(f"{root}/a/0.txt")


def test_a_root_can_be_an_object(tree: S3, root: str, tmp_path: Path) -> None:
    with S3(tmproot=str(tmp_path), s3root=f"{root}/a/0.txt") as s3:
        assert (s3.get().key, s3.get().text) == (f"{root}/a/0.txt", "zero")
    with S3(tmproot=str(tmp_path), s3root=f"{root}/a///") as s3:
        assert s3.get("0.txt").url == f"{root}/a/0.txt"


@pytest.mark.parametrize("root", ["http://x", "bucket/x", "s3://", "data"])
def test_a_root_is_an_address_or_an_absolute_path(root: str) -> None:
    with pytest.raises(MetaflowS3URLException, match="`s3root` is an address such as `s3://bucket/prefix` or an absolute path, not"):
        S3(s3root=root)


def test_an_absolute_path_is_a_root(tmp_path: Path) -> None:
    with S3(tmproot=str(tmp_path), s3root=str(tmp_path / "data")) as s3:
        assert s3.put("a/b", "x") == f"file://{tmp_path}/data/a/b"
    assert (tmp_path / "data" / "a" / "b").read_text() == "x"


def test_an_object_in_a_folder_is_no_folder(tmp_path: Path) -> None:
    with S3(tmproot=str(tmp_path), s3root=str(tmp_path / "data")) as s3:
        s3.put("a", "x")
        with pytest.raises(MetaflowS3Exception, match="a part of this path is an object, and an object in a folder is no folder"):
            s3.put("a/b", "x")
        with pytest.raises(MetaflowS3URLException, match="choose another name"):
            s3.put(".s3-attributes.a", "x")


def test_a_folder_with_links_is_listed(tmp_path: Path) -> None:
    (tmp_path / "data" / "a").mkdir(parents=True)
    (tmp_path / "data" / "a" / "x").write_text("x")
    (tmp_path / "data" / "a" / "around").symlink_to(tmp_path / "data" / "a")
    (tmp_path / "data" / "b").symlink_to(tmp_path / "data" / "a")
    (tmp_path / "data" / "gone").symlink_to(tmp_path / "nowhere")
    with S3(tmproot=str(tmp_path), s3root=str(tmp_path / "data")) as s3:
        assert [each.key for each in s3.list_recursive()] == ["a/x", "b/x"]


@pytest.mark.parametrize(
    ("status", "kind", "message"),
    [
        (403, MetaflowS3AccessDenied, "permission is denied"),
        (401, MetaflowS3AccessDenied, "the credentials are not accepted"),
        (400, MetaflowS3Exception, "Generic S3 error"),
    ],
)
def test_what_may_not_be_read_is_an_exception_of_its_own(
    bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, status: int, kind: type[MetaflowException], message: str
) -> None:
    with answering(status) as address, S3(tmproot=str(tmp_path), s3root=f"s3://{bucket}") as s3:
        monkeypatch.setenv("AWS_ENDPOINT_URL", address)
        for ask in (lambda: s3.get("a"), lambda: s3.put("a", "x"), lambda: s3.list_paths(), lambda: s3.info("a", return_missing=True)):
            with pytest.raises(kind, match=message):
                ask()


@contextmanager
def answering(status: int) -> Iterator[str]:
    """A server that answers every request with this status."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_HEAD = do_GET

        def do_PUT(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.do_GET()

        def log_message(self, format: str, *values: object) -> None:
            """Nothing is printed."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


def test_a_bucket_that_is_not_there_is_not_found(bucket: str, tmp_path: Path) -> None:
    url = f"s3://no-{bucket}/a"
    with S3(tmproot=str(tmp_path)) as s3:
        asked: list[Callable[[], Any]] = [lambda: s3.get(url), lambda: s3.info(url), lambda: s3.get_many([url])]
        asked += [lambda: s3.put(url, "x"), lambda: s3.list_paths([url]), lambda: s3.get_recursive([url])]
        for ask in asked:
            with pytest.raises(MetaflowS3NotFound, match=f"s3://no-{bucket}/a"):
                ask()
        with pytest.raises(MetaflowS3URLException, match="is a bucket, not an object"):
            s3.get(f"s3://{bucket}/")


def test_large_objects_are_transferred_in_parts(bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bucket_storage, "LARGE", 6 << 20)
    monkeypatch.setattr(bucket_storage, "PART", 5 << 20)
    data = os.urandom(13 << 20)
    (tmp_path / "large").write_bytes(data)
    with S3(tmproot=str(tmp_path), s3root=f"s3://{bucket}") as s3:
        s3.put_files([("file", str(tmp_path / "large"))])
        s3.put("bytes", data)
        assert [s3.get(key).blob == data for key in ("file", "bytes")] == [True, True]
        assert s3.get(S3GetObject("file", 1, 7 << 20)).blob == data[1 : (7 << 20) + 1]
    parts = boto3.client("s3").head_object(Bucket=bucket, Key="file")["ETag"].strip('"').partition("-")[2]
    assert parts == "3"


def test_objects_that_mark_folders_are_listed_with_their_slash(bucket: str, tmp_path: Path) -> None:
    for key in ("m/", "m/a", "n/x", "n/sub/", "n/sub/y"):
        boto3.client("s3").put_object(Bucket=bucket, Key=key, Body=b"")
    with S3(tmproot=str(tmp_path), s3root=f"s3://{bucket}") as s3:
        assert [each.url.partition(bucket)[2] for each in s3.list_recursive()] == ["/m/", "/m/a", "/n/sub/", "/n/sub/y", "/n/x"]
        assert keys(s3.list_paths(["m", "n"])) == [(f"s3://{bucket}/m/", True, 0), ("a", True, 0), ("x", True, 0), ("sub", False, None)]
        assert texts(s3.get_recursive(["n"])) == [("sub", ""), ("sub/y", ""), ("x", "")]


def test_an_object_of_another_program_is_read_without_metadata_of_another_form(bucket: str, tmp_path: Path) -> None:
    metadata = {"metaflow-user-attributes": "no JSON", "other": "x"}
    boto3.client("s3").put_object(Bucket=bucket, Key="foreign", Body=b"value", ContentType="text/plain", Metadata=metadata)
    with S3(tmproot=str(tmp_path), s3root=f"s3://{bucket}") as s3:
        for found in (s3.get("foreign"), s3.info("foreign")):
            assert (found.content_type, found.metadata) == ("text/plain", None)


def test_a_listing_that_has_keys_of_another_form_says_where(bucket: str, tmp_path: Path) -> None:
    boto3.client("s3").put_object(Bucket=bucket, Key="a//b", Body=b"")
    with (
        S3(tmproot=str(tmp_path), s3root=f"s3://{bucket}") as s3,
        pytest.raises(MetaflowS3Exception, match="rename it, or list another prefix"),
    ):
        s3.list_recursive(["a"])


def test_encryption_is_asked_for_and_read(bucket: str, tmp_path: Path) -> None:
    with S3(tmproot=str(tmp_path), s3root=f"s3://{bucket}", encryption="AES256") as s3:
        s3.put("one", "1")
        s3.put_many([S3PutObject("two", "2", encryption="aws:kms"), S3PutObject("three", "3")])
    with S3(tmproot=str(tmp_path), s3root=f"s3://{bucket}") as s3:
        s3.put("none", "0")
        found = s3.info_many(["one", "two", "three", "none"])
    assert [each.encryption for each in pickle.loads(pickle.dumps(found))] == ["AES256", "aws:kms", "AES256", None]


def test_processes_that_are_forked_from_a_step_use_it_too(bucket: str, tmp_path: Path) -> None:
    with S3(tmproot=str(tmp_path), s3root=f"s3://{bucket}") as s3:
        s3.put_many([("0", "zero"), ("1", "one")])

    def fetch(key: str) -> str | None:
        with S3(tmproot=str(tmp_path), s3root=f"s3://{bucket}") as s3:
            try:
                return s3.get(key).text
            except MetaflowException as error:
                return type(error).__name__

    assert parallel_map(fetch, ["0", "1", "2"]) == ["zero", "one", "MetaflowS3NotFound"]


def test_a_bucket_elsewhere_is_named_by_client_parameters(
    bucket: str, server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    parameters = {"endpoint_url": server, "region_name": "us-east-1"}
    with S3(tmproot=str(tmp_path), s3root=f"s3://{bucket}", client_params=parameters) as s3:
        s3.put("a", "x")
        assert (s3.get("a").text, s3.info("a").encryption) == ("x", None)
    for wrong in ({"role": "arn"}, {"session_vars": {"a": 1}}, {"client_params": {"verify": False}}):
        with pytest.raises(MetaflowS3Exception, match=r"`S3` takes no `(role|session_vars|verify)`: it connects as the environment says"):
            S3(tmproot=str(tmp_path), **wrong)  # type: ignore[arg-type]


class Some(FlowSpec):
    """A flow to call `S3(run=...)` with."""


STORE = SimpleNamespace(url="s3://b/some/store")


@pytest.fixture
def running(monkeypatch: pytest.MonkeyPatch) -> Current:
    """A step is running in the store `s3://b/some/store`."""
    for name, value in {"flow_name": "Some", "run_id": "run 1", "is_running_flow": True, "_store": STORE}.items():
        monkeypatch.setattr(current, name, value, raising=False)
    return current


PAST = SimpleNamespace(pathspec="Other/7")
ELSEWHERE = SimpleNamespace(pathspec="Other/7", _source=SimpleNamespace(store=SimpleNamespace(url="s3://c/another")))


@pytest.mark.parametrize(
    ("store", "arguments", "root"),
    [
        ("s3://b/some/store", {}, "s3://b/some/store/flows/Some/runs/run%201/s3-data"),
        ("/srv/store", {}, "file:///srv/store/flows/Some/runs/run%201/s3-data"),
        ("gs://b", {"run": PAST}, "gs://b/flows/Other/runs/7/s3-data"),
        ("s3://b/some/store", {"run": ELSEWHERE}, "s3://c/another/flows/Other/runs/7/s3-data"),
        ("s3://b/some/store", {"bucket": "c"}, "s3://c/some/store/Some/run%201"),
        ("s3://b/some/store", {"prefix": "/x/y/"}, "s3://b/x/y/Some/run%201"),
        ("/srv/store", {"bucket": "c", "prefix": "x"}, "s3://c/x/Some/run%201"),
        ("/srv/store", {"bucket": "c"}, "s3://c/Some/run%201"),
        ("/srv/store", {"prefix": "x", "run": PAST}, "file:///srv/store/x/Other/7"),
    ],
)
def test_objects_of_a_run_are_in_its_store(
    running: Current, monkeypatch: pytest.MonkeyPatch, store: str, arguments: dict[str, Any], root: str
) -> None:
    monkeypatch.setattr(current, "_store", SimpleNamespace(url=store))
    assert S3(**{"run": Some(use_cli=False), **arguments})._s3root == root


def test_a_run_is_the_flow_in_a_running_step_or_one_of_the_client(running: Current, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(MetaflowS3URLException, match="or a run of the client"):
        S3(run="Some/1")
    monkeypatch.setattr(current, "is_running_flow", False)
    with pytest.raises(MetaflowS3URLException, match=r"`S3\(run=self\)` works in a running step only"):
        S3(run=Some(use_cli=False))
    monkeypatch.setattr(current, "_store", None)
    with pytest.raises(MetaflowS3URLException, match="the store is known in a running step only"):
        S3(run=PAST)
