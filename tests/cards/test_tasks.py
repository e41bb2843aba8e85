"""What tasks store of cards, and what is read again: in foreaches, when a step fails or runs, when a card fails, resumed and spun."""

from __future__ import annotations

import os
import re
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from flowport.runtime.cards.read import CardReader, cards_of
from flowport.runtime.run.items import item
from flowport.runtime.store.folder import FolderStore
from flowport.runtime.store.keys import Keys
from solo import Broken, Solo

if TYPE_CHECKING:
    from typing_extensions import Buffer

HEAD = "from flowport import card\nfrom flowport.cards import *\n"


def cards(solo: Solo, step: str, address: str = "r", run: str = "1") -> list[CardReader]:
    """The cards of an item."""
    found = item(solo.reader(run), step, address)
    assert found is not None
    return cards_of(found)


def shown(one: CardReader) -> list[Any]:
    """The values of the bars of a card, and the sources of its texts."""
    return [part.get("value", part.get("source")) for part in one.content["components"]]


MANY = (
    HEAD
    + """
class Many(FlowSpec):
    @step
    def start(self):
        self.numbers = list(range(1000))
        self.next(self.each, foreach="numbers")

    @card(type="blank", id="bar")
    @card
    @step
    def each(self):
        self.seen = self.input
        current.card["bar"].append(ProgressBar(max=1000, value=self.input))
        if self.input % 500 == 0:
            current.card.append(Markdown("a round number"))
        self.next(self.join)

    @step
    def join(self, inputs):
        self.merge_artifacts(inputs, exclude=["seen"])
        self.next(self.end)

    @step
    def end(self):
        pass
"""
)


def test_the_cards_of_a_thousand_items_cost_no_object_more(tmp_path: Path) -> None:
    plain = re.sub(r"(?m)^ *(@card|current.card|if self.input).*\n", "", MANY).replace('append(Markdown("a round number"))', "")
    with_cards, without = Solo(tmp_path / "a", MANY), Solo(tmp_path / "b", plain)
    for solo in (with_cards, without):
        solo.width = 4
        solo.run()
    assert len(list(with_cards.store.entries(""))) == len(list(without.store.entries("")))
    for number in (0, 1, 500, 999):
        bar, default = cards(with_cards, "each", f"r.{number}")
        assert (bar.id, shown(bar)) == ("bar", [number])
        assert shown(default) == (["a round number"] if number % 500 == 0 else [])
        assert default.has_content is (number % 500 == 0)


def test_cards_are_no_artifacts(tmp_path: Path) -> None:
    solo = Solo(tmp_path, MANY.replace("range(1000)", "range(3)"))
    solo.run()
    assert [sorted(solo.artifacts(step, address)) for step, address in (("each", "r.1"), ("end", "r"))] == [
        ["numbers", "seen"],
        ["numbers"],
    ]


ONE = (
    HEAD
    + """
class One(FlowSpec):
    @card{decorator}
    @step
    def start(self):
        {line}
        self.next(self.end)

    @step
    def end(self):
        pass
"""
)


def one(folder: Path, line: str, decorator: str = "", head: str = "") -> Solo:
    """A flow whose first step has a card."""
    return Solo(folder, head + ONE.replace("{decorator}", decorator).replace("{line}", line.replace("\n", "\n        ")))


def test_a_card_to_which_nothing_was_added_stores_nothing(tmp_path: Path) -> None:
    solo = one(tmp_path, "pass")
    solo.run()
    (found,) = cards(solo, "start")
    assert (found.type, found.implied, found.has_content, found.content) == ("default", False, False, {"components": []})
    assert "cards" not in solo.reader().manifests.need("start", "s").doc


def test_a_step_without_a_card_has_the_default_card(tmp_path: Path) -> None:
    solo = one(tmp_path, "pass")
    solo.run()
    assert [(found.type, found.implied) for found in cards(solo, "end")] == [("default", True)]


