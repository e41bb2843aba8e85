"""The pages of a run, a step and an item: what they say of runs that are done, failed, resumed, of a million items, or odd."""

from __future__ import annotations

import json
import pickle
import random
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from desk import Desk
from flowport.runtime.store.folder import FolderStore
from flowport.runtime.store.keys import Keys
from flowport.ui import urls
from flowport.ui.values import shown_value, type_of
from solo import Broken, Solo
from ui.pages import MILLION, PRICES, client, links, main

ODD = '<script>alert("1")</script>&\'"'


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """A failed run, `one`, and one that resumes it, `two`."""
    found = Desk(tmp_path_factory.mktemp("desk"))
    found.write("prices.py", PRICES)
    assert found("run", "prices.py", "--run-id", "one", "--tag", ODD, "-q").status == 1
    resumed = found("resume", "prices.py", "one", "--run-id", "two", "-q", KNOWS_ALL="1")
    assert resumed.status == 0, resumed
    return found


@pytest.fixture
def page(desk: Desk) -> Any:
    return client(desk.folder / ".flowport")


def test_a_failed_run_says_what_failed_with_the_users_lines_and_how_to_go_on(page: Any) -> None:
    html = page.get("/run/PricesFlow/one").text
    said = main(html)
    assert said.startswith("one failed")
    assert "flowport resume PricesFlow/one" in said
    assert "look_up/r.2 ValueError: invalid literal for int() with base 10: ''" in said
    assert "self.price = int(self.known[self.input])" in said
    assert "site-packages" not in said
    assert "2 of 3, 1 failed" in said


def test_the_command_names_a_store_that_is_not_the_usual_one(desk: Desk) -> None:
    page = client(desk.folder / ".flowport", named="a folder")
    assert "flowport resume PricesFlow/one --store 'a folder'" in main(page.get("/run/PricesFlow/one").text)


def test_a_resumed_run_says_what_it_took_over_and_from_where(page: Any) -> None:
    html = page.get("/run/PricesFlow/two").text
    assert "/run/PricesFlow/one" in links(html)
    assert "flowport resume" not in html
    items = page.get("/run/PricesFlow/two/look_up").text
    assert main(items).count("taken over") == 2
    item = page.get("/run/PricesFlow/two/look_up/r.0").text
    assert "/run/PricesFlow/one/look_up/r.0" in links(item)
    assert "Taken over from one" in main(item)


def test_failed_items_come_first_with_what_happened(page: Any) -> None:
    said = main(page.get("/run/PricesFlow/one/look_up").text)
    assert said.index("r.2 failed ValueError") < said.index("r.0 done")
    assert "All 3 Failed 1 Unfinished 0 Done 2" in said
    only = main(page.get("/run/PricesFlow/one/look_up", params={"state": "failed"}).text)
    assert "1 to 1 of 1" in only
    assert "r.0" not in only


def test_an_item_has_its_artifacts_its_log_and_its_attempts(page: Any) -> None:
    said = main(page.get("/run/PricesFlow/one/look_up/r.0").text)
    assert said.startswith("look_up/r.0 done")
    assert "Input 'apples'" in said
    assert "price 2 int 5 bytes" in said
    assert "prices parameter 'apples=2,pears=3,plums=' str" in said
    assert said.endswith("looking for apples")
    failed = page.get("/run/PricesFlow/one/look_up/r.2").text
    assert "Attempt 1 2" in main(failed)
    assert "ValueError" in main(failed)
    first = page.get("/run/PricesFlow/one/look_up/r.2", params={"attempt": "0"})
    assert first.status_code == 200
    text = page.get("/run/PricesFlow/one/look_up/r.2/log/1")
    assert text.headers["content-type"] == "text/plain; charset=utf-8"
    assert "looking for plums" in text.text


def test_a_step_with_one_item_shows_it_at_once(page: Any) -> None:
    answer = page.get("/run/PricesFlow/two/end")
    assert answer.url.path == "/run/PricesFlow/two/end/r"
    assert "total" in main(answer.text)


def test_an_item_is_found_by_its_address(page: Any) -> None:
    for word in ("r.1", "1", " r.1 "):
        assert page.get("/run/PricesFlow/one/look_up", params={"item": word}).url.path == "/run/PricesFlow/one/look_up/r.1"
    said = main(page.get("/run/PricesFlow/one/look_up", params={"item": ODD}).text)
    assert f"The step has no item {ODD}" in said


@pytest.mark.parametrize(
    "path",
    [
        "/run/PricesFlow/none",
        "/run/Nobody/one",
        "/run/PricesFlow/one/none",
        "/run/PricesFlow/one/look_up/r.9",
        "/run/PricesFlow/one/look_up/r.0/log/7",
        "/run/PricesFlow/one/look_up/r.9/value/price",
        "/run/PricesFlow/%25zz",
        "/run/PricesFlow/%2e%2e%2f",
        "/elsewhere",
    ],
)
def test_what_there_is_not_is_not_found(page: Any, path: str) -> None:
    answer = page.get(path)
    assert answer.status_code == 404
    assert main(answer.text).startswith("Not found")


