"""What the flows of the corpus must come to, as plain data, worked out by hand or with Metaflow and never with flowport.

`end` holds artifacts of the last step. `items` is how often the body of each step runs: every turn of a loop counts, and the attempts of
one item count once. `parameters` is what the command line is given.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parent
EXAMPLE_FOLDER = FOLDER.parent.parent / "examples"
GREETING = (FOLDER / "greeting.txt").read_text(encoding="utf-8")
NASTY_DEFAULT = 'it\'s {{=2+2}} $(touch PWNED) "q" \n Ref::run $.x 😀'
NASTY_GIVEN = "$(touch PWNED) `id` {{=3+3}} {{inputs.parameters.x}} Ref::step \\ \"' \n\r\n\t 😀\u2028 --run-id x"
NASTY_JSON = {"{{=2+2}}": ["$(touch PWNED)", '"', "\\", "😀\n"]}
NASTY_VARIABLE = "a 'b' \"c\" $HOME $(touch PWNED) {{=2+2}} $.x Ref::run %PATH% ü"


@dataclass(frozen=True)
class Expected:
    """One run of one flow."""

    file: str
    end: dict[str, Any]
    items: dict[str, int]
    parameters: tuple[str, ...] = ()
    flow: str = ""
    last: str = "end"

    @property
    def path(self) -> Path:
        return (EXAMPLE_FOLDER if self in EXAMPLES else FOLDER) / self.file

    @property
    def name(self) -> str:
        """The flow's name, which is that of its class unless it is said otherwise."""
        classes = re.findall(r"^class (\w+)", self.path.read_text(encoding="utf-8"), re.MULTILINE)
        return self.flow or str(classes[-1])

    @property
    def id(self) -> str:
        return " ".join([self.file.removesuffix(".py"), *self.parameters])[:60]


def once(*steps: str, **more: int) -> dict[str, int]:
    """Steps that run once, and others with their number."""
    return {**dict.fromkeys(steps, 1), **more}


