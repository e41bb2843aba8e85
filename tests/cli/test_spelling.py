"""What may be written in more ways than one: parameters, runs, targets; and what is listed when nothing is named."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from desk import Desk
from flowport.compiler.diagnostics.codes import CODES

FLOW = """
from flowport import FlowSpec, Parameter, catch, retry, step


class Spelled(FlowSpec):
    max_depth = Parameter("max_depth", type=int, default=3)
    of_words = Parameter("of-words", default="none")

    {decorators}
    @step
    def start(self):
        {body}
        self.next(self.end)

    @step
    def end(self):
        self.seen = [self.max_depth, self.of_words]
"""


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    desk = Desk(tmp_path)
    desk.write("flow.py", FLOW.format(decorators="", body="pass"))
    return desk


@pytest.mark.parametrize(
    "words", [("--max-depth", "5", "--of-words", "a"), ("--max_depth=5", "--of_words=a"), ("--", "--max-depth", "5", "--of_words", "a")]
)
def test_parameters_are_found_with_either_dash(desk: Desk, words: tuple[str, ...]) -> None:
    assert desk("run", "flow.py", *words).status == 0
    assert "[5, 'a']" in desk("artifacts", "Spelled/latest/end", "--name", "seen").out


def test_the_latest_run_is_called_latest(desk: Desk) -> None:
    for run in ("z", "a"):
        assert desk("run", "flow.py", "--run-id", run, "--of-words", run).status == 0
    assert "'a'" in desk("artifacts", "Spelled/latest/end", "--name", "seen").out
    assert desk("run", "flow.py", "--run-id", "latest", "--of-words", "its name").status == 0
    assert desk("run", "flow.py", "--run-id", "b").status == 0
    assert "its name" in desk("artifacts", "Spelled/latest/end", "--name", "seen").out


def test_the_latest_unfinished_run_is_resumed(desk: Desk) -> None:
    desk.write("flow.py", FLOW.format(decorators="", body="assert self.max_depth > 3"))
    assert desk("run", "flow.py", "--run-id", "one").status == 1
    resumed = desk("resume", "flow.py", "Spelled/latest", "--max-depth", "4")
    assert resumed.status == 0
    assert "resuming run one of Spelled" in resumed.err


def test_all_diagnostics_are_listed(desk: Desk) -> None:
    listed = desk("explain").out.splitlines()
    assert [line.split("  ")[0] for line in listed] == sorted(CODES)
    assert listed[0] == f"{min(CODES)}  {CODES[min(CODES)].title}"


def test_a_target_has_its_short_name_in_the_settings_too(desk: Desk) -> None:
    desk.write("flowport.toml", '[sfn]\nstore = "s3://bucket/top"\n[profiles.prod.sfn]\nstore = "s3://bucket/prod"\nimage = "flows:1"\n')
    told = desk("compile", "flow.py", "--target", "sfn", "--profile", "prod", "-o", "out").err
    assert "nothing reads" not in told
    assert "`store`" not in told
    desk.write("flowport.toml", '[sfn]\nstore = "s3://bucket/top"\n[stepfunctions]\nimage = "flows:1"\n')
    assert "`[sfn]` and `[stepfunctions]` are the same target" in desk("check", "flow.py").out


def test_what_is_tried_again_says_how_often_the_flow_asked_for(desk: Desk) -> None:
    desk.write("flow.py", FLOW.format(decorators="@retry(times=1, minutes_between_retries=0)\n    @catch(var='error')", body="1 / 0"))
    told = desk("run", "flow.py").err
    assert told.count("it is tried again, 1 more time at most") == 1
    assert "2 more times" not in told
    desk.write("flow.py", FLOW.format(decorators="@catch(var='error')", body="__import__('os')._exit(3)"))
    ended = desk("run", "flow.py")
    assert ended.status == 0
    assert "`@catch` goes on in its place" in ended.err


def test_several_flows_are_checked_and_compiled_at_once(desk: Desk) -> None:
    desk.write("other.py", FLOW.format(decorators="", body="pass").replace("class Spelled", "class Other"))
    bad = FLOW.format(decorators="", body="pass").replace("class Spelled", "class Bad")
    desk.write("bad.py", bad.replace("self.next(self.end)", "self.next(self.edn)"))
    checked = desk("check", "flow.py", "other.py")
    assert (checked.status, checked.out) == (0, "Spelled has nothing wrong with it\nOther has nothing wrong with it\n")
    checked = desk("check", "flow.py", "bad.py", "missing.py")
    assert checked.status == 1
    assert "did you mean `end`?" in checked.out
    assert "the file `missing.py` does not exist" in checked.out
    assert checked.out.endswith("Spelled has nothing wrong with it\n")
    settings = ["image = 'flows:1'", "store = 's3://bucket/flows'"]
    desk.write("flowport.toml", "\n".join(["[argo]", *settings, "[airflow]", *settings]))
    compiled = desk("compile", "flow.py", "other.py", "--target", "argo")
    assert compiled.status == 0, compiled.err
    assert {path.name for path in (desk.folder / "build").iterdir()} == {"spelled.yaml", "spelled", "other.yaml", "other"}
    assert desk("compile", "flow.py", "bad.py", "--target", "argo", "-o", "none").status == 1
    assert not (desk.folder / "none").exists()


def test_files_of_several_targets_do_not_mix(desk: Desk) -> None:
    settings = ["image = 'flows:1'", "store = 's3://bucket/flows'"]
    desk.write("flowport.toml", "\n".join(["[argo]", *settings, "[airflow]", *settings]))
    words = ("compile", "flow.py", "--target", "argo", "--target", "airflow", "-o", "out")
    assert desk(*words).status == 0
    assert {path.name for path in (desk.folder / "out").iterdir()} == {"argo", "airflow"}
    assert desk(*words, "--check").out == "out is up to date\n"


def test_two_flows_of_one_name_are_not_compiled_together(desk: Desk) -> None:
    desk.write("flowport.toml", "[argo]\nimage = 'flows:1'\nstore = 's3://bucket/flows'\n")
    desk.write("other.py", FLOW.format(decorators="", body="self.x = 1"))
    ended = desk("compile", "flow.py", "other.py", "--target", "argo")
    assert ended.status == 2
    assert "two flows would both write `spelled.yaml`" in ended.err


DEFAULTS = """
from flowport import FlowSpec, JSONType, Parameter, step