def test_a_large_card_is_a_blob(tmp_path: Path) -> None:
    solo = one(tmp_path, "current.card.append(Markdown('x' * 90_000))")
    solo.run()
    assert len(shown(cards(solo, "start")[0])[0]) == 90_000


def test_a_failed_step_shows_what_it_had_added(tmp_path: Path) -> None:
    solo = one(tmp_path, "current.card.append(Markdown('so far'))\nraise ValueError('no')")
    with pytest.raises(Broken):
        solo.run()
    (found,) = cards(solo, "start")
    assert (found.live, shown(found)) == (True, ["so far"])


def test_each_attempt_has_its_own_card(tmp_path: Path) -> None:
    line = "current.card.append(Markdown(f'attempt {current.retry_count}'))\nassert current.retry_count == 2"
    solo = Solo(tmp_path, ONE.replace("{decorator}", "\n    @retry(times=2)").replace("{line}", line.replace("\n", "\n        ")))
    solo.run()
    assert shown(cards(solo, "start")[0]) == ["attempt 2"]
    keys = Keys(solo.flow, "1").live_cards("start", "s", 0)
    assert solo.store.names(keys) == [f"{keys}0-0", f"{keys}0-1"]


def test_the_card_of_a_step_that_is_caught_is_kept(tmp_path: Path) -> None:
    line = "current.card.append(Markdown('before'))\nraise ValueError('no')"
    solo = Solo(tmp_path, ONE.replace("{decorator}", "\n    @catch(var='error')").replace("{line}", line.replace("\n", "\n        ")))
    solo.run()
    (found,) = cards(solo, "start")
    assert (found.live, shown(found)) == (False, ["before"])


def test_a_refresh_is_seen_while_the_step_runs(tmp_path: Path) -> None:
    line = (
        "current.card.append(Markdown('running'), id='text')\ncurrent.card.refresh()\n"
        "open(SEEN, 'w').close()\nimport os, time\nwhile not os.path.exists(GO): time.sleep(0.01)\n"
        "current.card.components['text'].update('over')"
    )
    solo = one(tmp_path, line, head=f"SEEN, GO = {str(tmp_path / 'seen')!r}, {str(tmp_path / 'go')!r}\n")
    process = os.fork()
    if not process:
        os._exit(solo.perform("start"))
    while not (tmp_path / "seen").exists():
        time.sleep(0.01)
    (found,) = cards(solo, "start")
    assert (found.live, shown(found)) == (True, ["running"])
    (tmp_path / "go").touch()
    assert os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) == 0
    (found,) = cards(solo, "start")
    assert (found.live, shown(found)) == (False, ["over"])


class Counting(FolderStore):
    """A store that counts what is replaced, or takes none of it."""

    def __init__(self, path: str, broken: bool = False) -> None:
        super().__init__(path)
        self.replaced: list[str] = []
        self.broken = broken

    def replace(self, key: str, data: Buffer) -> None:  # type: ignore[override]
        if "/cards/" in key:
            self.replaced.append(key)
            if self.broken:
                from flowport.runtime.store.errors import StoreError

                raise StoreError("the store is down")
        super().replace(key, bytes(data))


def test_refreshes_in_one_second_are_one_request(tmp_path: Path) -> None:
    store = Counting(str(tmp_path / "store"))
    line = "current.card.append(Markdown('x'))\nfor _ in range(100): current.card.refresh()"
    solo = Solo(tmp_path, ONE.replace("{decorator}", "").replace("{line}", line.replace("\n", "\n        ")), store)
    assert solo.perform("start") == 0
    assert len(store.replaced) == 1