RUNS = (
    Expected(
        "scheduled.py",
        {"first": None, "times": [None, None], "last": None, "is_scheduled": False},
        once("start", "join", "end", day=2),
    ),
    Expected(
        "linear.py",
        {"total": "6 kg of APPLES", "weights": [3, 1, 2], "alias": [3, 1, 2], "nested": {"inner": {"list": ["apples"]}}, "shared": True},
        once("start", "weigh", "rename", "end"),
    ),
    Expected(
        "reads_itself.py",
        {
            "own": [("r.0", 0, ["r"]), ("r.1", 1, ["r"]), ("r.2", 2, ["r"])],
            "before": ["square/r.0", "square/r.1", "square/r.2"],
            "steps": ["gather", "square", "start"],
            "squares": [16, 9, 4],
            "second": (1, 9),
            "numbers_of_start": [2, 3, 4],
            "after_start": ["r.0", "r.1", "r.2"],
            "state": (False, None, True, True),
            "missing": "Run('ReadsItself/never') does not exist",
        },
        once("start", "gather", "end", square=3),
    ),
    Expected(
        "branch_in_branch.py",
        {"values": {"left": 99, "right": 1000}, "total": 1109, "base": 10},
        once("start", "left", "left_up", "left_down", "left_join", "right", "bring", "end"),
    ),
    Expected(
        "branch_in_foreach.py",
        {"pairs": [(0, 3, "ONE"), (1, 3, "TWO"), (2, 5, "THREE")], "longest": "THREE"},
        once("start", "collect", "end", each=3, length=3, shout=3, both=3),
    ),
    Expected(
        "branch_in_switch.py",
        {"result": 453, "text": "large: 453"},
        once("start", "split", "add", "multiply", "combine", "report", "end"),
    ),
    Expected("branch_in_switch.py", {"result": 4, "text": "small: 4"}, once("start", "quick", "report", "end"), ("--size", "small")),
    Expected(
        "configured.py",
        {
            "costs": {"apples": 2.14, "pears": 3.21, "quinces": 5.35},
            "colour_names": ["red", "green", "no colour"],
            "shop": ("market", "7"),
            "limits": {"retries": 1, "minutes": 5},
            "kinds": (True, True),
            "dumped": True,
            "keys": (["fruit", "batch", "prices", "environment", "limits"], 5, True, False),
            "parameter_names": ["absent", "colours", "config", "first", "last", "prices", "raw", "tax", "words"],
            "greeting": "quinces Grüße apples None a, b",
            "refused": "a config cannot be changed: change a copy, `config.to_dict()`",
        },
        once("start", "total", "end", weigh=3),
    ),
    Expected(
        "branch_in_loop.py",
        {"root": 31, "low": 31, "high": 32, "turn": 6, "state": "found"},
        once("start", "end", halve=6, below=6, above=6, narrow=6),
    ),
    Expected(
        "foreach_in_branch.py",
        {"sizes": [50, 60, 70], "limit": 60, "over": [70]},
        once("start", "list_files", "read_limit", "total", "compare", "end", measure=3),
    ),
    Expected(
        "foreach_in_foreach.py",
        {
            "lines": {"0:north": ["north[0] 6", "north[1] 2", "north[2] 4"], "1:empty": [], "2:south": ["south[0] 20"]},
            "places": [[(0, 3), (0, 3)], [(0, 3), (1, 3)], [(0, 3), (2, 3)], [(2, 3), (0, 1)]],
            "after": (None, None),
        },
        once("start", "grand_total", "end", shop=3, sale=4, shop_total=3),
    ),
    Expected(
        "foreach_in_switch.py",
        {"text": "wide: [25, 36, 49, 64]", "jobs": [5, 6, 7, 8]},
        once("start", "fan_out", "gather", "end", square=4),
    ),
    Expected("foreach_in_switch.py", {"text": "narrow: [25, 36, 49, 64]"}, once("start", "at_once", "end"), ("--threshold", "9")),
    Expected(
        "foreach_in_loop.py",
        {"families": [], "children": [], "state": "extinct", "verdict": "extinct after a family of 3"},
        once("start", "end", expand=5, grow=10, harvest=5),
    ),
    Expected(
        "foreach_in_loop.py",
        {"verdict": "extinct after a family of 0"},
        once("start", "end", expand=3, grow=3, harvest=3),
        ("--first", "0"),
    ),
    Expected(
        "switch_in_branch.py",
        {"advice": ["warm: window", "cold: coat"]},
        once("start", "inside", "open_window", "inside_done", "outside", "coat", "outside_done", "decide", "end"),
    ),
    Expected(
        "switch_in_foreach.py",
        {"texts": ["odd 3", "even 1", "fizz fizz", "even 2", "fizz fizz"], "fizzes": [3, 6]},
        once("start", "triple", "collect", "end", look=5, fizz=2, halve=2, label=5),
    ),
    Expected(
        "switch_in_switch.py",
        {"trail": ["start", "pay", "paid", "ticket"], "receipt": "adult pays 20"},
        once("start", "pay", "paid", "ticket", "end"),
    ),
    Expected(
        "switch_in_switch.py",
        {"trail": ["start", "pay", "discount", "paid", "ticket"], "receipt": "adult pays 15"},
        once("start", "pay", "discount", "paid", "ticket", "end"),
        ("--member", "true"),
    ),
    Expected(
        "switch_in_switch.py",
        {"trail": ["start", "free", "ticket"], "receipt": "child pays 0"},
        once("start", "free", "ticket", "end"),
        ("--age", "9"),
    ),
    Expected(
        "switch_in_loop.py",
        {"path": [6, 3, 10, 5, 16, 8, 4, 2, 1], "turns": 8},
        once("start", "end", look=8, halve=6, grow=2, note=8),
    ),
    Expected(
        "loop_in_branch.py",
        {"values": (4, 0)},
        once("start", "count_up", "up_done", "count_down", "down_done", "meet", "end", up=4, down=2),
    ),
    Expected(
        "loop_in_foreach.py",
        {"results": ["gcd(48, 18) = 6 in 3", "gcd(7, 7) = 7 in 1", "gcd(17, 5) = 1 in 3"]},
        once("start", "collect", "end", begin=3, divide=7, finish=3),
    ),
    Expected(
        "alone_in_a_loop.py",
        {"modes": [["on", "off", "on", "off", "off"], ["on", "off", "on", "off", "on", "off", "off"]]},
        once("start", "join", "end", Turn=5, look=5, Done=2),
    ),
    Expected("loop_in_switch.py", {"verdict": "3 deep", "left": ""}, once("start", "peeled", "end", peel=3)),
    Expected("loop_in_switch.py", {"verdict": "not nested", "depth": 0}, once("start", "leave", "end"), ("--text", "flat")),
    Expected(
        "loop_in_loop.py",
        {"numbers": [1, 2, 3], "swaps": [(3, 2), (3, 1), (2, 1)]},
        once("start", "end", begin_pass=3, compare=6, end_pass=3),
    ),
    Expected(
        "switch_foreach_switch.py",
        {"lines": [(0, 42), (1, 0), (2, 10), (3, 4)]},
        once("start", "wrap", "total", "end", order=4, unpack=3, piece=4, saw=2, fit=2, checked=4, pieces_done=3, bill=4),
    ),
    Expected(
        "deep.py",
        {
            "cards": [
                ("red", [("match", 8), ("rest", 7), ("match", 29)]),
                ("blue", [("match", 9), ("rest", 8), ("match", 30)]),
            ]
        },
        {
            **once("start", "table", "end", team=2, play=6, sleep=2, field=4, score=6, leave=2),
            **dict.fromkeys(("player", "run_fast", "aim", "goal"), 12),
            "whistle": 4,
        },
    ),
    Expected(
        "empty_foreach.py",
        {"contents": [], "count": 0, "text": "0 files, 0 wanted"},
        once("start", "collect", "end"),
    ),
    Expected(
        "empty_foreach.py",
        {"contents": ["aaa", "bbb"], "count": 2, "text": "2 files, 2 wanted"},
        once("start", "collect", "end", read=2),
        ("--limit", "2"),
    ),
    Expected("one_item.py", {"text": "key=value at 0"}, once("start", "first", "second", "collect", "end")),
    Expected(
        "batches.py",
        {
            "squares": 333_333_000,
            "in_order": True,
            "texts": [["0.0", "0.1", "0.2"], [], ["2.0", "2.1", "2.2", "2.3", "2.4"], ["3.0"], ["4.0", "4.1", "4.2", "4.3"]],
            "sizes": [3, 0, 5, 1, 4],
        },
        once("start", "sum_up", "table", "end", square=1000, row=5, cell=13, row_done=5),
    ),
    Expected(
        "limited.py",
        {"counts": [0, 1, 2, 3] * 3, "parts_within": True, "numbers_within": True},
        once("start", "orders_done", "numbers_done", "end", order=12, part=18, parts_done=12, number=40),
    ),
    Expected(
        "batched_switch.py",
        {
            "lines": [
                (0, 0),
                (1, []),
                (2, "skipped"),
                (3, -3),
                (4, [(4, 0), (4, 1)]),
                (5, "skipped"),
                (6, -6),
                (7, [(7, 0), (7, 1), (7, 2)]),
                (8, "skipped"),
                (9, -9),
            ]
        },
        once("start", "collect", "end", sort_out=10, plain=4, fan_out=3, part=5, parts_done=3, done=10),
    ),
    Expected(
        "shared_arms.py",
        {"trails": ["a fold", "b dry fold", "c dry iron fold", "d iron fold", "e wash dry fold"]},
        once("start", "wash", "stack", "end", enter=5, dry=3, iron=2, fold=5),
    ),
    Expected(
        "loop_exits.py",
        {
            "lines": [
                "0: won after 3 ['low', 'high', 'right']",
                "1: lost ['low', 'low', 'low', 'low']",
                "2: resigned ['high']",
                "3: won after 1 ['right']",
            ]
        },
        once("start", "lost", "resigned", "collect", "end", begin=4, guess=10, judge=9, won=2, note=4),
    ),
    Expected(
        "batched_loop.py",
        {"lines": ["0 x0y0", "1 x0y0 x1y1 x2y2", "2", "3 x0 x1", "4 x0y0 x1y1 x2y2 x3y3 x4y4", "5 x0y0", "6 x0 x1 x2 x3"]},
        once("start", "collect", "end", begin=7, check=23, work=16, half=26, worked=16, leave=7),
    ),
    Expected(
        "joins_that_go_on.py",
        {"text": "wide 3"},
        once("start", "a", "b", "joined", "split_again", "least", "most", "weigh", "narrow", "end", double=3),
    ),
    Expected(
        "merging.py",
        {
            "by_name": (1, 9),
            "sizes": [1, 9],
            "conflict": True,
            "before": False,
            "heights": [7, 8],
            "has": [],
            "text": "5 cm",
        },
        once("start", "short", "tall", "plain", "join_all", "again", "changed", "join_some", "end"),
    ),
    Expected(
        "surroundings.py",
        {
            "inner": [
                ("a", 0, [(0, 2, "ab"), (0, 2, "a")]),
                ("b", 1, [(0, 2, "ab"), (1, 2, "b")]),
                ("c", 0, [(1, 2, "c"), (0, 1, "c")]),
            ],
            "outer": [("ab", 0, [(0, 2, "ab")]), ("c", 1, [(1, 2, "c")])],
            "letter_places": [("Surroundings", "letter", 0, True)] * 3,
            "outside": (None, None, []),
            "after": (None, None, []),
            "parameters": {"colour": "blue"},
            "resources": {"cpu": 2, "memory": 2048, "gpu": 0},
            "graph": (
                ["group_done"],
                ["start", [["group", [["letter", "letter_on"]], "group_done"]], "all_done", "end"],
                "surroundings.py",
            ),
        },
        once("start", "all_done", "end", group=2, letter=3, letter_on=3, group_done=2),
    ),
    Expected(
        "retried.py",
        {"tries": 3, "results": [(0, 0), (1, 1), (2, 0), (3, 1), (4, 0)]},
        once("start", "collect", "end", each=5),
    ),
    Expected(
        "checkpointed.py",
        {
            "trained": [(2, (2, 0), [3, 2, 1]), (2, (2, 0), [5, 4, 3]), (2, (2, 0), [4, 3, 2])],
            "begun": [10, 11, 12],
            "with_policy_none": (False, ["first"]),
            "best_count": 5,
            "loaded_weights": "weights",
            "label": ("weights", {"items": 3}),
            "again": ["weights.txt"],
        },
        once("start", "collect", "apart", "end", train=3, turn=3),
    ),
    Expected(
        "from_the_hub.py",
        {
            "read": "weights of org/base",
            "downloads": (["org/base"], True),
            "all_seen": [(["weights of org/base", "weights of org/other"], False)] * 2,
            "as_model": "weights of org/base",
        },
        once("start", "collect", "end", each=2),
    ),
    Expected(
        "beside_ollama.py",
        {
            "said": ("small: hello", "large:7b: hello", True),
            "words": ["small: a", "small: b", "small: c"],
            "left": (False, False),
        },
        once("start", "collect", "end", each=3),
    ),
    Expected(
        "beside_vllm.py",
        {
            "generated": (["org/small: a", "org/small: b"], {"max_model_len": 128, "enforce_eager": True}),
            "answers": [(f"org/small with 64: {word}", "/v1/chat/completions", "org/small") for word in "xy"],
            "models": ["org/other"],
        },
        once("start", "collect", "end", each=2),
    ),
    Expected(
        "caught.py",
        {"texts": ["12", "caught", "3", "caught"], "caught": [0, "x"], "started": True, "stubborn_failed": True},
        once("start", "collect", "stubborn", "end", divide=4, after=4),
    ),
    Expected(
        "graph_and_errors.py",
        {
            "kinds": {"start": "foreach", "work": "linear", "collect": "join", "end": "end"},
            "types": [None, "metaflow.plugins.timeout_decorator.TimeoutException", "metaflow.exception.MetaflowNotFound"],
            "before": [["start"]] * 3,
        },
        once("start", "collect", "end", work=3),
    ),
    Expected("timed_out.py", {"waited": [0, None, 0.01]}, once("start", "collect", "end", wait=3)),
    Expected(
        "parameters.py",
        {
            "seen": {
                "text": "hello",
                "count": 3,
                "ratio": 1.0,
                "loud": False,
                "options": {"a": [1, None]},
                "flag_name": "other",
                "mode": "fast",
                "nothing": None,
                "size": 101,
                "computed": 4,
                "where": "data/in.csv",
            },
            "frozen": True,
        },
        once("start", "end"),
        ("--text", "hello"),
    ),
    Expected(
        "parameters.py",
        {
            "seen": {
                "text": "-1",
                "count": -5,
                "ratio": 0.25,
                "loud": True,
                "options": [1, "two"],
                "flag_name": "given",
                "mode": "slow",
                "nothing": "something",
                "size": 7,
                "computed": 70,
                "where": "",
            },
            "kinds": {
                "text": "str",
                "count": "int",
                "ratio": "float",
                "loud": "bool",
                "options": "list",
                "flag_name": "str",
                "mode": "str",
                "nothing": "str",
                "size": "int",
                "computed": "int",
                "where": "str",
            },
        },
        once("start", "end"),
        (
            *("--text", "-1", "--count", "-5", "--ratio", ".25", "--loud", "True", "--options", '[1, "two"]', "--flag-name", "given"),
            *("--mode", "slow", "--nothing", "something", "--size", "7", "--computed", "70", "--where", ""),
        ),
    ),
    Expected(
        "included.py",
        {"text": GREETING, "same": True, "kinds": ("str", "bytes"), "lines": ["Hello Ann,", "Hello Bo,"]},
        once("start", "post", "end", write=2),
    ),
    Expected("inherited.py", {"text": "report; 3 mice; 1 cat"}, once("start", "work", "end")),
    Expected(
        "more_parameters.py",
        {
            "texts": [["x", "y"], None, ""],
            "several": [(), (1, 2)],
            "flags": [False, None],
            "types": ["slow", "a/b", 3],
            "functions": [{"flow": "MoreParameters", "name": "about", "fields": [True] * 6}, 0.5, "deployed: False"],
            "files": [GREETING.upper().splitlines(), len(GREETING.encode()), GREETING],
            "same": True,
            "again": GREETING.upper().splitlines(),
        },
        once("start", "end"),
    ),
    Expected(
        "more_parameters.py",
        {
            "texts": [["1", "2", "", "3"], ["q"], ["a", "b"]],
            "several": [("red", "blue"), (7, 8)],
            "flags": [True, None],
            "types": ["quick", "a/b", 8],
            "functions": [[1], 2.0, "deployed: False"],
        },
        once("start", "end"),
        (
            *(
                "--names",
                "1,2,,3",
                "--places",
                "q",
                "--empty",
                "a,b",
                "--colours",
                "red",
                "--colours",
                "blue",
                "--sizes",
                "7",
                "--sizes",
                "8",
            ),
            *("--fast", "true", "--mode", "quick", "--rounds", "8", "--half", "2", "--about", "[1]"),
        ),
    ),
    Expected(
        "stored_objects.py",
        {
            "known": [("application/json", {"by": "start"}, 11, False)] * 3,
            "written": ["raw/a.txt", "raw/b.txt", "raw/c/d.txt"],
            "by_url": '{"most": 3}',
            "regions": [
                ("0/name.txt", "north"),
                ("0/upper.txt", "NORTH"),
                ("1/name.txt", "south"),
                ("1/upper.txt", "SOUTH"),
                ("2/name.txt", "ü / %20"),
                ("2/upper.txt", "Ü / %20"),
            ],
            "names": ["ü / %20", "north", "south"],
            "all": [
                "config/limits.json",
                *("raw/a.txt", "raw/b.txt", "raw/c/d.txt"),
                *(f"regions/{number}/{name}.txt" for number in range(3) for name in ("name", "upper")),
            ],
            "paths": [("a.txt", True, 5), ("b.txt", True, 4), ("c", False, None)],
            "leaves": [("a.txt", True, 5), ("b.txt", True, 4), ("c/d.txt", True, 2)],
            "part": ("lph", (5, 1, 3)),
            "absent": [("raw/b.txt", True, True, b"beta"), ("raw/e.txt", False, False, None)],
            "errors": ["MetaflowS3NotFound", "MetaflowS3URLException"],
        },
        once("start", "gather", "end", region=3),
    ),
    # The digests are those of the values in `.env`.
    Expected(
        "secret_variables.py",
        {
            "seen": {"user": "2e96fb01b90f", "pass_word": "9c4713280a5a", "REPORT_TOKEN": "3225f8a9c1a7"},
            "found": {"API_KEY": "1361f95b97c3", "LICENSE": "47b8080b0a5d"},
            "url": "https://reports.example.com/daily",
            "level": "info",
            "threads": "2",
            "others": False,
            "failed": "ValueError: the license has 19 characters",
            "left": [],
        },
        once("start", "join", "risky", "end", part=2),
    ),
    Expected(
        "with_packages.py",
        {"newest": True, "squares": [1, 4, 9], "turns": 3, "name": "end"},
        once("start", "join", "end", each=3, turn=3, judge=3),
    ),
    Expected(
        "own_environments.py",
        {
            "seen": [(number, "1.1.1", "3.11", "2.0.0", "3.12") for number in (1, 2, 3)],
            "last_seen": ("2.0.0", "3.12"),
        },
        once("start", "gather", "last", "end", old=3, new=3),
    ),
    Expected(
        "reports.py",
        {
            "notes": ([("markdown", "*last*"), ("image", None)], True),
            "weeks_shown": [["progressBar", "table"], ["progressBar"], ["progressBar", "table"]],
            "values": [30, 20, 10],
            "pages": ["<p>sum 60 of add, 1 parts, 60</p>", "<!doctype html><p>60</p>"],
            "default": True,
            "none": 0,
        },
        once("start", "add", "end", week=3),
    ),
    Expected(
        "smaller_names.py",
        {
            "found": [[2, 4, 8], [3, 9, 27], [5, 25, 125]],
            "same": True,
            "timed": ["powers"],
            "failed": (False, "MulticoreException"),
            "trigger": None,
            "text": "2 4 8",
            "attempts": 6,
            "about": (True, "end", "none"),
            "read": ([1, {"a": "b"}], "\x1b[31m"),
        },
        once("start", "join", "end", powers=3),
    ),
    Expected(
        "extended.py",
        {
            "one": "Como of start, 12 m",
            "same": True,
            "failed": (True, "the lake is dry"),
            "depth": 12,
            "shores": (["Bellagio", "Varenna"], True),
        },
        once("start", "end"),
    ),
    Expected(
        "with_tensorboard.py",
        {
            "are_own": [True, True],
            "left": [False, False, False],
            "folders": 3,
            "logs": ["loss 0 0\nloss 1 1", "loss 0 0\nloss 1 2", "best 0 1"],
        },
        once("start", "join", "end", train=2),
    ),
    Expected("tests_beside.py", {"name": "START", "names": ["START", "END"]}, once("start", "end"), flow="Tested"),
    Expected("from_metaflow.py", {"counts": [3, 2], "flow_name": "FromMetaflow"}, once("start", "total", "end", count=2)),
    # As Metaflow 2.19.39 runs it.
    Expected(
        "step_decorators.py",
        {
            "log": ["+first start", "plain", "body", "-first start", "+each", "-each", "+end", "-end"],
            "doubles": [2, 4, 6],
            "sums": [1, 1, 1],
            "sum": 5,
            "failed": ["NoneType", "NoneType", "NoneType"],
            "joined": 3,
            "wide": [7, 8, 9],
            "numbers_skipped": ["number", "number", "number"],
            "replaced": [1, 2],
            "saved": "division by zero",
            "renamed": True,
            "unset": [False, False, False],
        },
        once("start", "join", "split", "numbers", "other", "fails", "again", "caught", "end", each=3, number=3),
    ),
    Expected(
        "nasties.py",
        {"unchanged": True, "back": [NASTY_DEFAULT, NASTY_JSON, NASTY_VARIABLE]},
        once("start", "collect", "end", each=16, odd=6, even=10, back=16),
    ),
    Expected(
        "nasties.py",
        {"unchanged": True, "back": [NASTY_GIVEN, {NASTY_GIVEN: 1}, NASTY_VARIABLE]},
        once("start", "collect", "end", each=16, odd=6, even=10, back=16),
        (
            *("--given", NASTY_GIVEN, "--given-json"),
            '{"$(touch PWNED) `id` {{=3+3}} {{inputs.parameters.x}} Ref::step \\\\ \\"\' \\n\\r\\n\\t 😀\u2028 --run-id x": 1}',
        ),
    ),
    Expected(
        "decorated.py",
        {"greeting": "hello world", "text": "5 kg", "notes": ["start", "heavy", "end"], "leaked": None},
        once("start", "heavy", "end"),
    ),
    Expected("placed.py", {"text": "batch", "lengths": [3, 3], "total": 6}, once("start", "join", "end", word=2)),
    Expected("one_step.py", {"answer": 42}, once("everything"), last="everything"),
    Expected("one_step.py", {"answer": 0}, once("everything"), ("--number", "-1"), last="everything"),
    Expected("named_steps.py", {"words": ["eins", "zwei"], "count": 2}, once("begin", "finish"), flow="Wörter-Zählen", last="finish"),
    Expected(
        "not-an-identifier.py",
        {"result": 3},
        once("start", "States", "a_step_with_a_name_that_is_far_longer_than_the_eighty_characters_that_step_functions_allows", "r", "end"),
    ),
    Expected(
        "early_next.py",
        {"cleaned": ["no_a", "no_b"], "early": True, "choice": "stop", "stopped": True},
        once("start", "gather", "stop", "end", each=2),
    ),
    Expected(
        "big_values.py",
        {"totals": [8970000, 8972100, 9029700], "sum": 604090000, "shape": (300, 200), "digest": "2312394bd99545d9", "changed": -1},
        once("start", "stack", "end", column=3),
    ),
    Expected(
        "in_a_project.py",
        {
            "project": {
                "project_name": "fruit_1",
                "branch_name": "prod.corpus",
                "is_user_branch": False,
                "is_production": True,
                "project_flow_name": "fruit_1.prod.corpus.ProjectFlow",
            },
            "everywhere": True,
            "names": ["ProjectFlow", "ProjectFlow"],
        },
        once("start", "red", "green", "join", "end"),
    ),
    Expected(
        "gang.py",
        {
            "totals": [303, 303, 303],
            "places": [("127.0.0.1", 3, index, True, True) for index in range(3)],
            "counts": [(index, index, [(index, None, index)]) for index in range(3)],
            "variables": [[str(index), "3", str(index), "0", "1", "127.0.0.1"] for index in range(3)],
            "by_size": [[(1, 1)], [(2, 3)] * 2, [(4, 10)] * 4],
            "outside": ("127.0.0.1", 1, 0, None),
            "base": 100,
        },
        once("start", "reduced", "spread", "end_of_all", "end", reduce=3, gather=3, work=7, done=3),
    ),
    Expected(
        "gang_in_loop.py",
        {"seen": [[((0, 1), False)], [((0, 2), False), ((1, 2), False)], [((0, 3), False), ((1, 3), False), ((2, 3), True)]]},
        once("start", "end", grow=3, train=6, gather=3, judge=3),
    ),
    Expected("condition_values.py", {"text": "two big"}, once("start", "two", "check", "big_one", "end")),
    Expected("condition_values.py", {"text": "one"}, once("start", "one", "check", "end"), ("--start_at", "1")),
    Expected("condition_values.py", {"text": ""}, once("start", "end"), ("--start_at", "3")),
)

EXAMPLES = (
    Expected(
        "digits.py",
        {"verdict": "good"},
        once("start", "choose", "judge", "accept", "report", "end", train=6),
    ),
    Expected(
        "digits.py",
        {"verdict": "poor"},
        once("start", "choose", "judge", "fall_back", "report", "end", train=6),
        ("--max_depth", "6"),
    ),
    Expected(
        "regions.py",
        {"means": {"coast": 13.82, "desert": None, "hills": 9.8}, "dropped": 1},
        once("start", "report", "end", region=3, station=3, region_done=3),
    ),
    Expected("converge.py", {"state": "still"}, once("start", "end", spread=7, judge=7)),
    Expected("converge.py", {"state": "tired"}, once("start", "warn", "end", spread=5, judge=5), ("--turns", "5")),
    Expected(
        "resume.py",
        {"prices": [60, 220], "unknown": ["ghost"], "total": 280.0},
        once("start", "collect", "bill", "end", price=3),
    ),
)
