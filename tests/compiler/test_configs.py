"""Configs are read when a flow is compiled, and their values are constants in the flow's expressions."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from flowport.compiler.check.flow import check
from flowport.compiler.configs.sources import NO_SOURCES, ConfigSources, Given, ParserResult, ParserRun
from flowport.compiler.diagnostics.diagnostic import Diagnostic
from flowport.compiler.ir import Flow, Foreach
from flowport.compiler.options import CompileOptions
from flowport.compiler.parse.flow import parse
from sources import END, class_of, codes, write

HEAD = "from metaflow import Config, config_expr, yaml_parser\nimport tomllib, yaml, json\n"
BODY = "@step\ndef start(self):\n    self.next(self.end)\n" + END
JSON = json.dumps({"cpu": 2, "train": {"rate": 0.1, "name": "a"}, "list": [1, {"x": 5}]})


def parsed(folder: Path, body: str, files: dict[str, str], sources: ConfigSources, head: str) -> tuple[Flow, tuple[Diagnostic, ...]]:
    path = write(folder, {"flow.py": class_of(body, HEAD + head), "config.json": JSON, **files})
    flow, found = parse(path, None, options=CompileOptions(configs=sources))
    assert flow is not None
    return flow, found


def of(folder: Path, body: str, files: dict[str, str] | None = None, sources: ConfigSources = NO_SOURCES, head: str = "") -> Flow:
    """A flow about which there is nothing to say."""
    flow, found = parsed(folder, f"{body}\n\n{BODY}", files or {}, sources, head)
    assert found == ()
    return flow


def wrong(folder: Path, body: str, files: dict[str, str] | None = None, sources: ConfigSources = NO_SOURCES, head: str = "") -> list[str]:
    """The codes and the messages about a flow."""
    return [f"{one.code} {one.message}" for one in parsed(folder, f"{body}\n\n{BODY}", files or {}, sources, head)[1]]


@pytest.mark.parametrize(
    ("call", "text", "expected"),
    [
        ("Config('c', default='c.json')", '{"a": [1, null, true]}', {"a": [1, None, True]}),
        ("Config('c', default='c.txt')", '{"a": 1}', {"a": 1}),
        ("Config('c', default='c.toml')", "a = 1\n[b]\nc = 'x'", {"a": 1, "b": {"c": "x"}}),
        ("Config('c', default='c.yaml')", "a: 1\nb: [x, y]", {"a": 1, "b": ["x", "y"]}),
        ("Config('c', default='c.yml')", "", {}),
        ("Config('c', default='c.txt', parser='tomllib.loads')", "a = 1", {"a": 1}),
        ("Config('c', default='c.txt', parser=tomllib.loads)", "a = 1", {"a": 1}),
        ("Config('c', default='c.txt', parser='yaml.safe_load')", "a: 1", {"a": 1}),
        ("Config('c', default='c.txt', parser=yaml.safe_load)", "{1: 2}", {1: 2}),
        ("Config('c', default='c.txt', parser=json.loads)", '{"a": 1}', {"a": 1}),
        ("Config('c', default='c.txt', parser=lambda text: yaml.load(text, Loader=yaml.FullLoader))", "a: 1", {"a": 1}),
        ("Config('c', default='c.txt', parser=yaml_parser)", "{a: [1]}", {"a": [1]}),
        ("Config('c', default='c.txt', parser='.plugins.parsers.yaml_parser')", "{a: [1]}", {"a": [1]}),
        ("Config('c', default='c.txt', parser=own)", "a:1", {"a": "1"}),
        ("Config('c', default='c.txt', parser='flow.own')", "a:1", {"a": "1"}),
        ("Config('c', default='c.txt', parser='parsers.own')", "a", {"theirs": "a"}),
        ("Config('c', default='c.txt', plain=True)", '{"a": 1}', '{"a": 1}'),
        ("Config('c', default='c.txt', plain=True, parser=json.loads)", "[1, 2]", [1, 2]),
        ("Config('c', default='c.txt', plain=True, parser=lambda text: (text, 1))", "x", ("x", 1)),
        ("Config('c', default=os.path.join(os.path.dirname(__file__), 'c.txt'))", '{"a": 1}', {"a": 1}),
        ("Config('c', default='c.txt', plain=True, parser=lambda text, n=2, *more, os=None: [n, more, os, text])", "x", [2, (), None, "x"]),
        ("Config('c', default=lambda context: 'c.txt')", '{"a": 1}', {"a": 1}),
        ("Config('c', 'c.txt')", '{"a": 1}', {"a": 1}),
    ],
)
def test_a_file_is_read_by_its_parser_or_its_suffix(tmp_path: Path, call: str, text: str, expected: object) -> None:
    name = next(word for word in ("c.json", "c.txt", "c.toml", "c.yaml", "c.yml") if word in call)
    head = "import os\ndef own(text):\n    key, value = text.split(':')\n    return {key: value}\n"
    flow = of(tmp_path, f"c = {call}", {name: text, "parsers.py": "def own(text):\n    return {'theirs': text}\n"}, head=head)
    assert flow.configs[0].value == expected


def test_a_name_of_another_type_is_one_mistake(tmp_path: Path) -> None:
    assert wrong(tmp_path, "c = Config(3, default_value={})") == ["FP160 `name` of the config `c` cannot be `3`"]


def test_a_lambda_sees_the_names_of_its_file_and_only_its_defaults_those_of_the_class(tmp_path: Path) -> None:
    body = "word = 'class'\nc = Config('c', default_value='', plain=True, parser=lambda text, default=word: [word, default])"
    assert of(tmp_path, body, head="word = 'file'\n").configs[0].value == ["file", "class"]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ("default_value={'a': (1, 2), 3: 4}", {"a": [1, 2], "3": 4}),
        ("default_value='{\"a\": 1}'", {"a": 1}),
        ("default_value='a: 1', parser=yaml.safe_load", {"a": 1}),
        ("default_value={'a': 1}, plain=True", '{"a": 1}'),
        ("default_value=MADE", {"b": 2}),
        ("default_value=made", {"b": 2}),
        ("default_value=None, default=None", None),
        ("required=True, default_value={}", {}),
        ("", None),
    ],
)
def test_a_default_value_is_parsed_as_metaflow_does_it(tmp_path: Path, arguments: str, expected: object) -> None:
    head = "MADE = {'b': 2}\ndef made(context):\n    return MADE\n"
    assert of(tmp_path, f"c = Config('c', {arguments})", head=head).configs[0].value == expected


def test_a_default_file_is_beside_the_flow_or_else_in_the_current_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, {"here/config.json": '{"a": "here"}', "here/other.json": '{"a": "other"}'})
    monkeypatch.chdir(tmp_path / "here")
    body = "one = Config('one', default='config.json')\ntwo = Config('two', default='other.json')"
    assert [one.value for one in of(tmp_path, body).configs] == [json.loads(JSON), {"a": "other"}]


@pytest.mark.parametrize(
    ("sources", "expected"),
    [
        (ConfigSources(options=Given({"c": "given.json"})), {"a": "file"}),
        (ConfigSources(options=Given(values={"c": '{"a": "value"}'})), {"a": "value"}),
        (ConfigSources(variables=Given({"c": "given.json"})), {"a": "file"}),
        (ConfigSources(variables=Given(values={"c": '{"a": "variable"}'})), {"a": "variable"}),
        (ConfigSources(Given(values={"c": '{"a": "value"}'}), Given(values={"c": '{"a": "variable"}'})), {"a": "value"}),
        (ConfigSources(profile={"c": "given.json"}, folder="."), {"a": "file"}),
        (ConfigSources(profile={"c": {"a": "table"}}), {"a": "table"}),
        (ConfigSources(profile={"c": "given.json", "another": 1}, folder=".", earlier={"c": {"a": "run"}}), {"a": "run"}),
        (ConfigSources(Given({"c": "given.json"}), profile={"c": {}}, earlier={"c": {"a": "run"}}), {"a": "file"}),
    ],
)
def test_what_is_given_comes_before_the_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sources: ConfigSources, expected: object
) -> None:
    monkeypatch.chdir(write(tmp_path, {"given.json": '{"a": "file"}'}).parent)
    assert of(tmp_path, "c = Config('c', default='config.json')", sources=sources).configs[0].value == expected


@pytest.mark.parametrize("default", ["'../outside.json'", "os.path.join(os.path.dirname(__file__), '../outside.json')", "'link.json'"])
def test_a_flow_takes_no_file_from_outside_of_its_project(tmp_path: Path, default: str) -> None:
    folder = tmp_path / "flows"
    folder.mkdir()
    (tmp_path / "outside.json").write_text("{}")
    (folder / "link.json").symlink_to("../outside.json")
    found = wrong(folder, f"c = Config('c', default={default})", head="import os\n")
    assert [message.endswith("of the config `c` is outside the flow's project") for message in found] == [True]
    (tmp_path / "pyproject.toml").write_text("")
    assert of(folder, f"c = Config('c', default={default})", head="import os\n").configs[0].value == {}


def test_a_flow_may_set_the_variables_of_metaflow_itself(tmp_path: Path) -> None:
    head = "import os\nos.environ['METAFLOW_FLOW_CONFIG_VALUE'] = json.dumps({'c': {'a': 1}})\n"
    head += "os.environ['METAFLOW_FLOW_CONFIG'] = json.dumps({'d': 'config.json'})\n"
    found = of(tmp_path, "c = Config('c')\nd = Config('d')", head=head).configs
    assert [one.value for one in found] == [{"a": 1}, json.loads(JSON)]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("config.cpu", 2),
        ("config['cpu']", 2),
        ("config.list[1].x", 5),
        ("config['list'][1]['x'] + config.cpu", 7),
        ("config_expr('config.cpu * 2')", 4),
        ("config_expr('config').cpu", 2),
        ("config_expr('doubled(config.cpu)')", 4),
        ("config_expr('sum(one for one in config.list if isinstance_(one))')", 1),
        ("config_expr('config.get(\"gpu\", 3)')", 3),
        ("config.get('cpu')", 2),
        ("config.gpu if 'gpu' in config else 4", 4),
        ("'gpu' in config and config.gpu or 4", 4),
        ("len(config.train)", 2),
        ("len(dict(config))", 3),
        ("base[config.train.name]", 1),
    ],
)
def test_a_config_in_a_decorator_is_its_value(tmp_path: Path, expression: str, expected: int) -> None:
    head = "def doubled(number):\n    return 2 * number\n\ndef isinstance_(one):\n    return one == 1\n"
    body = f"base = {{'a': 1}}\nconfig = Config('config', default='config.json')\n\n@resources(cpu={expression})\n{BODY}"
    flow, found = parsed(tmp_path, body, {}, ConfigSources(), head)
    assert found == ()
    resources = flow.step("start").settings.resources
    assert resources is not None
    assert resources.cpu == expected


def test_a_config_unpacks_into_the_arguments_of_a_decorator(tmp_path: Path) -> None:
    body = "config = Config('config', default_value={'resources': {'cpu': 2, 'memory': 512}})\n\n"
    body += f'@resources(**config.resources)\n@environment(**config_expr(\'{{"vars": {{"A": "b"}}}}\'))\n{BODY}'
    flow, found = parsed(tmp_path, body, {}, ConfigSources(), "")
    assert found == ()
    assert flow.step("start").settings.environment == (("A", "b"),)


def test_config_expr_names_a_config_by_its_name_and_the_class_by_its_attribute(tmp_path: Path) -> None:
    body = "own = Config('their-name', default_value={'a': 1})\none = Parameter('one', default=own.a)"
    assert of(tmp_path, body).parameters[0].default == 1
    body = "own = Config('theirs', default_value={'a': 1})\none = Parameter('one', default=config_expr('theirs.a + 1'))"
    assert of(tmp_path, body).parameters[0].default == 2


def test_a_config_of_a_base_class_and_one_of_a_module_are_configs_of_the_flow(tmp_path: Path) -> None:
    files = {"base.py": "from metaflow import Config, FlowSpec\nSHARED = Config('shared', default_value={'a': 1})\n"}
    files["base.py"] += "class Base(FlowSpec):\n    config = Config('config', default='config.json')\n"
    path = write(tmp_path, {"flow.py": class_of(f"shared = SHARED\n\n{BODY}", "from base import *", "Base"), "config.json": JSON, **files})
    flow, _ = parse(path, None)
    assert flow is not None
    assert [one.name for one in flow.configs] == ["config", "shared"]


def test_an_argument_of_next_reads_a_config(tmp_path: Path) -> None:
    body = (
        "config = Config('config', default_value={'batch': 3, 'over': 'names'})\n\n@step\ndef start(self):\n    self.names = [1]\n"
        "    self.next(self.each, foreach=self.config.over, batch=self.config['batch'])\n\n"
        "@step\ndef each(self):\n    self.next(self.join)\n\n@step\ndef join(self, inputs):\n    self.next(self.end)\n" + END
    )
    flow, found = parsed(tmp_path, body, {}, ConfigSources(), "")
    assert found == ()
    assert flow.step("start").transition == Foreach("each", "names", 3, 1, 1)


@pytest.mark.parametrize(
    ("sources", "expected"),
    [
        (ConfigSources(Given({"confg": "x"})), [
            "FP164 `TrainFlow` has no config `confg`", "FP164 the config `c` is required, and has no value"
        ]),
        (ConfigSources(Given({"c": "absent.json"})), ["FP161 the file `absent.json` of the config `c` does not exist"]),
        (ConfigSources(Given({"c": "x"}, {"c": "{}"})), ["FP164 the config `c` is given both a file and a value"]),
        (ConfigSources(Given(values={"c": "{'a': 1}"})), [
            "FP162 the given value of the config `c` is not JSON: line 1, column 2: expecting property name enclosed in double quotes"
        ]),
        (ConfigSources(Given(values={"c": "3"})), ["FP163 the given value of the config `c` is a number, not a table"]),
        (ConfigSources(profile={"c": 3}), ["FP163 the value in flowport.toml of the config `c` is a number, not a table"]),
    ],
)  # fmt: skip
def test_what_is_given_wrongly(tmp_path: Path, sources: ConfigSources, expected: list[str]) -> None:
    assert wrong(tmp_path, "c = Config('c', required=True)", sources=sources) == expected


def test_a_flow_without_configs_has_none_to_be_given(tmp_path: Path) -> None:
    flow, found = parsed(tmp_path, BODY, {}, ConfigSources(Given({"config": "x"})), "")
    assert (flow.configs, codes(found), found[0].help) == ((), ["FP164"], ("it has no configs",))


def test_a_message_repeats_nothing_of_a_file(tmp_path: Path) -> None:
    files = {"c.json": '{"password": hunter2}', "c.toml": "password = hunter2", "c.yaml": "password: [hunter2"}
    body = "\n".join(f"{name} = Config('{name}', default='c.{name}')" for name in ("json", "toml", "yaml"))
    found = wrong(tmp_path, body, files)
    assert len(found) == 3
    assert not any("hunter2" in message for message in found)


def test_what_depends_on_a_config_that_cannot_be_read_is_not_reported(tmp_path: Path) -> None:
    body = "c = Config('c', default='absent.json')\nrate = Parameter('rate', default=c.rate)\n\n@resources(cpu=c.cpu)"
    assert wrong(tmp_path, body) == ["FP161 the file `absent.json` of the config `c` does not exist"]


def test_a_parser_of_the_users_own_runs_where_that_is_asked_for(tmp_path: Path) -> None:
    asked: list[ParserRun] = []

    def run(wanted: ParserRun) -> tuple[ParserResult, ...]:
        asked.append(wanted)
        return ParserResult("{'a': (1, 2)}"), ParserResult(error="ValueError in line 3")

    head = "def own(text):\n    for line in text.splitlines():\n        return {'a': line}\n"
    body = "c = Config('c', default_value='x', parser=own)\nd = Config('d', default_value='y', parser=own)"
    flow, found = parsed(tmp_path, f"{body}\n\n{BODY}", {}, ConfigSources(run=run), head)
    assert flow.configs[0].value == {"a": (1, 2)}
    assert [one.message for one in found] == ["the code for the config `d` failed: ValueError in line 3"]
    assert [(call.attribute, call.text) for call in asked[0].calls] == [("c", "x"), ("d", "y")]


def test_configs_that_cannot_be_read_are_left_open_where_that_is_asked_for(tmp_path: Path) -> None:
    body = f"c = Config('c', required=True)\nd = Config('d', default='absent.json')\n\n@resources(cpu=c.cpu)\n{BODY}"
    assert parsed(tmp_path, body, {}, ConfigSources(missing="ignore"), "")[1] == ()


def test_a_config_without_a_value_can_be_a_warning(tmp_path: Path) -> None:
    head = "def own(text):\n    for line in text:\n        return {}\n"
    body = "a = Config('a', required=True)\nb = Config('b', default='absent.json')\nc = Config('c', default_value='')\n"
    body += f"d = Config('d', default_value='x', parser=own)\n\n@resources(cpu=a.cpu + b.cpu)\n{BODY}"
    found = parsed(tmp_path, body, {}, ConfigSources(missing="warning"), head)[1]
    assert [(one.code, one.severity) for one in found] == [(f"FP16{number}", "warning") for number in (4, 1, 4, 5)]
    assert {one.notes for one in found} == {("what depends on the config is not checked",)}


def test_a_file_that_is_named_and_not_there_is_an_error_all_the_same(tmp_path: Path) -> None:
    found = parsed(tmp_path, f"c = Config('c')\n\n{BODY}", {}, ConfigSources(Given({"c": "absent.json"}), missing="warning"), "")[1]
    assert [(one.code, one.severity) for one in found] == [("FP161", "error")]


@pytest.mark.parametrize(
    ("reads", "changed", "runs_again"),
    [
        ("self.config.train.rate", {"train": {"rate": 0.2}}, True),
        ("self.config.train.rate", {"train": {"rate": 0.1, "more": 1}, "cpu": 3}, False),
        ("self.config['train']['rate']", {"cpu": 3}, False),
        ("self.config['train']['rate']", {"train": {"rate": 0.2}}, True),
        ("self.config.train[self.key]", {"train": {"rate": 0.1, "more": 1}}, True),
        ("self.config.train[self.key]", {"cpu": 3}, False),
        ("self.config.train.items()", {"train": {"rate": 0.1, "more": 1}}, True),
        ("dict(self.config)", {"cpu": 3}, True),
        ("getattr(self, 'config')", {"cpu": 3}, True),
        ("fit(self)", {"cpu": 3}, True),
        ("self.rate()", {"train": {"rate": 0.2}}, True),
        ("self.rate()", {"cpu": 3}, False),
        ("self.KEPT", {"cpu": 3}, True),
        ("self.x", {"cpu": 3}, False),
    ],
)
def test_a_step_changes_with_the_values_that_it_reads(tmp_path: Path, reads: str, changed: dict[str, object], runs_again: bool) -> None:
    head = "def fit(flow):\n    return flow\n"
    body = "config = Config('config', default='config.json')\nKEPT = config_expr('config.cpu')\n\n"
    body += "def rate(self):\n    return self.config.train.rate\n\n"
    body += f"@step\ndef start(self):\n    self.x = {reads}\n    self.next(self.end)\n{END}"
    before = {"train": {"rate": 0.1}, "cpu": 2}
    digests = [
        parsed(tmp_path, body, {"config.json": json.dumps(value)}, ConfigSources(), head)[0].step("start").digest
        for value in (before, {**before, **changed})
    ]
    assert (digests[0] != digests[1]) is runs_again


DIGITS = "1" * 5000
LAUGHS = "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 12))


@pytest.mark.parametrize(
    ("file", "text", "expected"),
    [
        ("c.json", f'{{"a": {DIGITS}}}', "is not JSON: it has a number with more digits than Python reads"),
        ("c.toml", f"a = {DIGITS}", "is not TOML: it has a number with more digits than Python reads"),
        ("c.yaml", f"a: {DIGITS}", "is not YAML: it has a number with more digits than Python reads"),
        ("c.yaml", "a: 2026-02-30", "is not YAML: it has a date that does not exist: day is out of range for month"),
        ("c.json", f'{{"a": {"[" * 100_000}}}', "is not JSON: it is nested too deeply"),
        ("c.yaml", f"a: {'[' * 10_000}", "is not YAML: it is nested too deeply"),
        ("c.json", f'{{"a": {"[" * 400 + "]" * 400}}}', f"has more than 100 tables and lists inside each other in `a{'[0]' * 12}...`"),
        ("c.yaml", "a: &a {b: *a}", f"has more than 100 tables and lists inside each other in `a{'.b' * 18}...`"),
        ("c.yaml", LAUGHS, "has more than 1,000,000 values"),
    ],
)
def test_a_config_that_no_plan_could_hold_is_a_diagnostic(tmp_path: Path, file: str, text: str, expected: str) -> None:
    found = parsed(tmp_path, f"c = Config('c', default={file!r})\n\n{BODY}", {file: text}, ConfigSources(), "")[1]
    assert [one.message for one in found] == [f"the file `{file}` of the config `c` {expected}"]


@pytest.mark.parametrize(
    ("reads", "changed", "runs_again"),
    [
        ("self.config.items()", {"cpu": 3}, True),
        ("self.config.train.values()", {"train": {"values": 1, "rate": 0.2}}, True),
        ("self.config['items']", {"cpu": 3}, False),
        ("self.config['items']", {"items": [1]}, True),
    ],
)
def test_a_key_that_is_called_like_a_method_is_not_what_the_method_reads(
    tmp_path: Path, reads: str, changed: dict[str, object], runs_again: bool
) -> None:
    body = "config = Config('config', default='config.json')\n\n"
    body += f"@step\ndef start(self):\n    self.x = {reads}\n    self.next(self.end)\n{END}"
    before: dict[str, object] = {"items": [], "train": {"values": 1, "rate": 0.1}, "cpu": 2}
    digests = [
        parsed(tmp_path, body, {"config.json": json.dumps(value)}, ConfigSources(), "")[0].step("start").digest
        for value in (before, {**before, **changed})
    ]
    assert (digests[0] != digests[1]) is runs_again


@pytest.mark.parametrize(
    ("argument", "changed", "runs_again"),
    [
        ("config.train.rate", {"train": {"rate": "2"}}, True),
        ("config.train.rate", {"train": {"rate": "1", "more": 1}, "cpu": "3"}, False),
        ("config['train']['rate']", {"cpu": "3"}, False),
        ("f'{config.cpu}-{config.train.rate}'", {"cpu": "3"}, True),
        ("config.get('cpu')", {"train": {}}, True),
        ("config_expr('config.cpu')", {"cpu": "3"}, True),
        ("{'1': 'a', '2': 'b'}[config.train.rate]", {"train": {"rate": "2"}}, True),
    ],
)
def test_a_step_changes_with_the_values_that_its_decorators_read(
    tmp_path: Path, argument: str, changed: dict[str, object], runs_again: bool
) -> None:
    body = f"config = Config('config', default='config.json')\n\n@environment(vars={{'A': {argument}}})\n{BODY}"
    before: dict[str, object] = {"train": {"rate": "1"}, "cpu": "2"}
    digests = [
        parsed(tmp_path, body, {"config.json": json.dumps(value)}, ConfigSources(), "")[0].step("start").digest
        for value in (before, {**before, **changed})
    ]
    assert (digests[0] != digests[1]) is runs_again


def test_an_environment_that_a_config_gives_is_part_of_the_step(tmp_path: Path) -> None:
    body = f"config = Config('config', default='config.json')\n\n@environment(vars={{'A': config.a}})\n{BODY}"
    flows = [parsed(tmp_path, body, {"config.json": json.dumps({"a": value})}, ConfigSources(), "")[0] for value in ("x", "y")]
    assert flows[0].step("start").digest != flows[1].step("start").digest
    assert flows[0].step("end").digest == flows[1].step("end").digest


def test_a_step_cannot_set_a_config(tmp_path: Path) -> None:
    body = "c = Config('c', default_value={})\n\n@catch(var='c')\n@step\ndef start(self):\n    self.next(self.mid)\n\n"
    body += f"@step\ndef mid(self):\n    self.c = 1\n    self.next(self.end)\n{END}"
    flow = parsed(tmp_path, body, {}, ConfigSources(), "")[0]
    assert [f"{one.code} {one.message}" for one in check(flow)] == [
        "FP232 `@catch` of step `start` sets `self.c`, which is a config",
        "FP232 step `mid` sets `self.c`, which is a config",
    ]