def test_two_runs_are_compared(page: Any) -> None:
    said = main(page.get("/compare", params={"left": "PricesFlow/one", "right": "PricesFlow/two"}).text)
    assert "Status ✕" not in said  # the signs are the style's
    assert "failed done" in said
    assert "The files are the same." in said
    assert main(page.get("/compare?run=PricesFlow/two&run=PricesFlow/one").text) == said
    assert "name two runs" in main(page.get("/compare").text)
    assert "has no run `x` of PricesFlow" in main(page.get("/compare", params={"left": "PricesFlow/x", "right": "PricesFlow/one"}).text)


def test_what_differs_in_the_code_and_the_artifacts_of_two_runs_is_shown(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.write("prices.py", PRICES)
    assert desk("run", "prices.py", "--run-id", "one", "--prices", "figs=1", "-q").status == 0
    desk.write("prices.py", PRICES.replace("sum(each.price", "3 + sum(each.price"))
    assert desk("run", "prices.py", "--run-id", "two", "--prices", "figs=2", "-q").status == 0
    html = client(tmp_path / ".flowport").get("/compare?left=PricesFlow/one&right=PricesFlow/two").text
    said = main(html)
    assert "prices differs 'figs=1' 'figs=2'" in said
    assert "total differs 1 5" in said
    assert "+ self.total = 3 + sum(each.price for each in inputs)" in said
    assert html.count('class="differs"') == 3  # prices, and of the artifacts `known` and `total`


def test_names_and_values_full_of_markup_are_text(tmp_path: Path) -> None:
    flow = Solo(
        tmp_path,
        f"""
class Odd(FlowSpec):
    @step
    def start(self):
        self.value = {ODD!r}
        setattr(self, "a<b>c", 1)
        print({ODD!r})
        raise ValueError({ODD!r})
        self.next(self.end)

    @step
    def end(self):
        pass
""",
    )
    run = "a-run_.+=@!'()"
    with pytest.raises(Broken):
        flow.run(run, tags=[ODD])
    page = client(flow.store)
    for address in ("/", urls.run_url("Odd", run), urls.step_url("Odd", run, "start"), urls.item_url("Odd", run, "start", "r")):
        answer = page.get(address)
        assert answer.status_code == 200, address
        assert "<script>alert" not in answer.text, address
        assert run in unescape(answer.text), address


class Trap:
    """A value whose unpickling makes a file."""

    def __init__(self, path: str) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return open, (self.path, "w")


def test_no_page_unpickles_what_nobody_asked_for(tmp_path: Path) -> None:
    flow = Solo(
        tmp_path,
        f"""
class Trapped(FlowSpec):
    @step
    def start(self):
        import builtins
        class Trap:
            def __reduce__(self):
                return builtins.open, ({str(tmp_path / "sprung")!r}, "w")
        self.trap = Trap()
        self.many = [Trap()] * 3
        self.fine = {{"a": [1, 2.5, None, "x"]}}
        self.next(self.end)

    @step
    def end(self):
        pass
""",
    )
    assert flow.perform("start") == 0
    (tmp_path / "sprung").unlink(missing_ok=True)
    page = client(flow.store)
    for address in ("/run/Trapped/1", "/run/Trapped/1/start", "/run/Trapped/1/start/r", "/compare?left=Trapped/1&right=Trapped/1"):
        assert page.get(address).status_code == 200
    said = main(page.get("/run/Trapped/1/start/r").text)
    assert "trap Load trap io.open" in said or "trap Load trap _io.open" in said
    assert "fine {'a': [1, 2.5, None, 'x']} dict" in said
    assert not (tmp_path / "sprung").exists()


def test_a_value_is_loaded_when_somebody_asks_and_says_why_when_it_cannot_be(desk: Desk, tmp_path: Path) -> None:
    page = client(desk.folder / ".flowport")
    loaded = page.get("/run/PricesFlow/two/add/r/value/total")
    assert (loaded.status_code, main(loaded.text)) == (200, "total 12")
    flow = Solo(
        tmp_path,
        """
class Gone(FlowSpec):
    @step
    def start(self):
        import sys, types
        module = types.ModuleType("gone_module")
        exec("class Thing: pass", module.__dict__)
        sys.modules["gone_module"] = module
        self.thing = module.Thing()
        self.next(self.end)

    @step
    def end(self):
        pass
""",
    )
    assert flow.perform("start") == 0
    page = client(flow.store)
    assert "thing Load thing gone_module.Thing" in main(page.get("/run/Gone/1/start/r").text)
    answer = page.get("/run/Gone/1/start/r/value/thing")
    assert "gone_module" in main(answer.text)
    assert page.get("/run/Gone/1/start/r/value/none").status_code == 422


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (None, "None"),
        (True, "bool"),
        (3, "int"),
        (2**70, "int"),
        (1.5, "float"),
        ("text", "str"),
        (b"bytes", "bytes"),
        ([], "list"),
        ([1], "list"),
        ({"a": 1}, "dict"),
        ((), "tuple"),
        ((1, 2, 3, 4), "tuple"),
        ({1}, "set"),
        (Path("x"), "pathlib.Path"),
        (Trap(""), "io.open"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_pickle_says_its_type(value: object, name: str) -> None:
    data = pickle.dumps(value, 5)
    assert type_of(data).replace("_io.", "io.") == name
    type_of(data[: len(data) // 2])  # also a part of one says something, or nothing
    assert type_of(b"") == type_of(b"\xff\xff") == ""


@pytest.mark.filterwarnings("ignore:invalid escape sequence")
def test_something_can_be_said_of_any_bytes(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    chance, store = random.Random(request.config.option.seed), FolderStore(str(tmp_path))
    nested = b"\x80\x05" + b"]" * 100_001 + b"a" * 100_000 + b"."  # a list in a list in a list
    for entry, kind in ((nested, "list"), (pickle.dumps(10**5000, 5), "int")):
        assert shown_value(entry, store)[:3] == (kind, len(entry), None)
    values = ({"a": [1, 2.5, None], "b": "x" * 30}, {1, 2}, bytearray(b"12345"), Path("x"), 10**40)
    for _ in range(2000):
        data = bytearray(pickle.dumps(chance.choice(values), chance.choice((2, 5))))
        for _ in range(chance.randint(1, 4)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        shown_value(bytes(data[: chance.randint(1, 2 * len(data))]), store)


def test_arrays_and_frames_say_what_they_are() -> None:
    import numpy
    import pandas

    assert type_of(pickle.dumps(numpy.zeros(3), 5)) == "numpy.ndarray"
    assert type_of(pickle.dumps(pandas.DataFrame({"a": [1]}), 5)) in ("pandas.DataFrame", "pandas.core.frame.DataFrame")


@pytest.fixture(scope="module")
def million(tmp_path_factory: pytest.TempPathFactory) -> Solo:
    """A run with a million items: a task in a hundred has run, and the others have copies of what it left."""
    flow = Solo(tmp_path_factory.mktemp("million"), MILLION)
    flow.width = 100
    assert flow.perform("start") == 0
    assert flow.perform("work", "s.0") == 0
    assert flow.perform("work", "s.3") != 0
    done = flow.store.read(Keys("Million", "1").manifest("work", "s.0", 0))
    for number in range(100):
        if number != 3:
            flow.store.create(Keys("Million", "1").manifest("work", f"s.{number}", 0), done)
    return flow


def test_a_million_items_are_a_box_with_numbers_and_a_table_with_pages(million: Solo) -> None:
    page = client(million.store)
    assert "990,000 of 1,000,000, 1 failed" in main(page.get("/run/Million/1").text)
    html = page.get("/run/Million/1/work").text
    said = main(html)
    assert "All 1,000,000 Failed 1 Unfinished 9,999 Done 990,000" in said
    assert said.index("r.30007 failed ValueError: no") < said.index("r.30000")
    assert "1 to 100 of 1,000,000" in said
    assert len(links(html, "/run/Million/1/work/")) == 100
    (further,) = [link for link in links(html) if link.endswith("first=100")]
    assert "101 to 200 of 1,000,000" in main(page.get(further).text)
    last = main(page.get("/run/Million/1/work", params={"first": "999950"}).text)
    assert "999,951 to 1,000,000 of 1,000,000" in last
    assert "r.999999" in last
    done = main(page.get("/run/Million/1/work", params={"state": "done", "first": "500000"}).text)
    assert "r.510000" in done
    assert page.get("/run/Million/1/work", params={"item": "777777"}).url.path == "/run/Million/1/work/r.777777"
    assert "In one task with r.770000..r.779999" in main(page.get("/run/Million/1/work/r.777777").text)


def test_damage_in_a_run_is_said_and_hides_nothing_else(desk: Desk, tmp_path: Path) -> None:
    flow = Solo(tmp_path, MILLION.replace("1_000_000", "4"))
    flow.width = 2
    flow.run()
    flow.store.replace(Keys("Million", "1").manifest("work", "s.1", 0), b"{")
    page = client(flow.store)
    said = main(page.get("/run/Million/1").text)
    assert "cannot be read" in said
    assert "2 of 4" in said
    assert page.get("/run/Million/1/work").status_code == 200
    assert page.get("/run/Million/1/work/r.0").status_code == 200
    assert page.get("/run/Million/1/work/r.3").status_code in (404, 500)


def test_the_graph_needs_no_source(tmp_path: Path) -> None:
    flow = Solo(tmp_path, MILLION.replace("1_000_000", "2"))
    flow.run()
    source = Path(flow.program.folder, flow.program.flow["file"])
    source.write_text("import nothing(")
    page = client(flow.store)
    record = json.loads(flow.store.read(Keys("Million", "1").run()))
    assert record["code"] == flow.package.digest
    answer = page.get("/run/Million/1")
    assert answer.status_code == 200
    assert '<svg class="graph"' in answer.text