class Defaults(FlowSpec):
    a = Parameter("a", type=JSONType, default={"deep": [True, None, "it's"]})
    b = Parameter("b", type=bool, default=True)
    c = Parameter("c", default="two words")
    d = Parameter("d", default=1.5)
    e = Parameter("e", default="")

    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        self.seen = [self.a, self.b, self.c, self.d, self.e]
"""


def test_defaults_are_shown_as_they_can_be_typed(desk: Desk) -> None:
    desk.write("defaults.py", DEFAULTS)
    page = desk("run", "defaults.py", "--help", COLUMNS="200").out
    shown = dict(re.findall(r"--([a-e]) [^;]*?default: (.*)$", page, re.MULTILINE))
    assert sorted(shown) == ["a", "b", "c", "d", "e"]
    words = " ".join(f"--{name} {value}" for name, value in shown.items())
    assert desk.run("sh", "-c", f"{desk.command} run defaults.py --run-id typed {words}").status == 0
    assert desk("run", "defaults.py", "--run-id", "plain").status == 0
    typed, plain = (desk("artifacts", f"Defaults/{run}/end", "--json").out for run in ("typed", "plain"))
    assert typed == plain
    assert "two words" in plain
    drawn = desk("show", "defaults.py", "-o", "page.html")
    assert drawn.status == 0
    assert "<code>true</code>" in (desk.folder / "page.html").read_text()


def test_drawings_say_what_every_decorator_asks_for(desk: Desk) -> None:
    decorators = """@retry(times=1)
    @catch(var="error")
    @timeout(minutes=2)
    @resources(cpu=2, memory=512, gpu=1, disk=100, shared_memory=64)
    @environment(vars={"MODE": "fast"})
    @kubernetes(image="other:1", service_account="robot", node_selector={"pool": "gpu"}, secrets=["key"],
                persistent_volume_claims={"data": "/d"}, namespace="robots")
    @batch(image="job:1", queue="gpu", iam_role="arn:aws:iam::123456789012:role/r", use_tmpfs=True, inferentia=1, host_volumes="/h")"""
    text = FLOW.format(decorators=decorators, body="pass").replace(
        "catch, retry, step", "batch, catch, environment, kubernetes, resources, retry, schedule, step, timeout"
    )
    desk.write("flow.py", text.replace("class Spelled", '@schedule(cron="5 4 * * *", timezone="Europe/Berlin")\nclass Spelled'))
    for name in ("page.html", "page.svg"):
        assert desk("show", "flow.py", "-o", name).status == 0
        drawn = (desk.folder / name).read_text()
        for words in (
            "1 retry, errors are caught, at most 120 s, 2 CPU, 512 MiB, 1 GPU, 100 MiB of disk, 64 MiB of shared memory, sets MODE",
            "image other:1, image job:1, /metaflow_temp in memory, service account robot, on nodes with pool=gpu, secrets key",
            "volumes data, namespace robots, queue gpu, role arn:aws:iam::123456789012:role/r, neuron devices: 1, mounts /h",
        ):
            assert words in drawn
    assert "<code>5 4 * * *</code>, Europe/Berlin" in (desk.folder / "page.html").read_text()