def test_a_store_that_takes_no_card_fails_no_step(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    store = Counting(str(tmp_path / "store"), broken=True)
    line = "current.card.append(Markdown('x'))\ncurrent.card.refresh()"
    solo = Solo(tmp_path, ONE.replace("{decorator}", "").replace("{line}", line.replace("\n", "\n        ")), store)
    assert solo.perform("start") == 0
    assert "flowport: card: the store does not take the cards of start/r now: the store is down\n" in capfd.readouterr().err
    assert shown(cards(solo, "start")[0]) == ["x"]


OWN = """
class Own(MetaflowCard):
    type = "own"
    ALLOW_USER_COMPONENTS = True
    RUNTIME_UPDATABLE = True

    def __init__(self, options={}, components=[], graph=None, flow=None):
        self.parts, self.options = components, options

    def render(self, task):
        BODY

    def render_runtime(self, task, data):
        return f"{data['user']} {task.finished}"
"""


def custom(folder: Path, body: str, line: str = "pass", decorator: str = "(type='own')") -> Solo:
    """A flow with a card of its own class."""
    text = HEAD + OWN.replace("BODY", body) + ONE.removeprefix(HEAD).replace("{decorator}", decorator)
    return Solo(folder, text.replace("{line}", line.replace("\n", "\n        ")))


def test_a_class_of_the_flow_renders_the_finished_task(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    body = "return f\"{task.pathspec} {task.data.x} {task['x'].data} {task.finished} {self.parts[0]['source']} {self.options}\""
    solo = custom(tmp_path, body, "self.x = 3\ncurrent.card.append(Markdown('m'))", "(type='own', options={'a': 1})")
    solo.run()
    assert cards(solo, "start")[0].content["html"] == "One/1/start/r 3 3 True m {'a': 1}"


def test_a_class_of_the_flow_is_seen_while_the_step_runs(tmp_path: Path) -> None:
    solo = custom(tmp_path, "return 'over'", "current.card.refresh({'loss': 1})\nraise ValueError")
    with pytest.raises(Broken):
        solo.run()
    assert cards(solo, "start")[0].content["html"] == "{'loss': 1} False"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("raise ValueError('no\\nway')", "ValueError: no\nway"),
        ("return None", "its `render` returned nothing"),
        ("return 3", "its `render` returned a `int`"),
        ("raise SystemExit(3)", "SystemExit: 3"),
    ],
)
def test_a_card_that_fails_says_so_and_fails_no_step(tmp_path: Path, capfd: pytest.CaptureFixture[str], body: str, message: str) -> None:
    solo = custom(tmp_path, body)
    assert solo.perform("start") == 0
    assert cards(solo, "start")[0].content["error"]["message"] == message
    line = f"flowport: card: the card `own` of start/r is not rendered: {message}".replace("\n", " ") + "\n"
    assert line in capfd.readouterr().err


def test_a_card_whose_errors_nobody_wants_stores_nothing(tmp_path: Path) -> None:
    solo = custom(tmp_path, "raise ValueError", decorator="(type='own', save_errors=False)")
    solo.run()
    assert not cards(solo, "start")[0].has_content


