"""FP16x: what is wrong with the configs of a flow."""

from __future__ import annotations

from collections.abc import Mapping

from flowport.compiler.diagnostics.code import Code

CONFIGS: Mapping[str, Code] = {
    "FP160": Code(
        "an argument of a `Config` is wrong",
        "`Config(name, default, default_value, help, required, parser, plain)` has the arguments of Metaflow. `default` "
        "is the path of a file, `default_value` the value itself: a dictionary or a text. A flow cannot have two configs "
        "of the same name.",
    ),
    "FP161": Code(
        "the file of a config cannot be read",
        "The path in `default=` is relative to the flow's folder, or else to the current folder. The file is inside the flow's "
        "project (the folder with `pyproject.toml`, `flowport.toml`, `setup.py` or `.git`) or below the current folder: a flow that "
        "somebody else wrote must not take other files of your machine. A path after `--config` is relative to the current folder, "
        "and one in flowport.toml to the folder of that file. They may be anywhere.",
    ),
    "FP162": Code(
        "the text of a config is not of its format",
        "A config is JSON, unless its file is called `.toml`, `.yaml` or `.yml`, or the config names a parser: "
        '`parser="tomllib.loads"` or `parser="yaml.safe_load"`. A value after `--config-value` has the format of the '
        "parser too, and is JSON without one. The message names the line. It does not repeat the text, which may contain "
        "something secret.",
    ),
    "FP163": Code(
        "a config has a value that it cannot have",
        "The top of a config is a table, unless you write `plain=True`. Inside it are texts, numbers, true, false, "
        "nothing, lists and tables, because the value travels in the plan of the flow. Write a date as text.",
    ),
    "FP164": Code(
        "a config without a value, or one that the flow does not have",
        "A config with `required=True` and without a default needs a value: `--config NAME FILE`, `--config-value NAME "
        "JSON`, or an entry in the table `configs` of flowport.toml. NAME is the first argument of `Config`. Give a "
        "config a file or a value, not both.",
    ),
    "FP165": Code(
        "the parser of a config is code of your own",
        "Compiling runs none of your code. flowport knows the parsers of JSON, TOML and YAML by their names, and it "
        "computes functions that only assign names and return a value. With `--run-config-parsers` it imports the flow's "
        "file in a process of its own, and calls the parser there.",
    ),
    "FP166": Code(
        "a config does not have the key that an expression reads",
        "The arguments of decorators and the defaults of parameters are computed from the configs when the flow is "
        'compiled, so the keys that they read must exist. In a step you can test for a key: `"key" in self.config` or '
        '`self.config.get("key")`.',
    ),
}
