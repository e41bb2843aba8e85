"""FP1xx: what is wrong with the source of a flow."""

from __future__ import annotations

from collections.abc import Mapping

from flowport.compiler.diagnostics.code import Code

READING: Mapping[str, Code] = {
    "FP100": Code(
        "the file does not exist",
        "Name a flow by its file: `flowport run train.py`. If a file has several flows, name the class too: `train.py:TrainFlow`.",
    ),
    "FP101": Code(
        "the path is a folder",
        "Name a flow by its file, not by the folder that contains it: `flowport run flows/train.py`.",
    ),
    "FP102": Code(
        "the file cannot be read",
        "The operating system refused access to the file. Check its permissions and the spelling of its path.",
    ),
    "FP103": Code(
        "the file is not UTF-8",
        "Python reads source as UTF-8 unless one of the first two lines declares another encoding: `# -*- coding: latin-1 "
        "-*-`. Save the file as UTF-8, or declare its encoding.",
    ),
    "FP104": Code(
        "the file is not valid Python",
        "Python cannot parse the file. The message comes from Python. flowport parses files with the Python that it runs on, "
        "so newer syntax needs a newer Python.",
    ),
    "FP105": Code(
        "a module is a link that leads out of the flow's folder",
        "The flow may have been written by somebody else, so a link must not copy other files of this machine into the code "
        "package. Links inside the flow's folder are followed. Copy the file into the folder, or add its folder to `roots` in "
        "`flowport.toml`.",
    ),
    "FP110": Code(
        "the file has no flow",
        "A flow is a class that inherits from `FlowSpec`, imported from `flowport` or `metaflow`, or a class with the "
        'decorator `@flow(name="...")`. The base class may be in another file of the flow\'s folder, in a folder around it that '
        "belongs to the project (up to the folder with `pyproject.toml`, `flowport.toml`, `setup.py` or `.git`), in a folder that the "
        "file adds to `sys.path`, or in one that `roots` in flowport.toml lists.",
    ),
    "FP111": Code(
        "the class is not a flow",
        "The class that you named after the colon does not inherit from `FlowSpec`, directly or through a class in the flow's own files.",
    ),
    "FP112": Code(
        "the file has no flow of that name",
        "The name after the colon, as in `train.py:TrainFlow`, must be the name of a class in that file.",
    ),
    "FP113": Code(
        "the file has several flows",
        "Say which flow you mean: `train.py:TrainFlow`. If the block under `if __name__` starts one of them, you need not. Classes that "
        "another flow in the file inherits from do not count.",
    ),
    "FP114": Code(
        "a base class is not in the flow's own files",
        "flowport reads source and imports nothing, so it does not see the steps and parameters of a base class in another "
        "package. If the base class is yours, add its folder to `roots` in flowport.toml. If it belongs to a package that is installed, "
        "copy its file into the flow's folder.",
    ),
    "FP115": Code(
        "the main block does more than start the flow",
        'The command that starts the flow runs the block under `if __name__ == "__main__":`. Tasks do not run it. Move what '
        "tasks need, such as `logging.basicConfig()`, to the top of the file or into the steps.",
    ),
    "FP116": Code(
        "importing the file starts the flow",
        'Every task imports the flow\'s file, and would start the flow again. Put the call under `if __name__ == "__main__":`.',
    ),
    "FP117": Code(
        "tasks do not call the `__init__` of a flow",
        "A task restores the artifacts of earlier steps and does not call the `__init__` of the flow. Set an artifact in the "
        "first step, or a constant in the class body.",
    ),
    "FP120": Code(
        "a value is not known before the flow runs",
        "The arguments of decorators and of `self.next` become part of the deployed files, so flowport must be able to compute "
        "them from the source. It understands literals, names that are set once, arithmetic, f-strings, subscripts, string "
        "methods, `dict list str int float bool len`, `os.path`, `pathlib.Path`, `json.loads` and `json.dumps`, and your own "
        "functions if they only assign names and return a value. The default of a parameter may be any expression: it is "
        "computed when the run starts.",
    ),
    "FP121": Code(
        "a value comes from the environment",
        "flowport never reads environment variables at compile time: the result would depend on who compiled it, and secrets "
        'would end up in files. Write the value itself. In `vars` of `@environment`, the task reads `os.environ["NAME"]`, '
        '`os.getenv("NAME", "default")`, and f-strings and sums of such texts. You can set `image`, `service_account`, '
        "`node_selector`, `tolerations`, `labels` and `secrets` of `@kubernetes` in a profile of flowport.toml instead.",
    ),
    "FP122": Code(
        "the name of a decorator is not defined",
        "Nothing in the file defines or imports the name, so Python would raise a NameError. Usually an import is missing: "
        "`from flowport import retry`.",
    ),
    "FP123": Code(
        "a decorator of another package",
        "flowport keeps decorators that it does not know. They run in the task, around the step. Such a decorator must call "
        "the step with the same `self` and must not change its `self.next`.",
    ),
    "FP124": Code(
        "a class attribute hides a decorator",
        "In a class body, a name that the class sets takes precedence over the name of the module: after `retry = 3`, `@retry` "
        "is the number. Rename one of the two.",
    ),
    "FP125": Code(
        "a step is defined twice, or inside an `if`",
        "In a class body, a second `def` with the same name silently replaces the first. A step inside an `if`, a `try` or a "
        "loop exists only under a condition, but flowport must know the steps of a flow from its source.",
    ),
    "FP126": Code(
        "a custom decorator applies decorators of flowport",
        "Custom decorators run in the task, where `@retry` and the other decorators of flowport do nothing: flowport has to "
        "see them at compile time. It sees a name for a decorator (`robust = retry(times=2)`) and a function that only "
        "combines some: `def robust(f): return retry(times=2)(catch(f))`.",
    ),
    "FP127": Code(
        "an expression takes too long to evaluate",
        "flowport evaluates the expressions in decorators, defaults and `self.next`. So that a flow cannot block the compiler, "
        "the total effort is limited to about two seconds. Compute large values in a step.",
    ),
    "FP128": Code(
        "a mutator changes the flow while it is compiled",
        "A mutator is code of yours that adds or removes decorators and parameters. flowport reads the source of a flow and runs none of "
        "it. With `--run-mutators` it imports the flow's file in a process of its own and runs the mutators there: the packages that the "
        "file imports must be installed. Or write the decorators that the mutator adds above the steps.",
    ),
    "FP129": Code(
        "a mutator cannot be run",
        "With `--run-mutators`, a mutator raised an exception, the flow's file could not be imported, or the mutator asked for something "
        "that it cannot change. What it printed, and its traceback, stand above the message.",
    ),
    "FP130": Code(
        "a decorator takes its arguments by name",
        "Write `@retry(times=3)`, not `@retry(3)`.",
    ),
    "FP131": Code(
        "a decorator has no such argument",
        "The arguments are those of Metaflow: `@retry(times, minutes_between_retries)`, `@catch(var, print_exception)`, "
        "`@timeout(seconds, minutes, hours)`, `@resources(cpu, memory, gpu, disk, shared_memory)`, `@environment(vars)`, "
        "`@secrets(sources, role, allow_override)`, `@pypi(packages, python, disabled)`, "
        "`@conda(packages, libraries, python, disabled)`, `@checkpoint(load_policy, temp_dir_root, show_card)`, "
        "`@model(load, best_effort_load, temp_dir_root)`, `@huggingface_hub(temp_dir_root, load, cache_scope)`, "
        "`@ollama(models, backend, force_pull, cache_update_policy, debug, circuit_breaker_config, timeout_config)`, "
        "`@vllm(model, openai_api_server, engine_args, max_retries, debug)`, `@nim(models)`, "
        "`@card(type, id, options, timeout, save_errors, customize, refresh_interval)`, `@step(start, end)`, `@flow(name)`.",
    ),
    "FP132": Code(
        "a decorator or one of its arguments is given twice",
        "Two `@retry` or two `@timeout` on one step contradict each other, and so does `@retry(times=1, **{'times': 2})`. Keep one.",
    ),
    "FP133": Code(
        "an argument of a decorator has the wrong type or value",
        "Times and sizes are numbers; `memory`, `disk` and `shared_memory` are in MiB. `var` of `@catch` is the name of an "
        "artifact. `vars` of `@environment` is a dict of strings, and no name may begin with `FLOWPORT_`. `sources` of "
        "`@secrets` is a list of names and of dicts with `type`, `id`, `options` and `role`. `cron` of "
        "`@schedule` has five fields and a date that exists, and `timezone` is a name of the IANA database. "
        "`packages` of `@pypi` and `@conda` is a dict of names and versions: `2.1.4`, `>=2,<3`, or an empty string for any.",
    ),
    "FP134": Code(
        "a decorator for steps is on a class, or one for flows on a step",
        "`@retry`, `@catch`, `@timeout`, `@resources`, `@environment`, `@secrets`, `@pypi`, `@conda`, `@checkpoint`, `@model` and "
        "`@kubernetes` go on a step, `@schedule`, `@pypi_base` and `@conda_base` on the flow. "
        "To retry every step of a run, use `flowport run FLOW --with retry`.",
    ),
    "FP140": Code(
        "the flow needs something that flowport does not support yet",
        "Without it the flow would compute something else: services or other tasks would be missing. The help line "
        "says what you can do today.",
    ),
    "FP141": Code(
        "the flow uses something that flowport does not support yet",
        "The flow computes the same without it, so this is a warning. The message says what is left out.",
    ),
    "FP142": Code(
        "flowport does not have the decorator",
        "The name is imported from `metaflow` or `flowport`, but flowport neither has the decorator nor plans to.",
    ),
    "FP143": Code(
        "flowport does not have the name",
        "While a flow runs, `import metaflow` gives you the names of flowport: FlowSpec, step, Parameter, IncludeFile, "
        "JSONType, Config, S3, current, cards, the decorators, the client (Flow, Run, Task, ...), Runner and Deployer. What is "
        "inside Metaflow, such as FlowGraph, is not among them. flowport accepts any import inside a `try` with `except "
        "ImportError`. For a name or a module that no step uses you get a warning: the import works, and using it raises an "
        "error. A function or a class at the top of a module, such as a test, is not used if nothing that runs says its name.",
    ),
    "FP144": Code(
        "a relative import in the flow's own file",
        "The flow's file runs as a script and belongs to no package, so Python rejects `from . import x` there. Write `import "
        "x`. Modules inside a package may use relative imports.",
    ),
    "FP145": Code(
        "`current` has no such attribute here",
        "`current` has the attributes that flowport knows about a running task. It has those of the project, such as "
        "`current.branch_name`, if the flow has `@project`, and `checkpoint`, `model`, `huggingface_hub`, `vllm` and "
        "`nim` if a step has the decorator of that name. Attributes that `@parallel` and other decorators of Metaflow add do not exist. "
        "`current.get(NAME)` returns None for an attribute that is missing. Attributes of a task, such as `current.run_id`, "
        "are None while the flow's file and the modules that it imports are loaded; `parameters`, `parameter_names`, `tags`, "
        "`resources` and `graph` do not exist yet.",
    ),
    "FP146": Code(
        "a module is imported by a name that is not known before the flow runs",
        "The code package contains the modules that the flow's files import. This includes `import_module` and `__import__` if "
        "flowport can compute the name from the source: a string, a constant, or the strings of a list or a dict. For any "
        'other name, list the files in flowport.toml: `include = ["plugins/*.py"]`. Installed packages need nothing.',
    ),
    "FP147": Code(
        "a secret is in the source of the flow",
        "A source of the type `inline` has its values in the source, so they are in the code package and in the store. Metaflow has "
        "it for tests. Everything else belongs into a service for secrets, into a secret of the engine, or on your machine into `.env`.",
    ),
    "FP148": Code(
        "packages without a lock file",
        "`flowport lock FLOW` finds exact versions of the packages of `@pypi`, `@conda`, `@pypi_base` and `@conda_base`, and of what they "
        "need. It writes them to `environments/` beside the flow, in one file for each environment, which you review and commit. From it "
        "flowport makes environments on this machine and images for engines. When the packages of a step change, so does the name of its "
        "file. Without a lock file, the packages must be in the image of the profile, and where the flow runs on this machine. "
        "Each task compares the installed packages with those that its step asks for, before it imports the flow. If one is missing or has "
        "another version, the task ends with exit code 78, which no engine tries again.",
    ),
    "FP149": Code(
        "a step has packages of both pip and conda",
        "As in Metaflow, a step names packages in `@pypi` or in `@conda`, with those of `@pypi_base` or `@conda_base`. The other "
        "one may give `python`. Name all packages in one of the two.",
    ),
    "FP150": Code(
        "a lock file that cannot be read",
        "`flowport lock` writes the files in `environments/`, and flowport compares their first lines with what the steps ask for. Do not "
        "edit them: change the versions in the flow and write the file again with `flowport lock`, also if it is damaged.",
    ),
    "FP151": Code(
        "a parameter has no name",
        'The first argument of `Parameter` is its name on the command line: `Parameter("max_depth", default=3)`. It may differ '
        "from the attribute.",
    ),
    "FP152": Code(
        "a parameter has no such argument",
        "`Parameter(name, default, type, help, required, show_default, choices, separator, multiple, is_flag, hidden, metavar, "
        "envvar)` and `IncludeFile(name, required, is_text, encoding, help, parser, default, ...)` have the arguments of "
        "Metaflow; after the first few you give them by name. flowport rejects those options of click that need the flow on a "
        "command line, such as `callback` and `prompt`, because the parameter would have another value on an engine.",
    ),
    "FP153": Code(
        "an argument of a parameter has the wrong type",
        "`name` and `help` are strings, `required` and `is_text` are True or False, `choices` is a list, `envvar` is a name or a "
        "list of names, and `parser` is a function or the name of one. Only a text can have a `separator`.",
    ),
    "FP154": Code(
        "a parameter has a type that is not supported",
        "The value of a parameter comes from a command line or a JSON document, so its type is str, int, float, bool, list, "
        "dict or any JSON value (`type=JSONType`). Without `type`, the type of the default counts. For anything else, take a "
        "string and convert it in the first step.",
    ),
    "FP155": Code(
        "the default file of an IncludeFile cannot be packaged",
        "The file becomes part of the code package, so it must be inside the flow's folder. Its path is relative to that "
        "folder, or starts with `__file__`. If there is no such file, this is a warning: every run must then name a file.",
    ),
    "FP156": Code(
        "a parameter cannot be read from the source",
        "Parameters are part of the deployed files, and flowport does not run the flow to find them. Write `NAME = "
        "Parameter(...)` in the body of the flow's class or of one of its base classes, or assign a name that one of the "
        "flow's own files sets to such a call. flowport does not see parameters that a function, a subclass of `Parameter`, "
        "`functools.partial`, an `if`, a loop, `setattr` or a class decorator creates.",
    ),
    "FP157": Code(
        "the name comes from an extension of Metaflow, or from a package that Metaflow has a copy of",
        "Packages called `metaflow_extensions` add modules and names to `metaflow`. While a flow runs, flowport finds those that are "
        "installed in the environment of the task. Compiling cannot look into that environment, so this is a warning. flowport takes "
        "modules, functions and classes from extensions, but no decorators of flows and steps: they need Metaflow itself. A package "
        "that Metaflow has a copy of, such as `metaflow._vendor.typeguard`, is that of the environment.",
    ),
}