def test_a_card_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    solo = custom(tmp_path, "import time; time.sleep(60)", decorator="(type='own', timeout=1)")
    done = subprocess.run(solo.command("start"), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert "the card `own` of start/r is not rendered: it took longer than its timeout of 1 seconds" in done.stdout
    assert "timeout of 1 seconds" in cards(solo, "start")[0].content["error"]["message"]


SLOW = (
    HEAD
    + """
import time

class Sleeper(MetaflowCardComponent):
    def render(self):
        time.sleep(60)

class Value:
    def __str__(self):
        time.sleep(60)

    __repr__ = __str__

class Figure:
    def savefig(self, *values, **named):
        time.sleep(60)

class Slow(FlowSpec):
    {decorators}
    @step
    def start(self):
        current.card.append({component})
        current.card.refresh()
        self.next(self.end)

    @step
    def end(self):
        pass
"""
)
COMPONENTS = ["Sleeper()", "Table([[Value()]])", "Artifact([Value()])", "Image.from_matplotlib(Figure())"]


@pytest.mark.parametrize("component", COMPONENTS)
def test_a_slow_component_does_not_hide_the_timeout_of_its_step(tmp_path: Path, component: str) -> None:
    decorators = "@timeout(seconds=1)\n    @card(type='blank', timeout=2)"
    solo = Solo(tmp_path, SLOW.replace("{decorators}", decorators).replace("{component}", component))
    done = subprocess.run(solo.command("start"), capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stdout
    assert "step `start` ran longer than its timeout of 1 second" in done.stdout


@pytest.mark.parametrize("component", COMPONENTS[:-1])
def test_a_component_that_takes_too_long_is_ended(tmp_path: Path, component: str) -> None:
    solo = Solo(tmp_path, SLOW.replace("{decorators}", "@card(type='blank', timeout=1)").replace("{component}", component))
    done = subprocess.run(solo.command("start"), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert "the card `blank` of start/r is not rendered: it took longer than its timeout of 1 seconds" in done.stdout


def test_a_type_that_nothing_has_is_said(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    solo = one(tmp_path, "current.card.append(Markdown('x'))", "(type='notebook')")
    assert solo.perform("start") == 0
    said = capfd.readouterr().err
    assert "flowport: card: `current.card.append` does nothing: there is no type of cards `notebook`" in said
    assert "there is no type of cards `notebook` in the flow's files or in an installed extension" in said


def test_html_that_is_not_there_is_said(tmp_path: Path) -> None:
    solo = one(tmp_path, "pass", "(type='html', options={'attribute': 'page'})")
    solo.run()
    assert "the step did not set `self.page`" in cards(solo, "start")[0].content["error"]["message"]


@pytest.mark.parametrize(
    ("decorators", "line", "expected"),
    [
        (
            "@card(type='blank')\n    @card(type='html')",
            "self.html = ''\n        current.card.append(Markdown('x'))",
            {"blank": ["x"], "html": []},
        ),
        ("@card(id='a')\n    @card", "current.card.append(Markdown('x'))", {"default": ["x"]}),
        ("@card(id='a')\n    @card(id='b', customize=True)", "current.card.append(Markdown('x'))", {"default/b": ["x"]}),
        ("@card(id='a')\n    @card(id='b')", "current.card['a'] = [Markdown('x'), Markdown('y')]", {"default/a": ["x", "y"]}),
        ("@card(id='a')\n    @card(id='b')", "current.card.append(Markdown('x'))", {}),
        ("@card(type='html')", "self.html = ''\n        current.card.append(Markdown('x'))", {"html": []}),
        ("@card(id='a')", "current.card['b'].append(Markdown('x'))", {}),
        ("@card", "current.card.extend([Markdown('x'), 3]); current.card.components['none'].update(3)", {"default": ["x"]}),
        ("@card", "current.card.append(Markdown('x')); current.card.clear()", {}),
    ],
)
def test_what_is_added_comes_to_the_card_that_metaflow_gives_it_to(
    tmp_path: Path, decorators: str, line: str, expected: dict[str, list[str]]
) -> None:
    solo = Solo(tmp_path, ONE.replace("@card{decorator}", decorators).replace("{line}", line))
    solo.run()
    assert {found.name: shown(found) for found in cards(solo, "start") if found.has_content} == expected


def test_a_resumed_run_keeps_the_cards_of_what_it_takes_over(tmp_path: Path) -> None:
    solo = Solo(tmp_path, MANY.replace("range(1000)", "range(3)").replace("self.merge", "assert current.origin_run_id\n        self.merge"))
    with pytest.raises(Broken):
        solo.run("1")
    solo.width = 1
    solo.run("2", origin_run="1")
    assert [shown(cards(solo, "each", f"r.{number}", "2")[0]) for number in range(3)] == [[0], [1], [2]]
    found = item(solo.reader("2"), "each", "r.1")
    assert found is not None
    assert found.taken_from() == "1"
