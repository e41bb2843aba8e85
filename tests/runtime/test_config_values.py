"""The value of a config behaves as Metaflow's does: the expected values were worked out with Metaflow 2.19."""

from __future__ import annotations

import copy
import json
import pickle
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from flowport import Config, ConfigValue, FlowSpec, config_expr, step, yaml_parser
from flowport.runtime.names import config as configs
from flowport.runtime.names.config import ConfigExpression, resolved

DATA = {"a": {"b": 41, "l": [1, {"x": 2}], "f": 1.5, "n": None}, "items": 3, "name": "demo"}
VALUE = ConfigValue(DATA)


@pytest.fixture
def known() -> Iterator[None]:
    """A process in which the config `config` has the value DATA."""
    configs.provide(lambda: {"config": VALUE})
    yield
    configs._known.clear()


def test_a_table_is_read_by_attributes_and_by_keys() -> None:
    assert (VALUE.a.b, VALUE["a"]["b"], VALUE.a["l"][1].x, VALUE["a"].l[1]["x"]) == (41, 41, 2, 2)
    assert [type(one) for one in (VALUE.a, VALUE.a.l, VALUE.a.l[1])] == [ConfigValue, list, ConfigValue]


def test_a_method_comes_before_a_key_of_its_name() -> None:
    assert (callable(VALUE.items), VALUE["items"]) == (True, 3)


@pytest.mark.parametrize(
    ("ask", "expected"),
    [
        (lambda value: dict(value), DATA),
        (lambda value: value.to_dict(), DATA),
        (lambda value: {**value}, DATA),
        (lambda value: json.loads(json.dumps(value)), DATA),
        (lambda value: value.copy(), DATA),
        (lambda value: copy.deepcopy(value), DATA),
        (lambda value: pickle.loads(pickle.dumps(value)), DATA),
        (lambda value: value | {"z": 1}, {**DATA, "z": 1}),
        (lambda value: (repr(value), str(value)), (repr(DATA), str(DATA))),
        (lambda value: [*value], ["a", "items", "name"]),
        (lambda value: (len(value), "a" in value, "zz" in value, bool(value)), (3, True, False, True)),
        (lambda value: (value.get("zz", 7), value.get("name")), (7, "demo")),
        (lambda value: [*value.keys()], ["a", "items", "name"]),
        (lambda value: [*value.values()], [*DATA.values()]),
        (lambda value: (value == DATA, value != {}, value == 3), (True, True, False)),
        (lambda value: ConfigValue.fromkeys(["a"], 1), {"a": 1}),
    ],
)
def test_a_table_is_a_dictionary(ask: Callable[[ConfigValue], Any], expected: object) -> None:
    assert ask(VALUE) == expected


def test_what_is_made_of_a_table_is_of_the_type_that_metaflow_makes() -> None:
    assert isinstance(VALUE, dict)
    copies = [VALUE.copy(), copy.copy(VALUE), copy.deepcopy(VALUE), pickle.loads(pickle.dumps(VALUE))]
    assert [type(one) for one in copies] == [ConfigValue] * 4
    assert [type(one) for one in (VALUE.to_dict()["a"], VALUE | {}, dict(VALUE)["a"])] == [dict, dict, ConfigValue]


def test_a_key_that_is_not_there() -> None:
    with pytest.raises(AttributeError, match="the config has no key `zz` here; its keys are `a`, `items`, `name`"):
        _ = VALUE.zz
    with pytest.raises(KeyError, match="'zz'"):
        _ = VALUE["zz"]


@pytest.mark.parametrize(
    "change",
    [
        lambda value: value.__setitem__("x", 1),
        lambda value: setattr(value, "x", 1),
        lambda value: delattr(value, "a"),
        lambda value: value.__delitem__("a"),
        lambda value: value.update(x=1),
        lambda value: value.pop("a"),
        lambda value: value.popitem(),
        lambda value: value.clear(),
        lambda value: value.setdefault("x", 1),
        lambda value: value.__ior__({"x": 1}),
    ],
)
def test_a_table_cannot_be_changed(change: Callable[[ConfigValue], object]) -> None:
    with pytest.raises(TypeError, match="a config cannot be changed"):
        change(VALUE)
    assert VALUE == DATA


def test_a_table_is_pickled_under_a_name_that_stays() -> None:
    assert b"flowport" in pickle.dumps(VALUE)
    assert b"runtime" not in pickle.dumps(VALUE)


def test_outside_a_task_a_config_is_an_expression_that_stands_for_its_value() -> None:
    config = Config("config")
    found = [config.a.b, config["a"]["b"], config_expr("config.a.b"), config.a.b + 1, 1 + config.a["l"][0], config.get("b", 3)]
    assert {type(one) for one in found} == {ConfigExpression}
    assert dict(**config.a, **config) == {}


@pytest.mark.usefixtures("known")
def test_in_a_task_a_config_has_its_value_while_the_class_is_made() -> None:
    config = Config("config")
    assert (config.a, copy.deepcopy(config.a), pickle.loads(pickle.dumps(config.a))) == (DATA["a"],) * 3
    assert (config.a.b, config["a"].b + 1, config_expr("config.a.b * two"), {**config}["items"], len(config)) == (41, 42, 82, 3, 3)


@pytest.mark.usefixtures("known")
def test_what_another_flow_of_the_file_reads_does_not_stop_the_import() -> None:
    found = [
        Config("other").a,
        Config("config").zz,
        Config("config").zz.y,
        Config("config").a.zz,
        Config("config").a["zz"],
        config_expr("defined_later(config.a)"),
    ]
    assert {type(one) for one in found} == {ConfigExpression}


@pytest.mark.usefixtures("known")
def test_an_expression_is_computed_when_its_value_is_needed() -> None:
    later = config_expr("defined_later(config.a.b)")
    globals()["defined_later"] = lambda number: number + 1
    assert resolved(later) == 42
    del globals()["defined_later"]


def test_the_parser_of_yaml_can_be_called() -> None:
    assert yaml_parser("{a: [1, x]}") == {"a": [1, "x"]}


def test_keys_may_have_the_names_that_parameters_use() -> None:
    assert {type(getattr(Config("config"), name)) for name in ("default", "attribute", "parser", "plain", "help")} == {ConfigExpression}


def test_the_configs_of_a_flow_are_none_of_its_steps() -> None:
    class Flow(FlowSpec):
        config = Config("config")

        @step
        def start(self) -> None:
            """The only step."""

    assert [one.name for one in Flow(use_cli=False)] == ["start"]


def test_a_step_cannot_set_or_delete_a_config() -> None:
    class Flow(FlowSpec):
        config = Config("config")

    flow = Flow(use_cli=False)
    with pytest.raises(AttributeError, match=r"`self.config` is a config, which a step cannot set"):
        flow.config = 3  # type: ignore[assignment]
    with pytest.raises(AttributeError, match=r"`self.config` is a config, which a step cannot delete"):
        del flow.config


two = 2
