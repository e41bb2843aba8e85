"""FP1xx: what is wrong with the source of a flow."""

from __future__ import annotations

from collections.abc import Mapping

from flowport.compiler.diagnostics.code import Code

READING: Mapping[str, Code] = {
    "FP100": Code(
        "the file does not exist",
        "A flow is named by its file: `flowport run train.py`, or `train.py:TrainFlow` where a file holds several flows.",
    ),
    "FP101": Code(
        "the path is a folder",
        "A flow is named by its file, not by the folder around it: `flowport run flows/train.py`.",
    ),
    "FP102": Code(
        "the file cannot be read",
        "The operating system did not let the file be read. Look at its permissions, and at the spelling of its path.",
    ),
    "FP103": Code(
        "the file is not UTF-8",
        "Python reads source as UTF-8 unless the first or second line declares something else: `# -*- coding: latin-1 "
        "-*-`. Save the file as UTF-8, or declare what it is.",
    ),
    "FP104": Code(
        "the file is not Python",
        "Python itself could not read the file; the message is Python's own. A file that uses the syntax of a newer "
        "Python is read by the Python that runs flowport.",
    ),
    "FP105": Code(
        "a module is a link that leads out of the flow's folder",
        "What is compiled may be somebody else's, and a link to a file of this machine must not put it into the code package. "
        "A link inside the flow's folder is followed. Put the file itself there, or name its folder under `roots` in `flowport.toml`.",
    ),
    "FP110": Code(
        "the file holds no flow",
        "A flow is a class that inherits from `FlowSpec`, imported from `flowport` or `metaflow`, or one marked "
        '`@flow(name="...")`. The base may come from another file of the flow\'s folder, or of a folder that `roots` in flowport.toml '
        "names.",
    ),
    "FP111": Code(
        "the class is not a flow",
        "The class that was named after the colon does not inherit from `FlowSpec`, not even through a class in the flow's own files.",
    ),
    "FP112": Code(
        "the file has no flow of that name",
        "The name after the colon, as in `train.py:TrainFlow`, is the name of a class in that file.",
    ),
    "FP113": Code(
        "the file holds several flows",
        "Say which one is meant: `train.py:TrainFlow`. A class that another flow of the file inherits from is not counted.",
    ),
    "FP114": Code(
        "a base class is not in the flow's own files",
        "flowport reads source and imports nothing, so it cannot see what a base from another package brings. Steps and "
        "parameters of such a base are left out. When the base is yours, add its folder to `roots` in flowport.toml.",
    ),
    "FP115": Code(
        "the main block does more than start the flow",
        'What stands under `if __name__ == "__main__":` is run by the command that starts the flow, and by no task. Put what tasks need, '
        "such as `logging.basicConfig()`, at the top of the file or into the steps.",
    ),
    "FP116": Code(
        "a flow is started when its file is imported",
        'Every task imports the flow\'s file, and would start the flow again. Write `if __name__ == "__main__":` above the call.',
    ),
    "FP117": Code(
        "a flow's `__init__` is not called in tasks",
        "A task goes on with what earlier steps left, and does not call the flow's `__init__`. Set an artifact in the first step, or a "
        "constant in the body of the class.",
    ),
    "FP120": Code(
        "a value is not known before the flow runs",
        "What decorators and `self.next` say goes into the files that are deployed, so it must follow from the source "
        "alone: literals, names that are set once, arithmetic, f-strings, subscripts, string methods, `dict list str int "
        "float bool len`, `os.path`, `pathlib.Path`, `json.loads` and `json.dumps`, and functions of your own that only "
        "name values and return one. A parameter's default may be anything: it is computed when the run starts.",
    ),
    "FP121": Code(
        "a value comes from the environment",
        "The environment of the machine that compiles is never read: what is deployed would depend on who compiled it, "
        "and secrets would be written to files. Write the value itself. Where a step needs the variable, set it where the step runs "
        '(in the image, or on Argo with `@kubernetes(secrets=["NAME"])`), and read it inside the step. The `image`, `service_account`, '
        "`node_selector`, `tolerations`, `labels` and `secrets` of `@kubernetes` can be set in a profile of flowport.toml instead.",
    ),
    "FP122": Code(
        "a decorator's name is not defined",
        "Nothing in the file defines or imports the name, so Python would stop at that line. Most often the import is "
        "missing: `from flowport import retry`.",
    ),
    "FP123": Code(
        "a decorator of another package",
        "A decorator that flowport does not know stays where it is and runs in the task, around the step. It must call "
        "the step with the same `self` and leave its `self.next` alone.",
    ),
    "FP124": Code(
        "a class attribute hides a decorator",
        "Inside a class body, a name that the class sets comes before the name of the module: `retry = 3` makes `@retry` "
        "mean the number. Rename one of the two.",
    ),
    "FP125": Code(
        "a step is defined twice, or inside an `if`",
        "In a class body, the second `def` of a name replaces the first, and Python says nothing. The first step is lost. A step inside "
        "an `if`, a `try` or a loop of the class body is there only sometimes, and which steps a flow has must follow from its source.",
    ),
    "FP126": Code(
        "a decorator of the user's own that applies flowport's",
        "Decorators of your own run in the task, where `@retry` and the like do nothing: what they say must be seen when "
        "the flow is compiled. A name for a decorator is seen (`robust = retry(times=2)`), and so is a function that only "
        "puts some together: `def robust(f): return retry(times=2)(catch(f))`.",
    ),
    "FP127": Code(
        "an expression that takes too long to evaluate",
        "What decorators, defaults and `self.next` say is computed from the source, and a flow that somebody else wrote must not keep a "
        "compile busy for ever: all its expressions together have a limit of work, about two seconds. Compute large values in a step.",
    ),
    "FP130": Code(
        "a decorator takes its arguments by name",
        "Write `@retry(times=3)`, not `@retry(3)`: what is deployed should say what a number means.",
    ),
    "FP131": Code(
        "a decorator has no such argument",
        "The arguments are Metaflow's: `@retry(times, minutes_between_retries)`, `@catch(var, print_exception)`, "
        "`@timeout(seconds, minutes, hours)`, `@resources(cpu, memory, gpu, disk, shared_memory)`, `@environment(vars)`, "
        "`@step(start, end)`, `@flow(name)`.",
    ),
    "FP132": Code(
        "a decorator or its argument stands twice",
        "Two `@retry` or two `@timeout` on one step say two things at once, and so does `@retry(times=1, **{'times': 2})`. Keep the one "
        "that is meant.",
    ),
    "FP133": Code(
        "a decorator's argument has another kind of value",
        "Times and sizes are numbers, `memory` and `disk` in MiB; `var` of `@catch` is the name of an artifact; `vars` of "
        "`@environment` is a dict of texts, none of them called `FLOWPORT_...`; `cron` of `@schedule` has five fields and a day that "
        "comes, and its `timezone` is a name of the IANA database.",
    ),
    "FP134": Code(
        "a step's decorator on a class, or a flow's on a step",
        "`@retry`, `@catch`, `@timeout`, `@resources`, `@environment` and `@kubernetes` say something about one step, `@schedule` about "
        "the flow. To retry every step of a run use `flowport run FLOW --with retry`.",
    ),
    "FP140": Code(
        "something that a later version of flowport brings, and that the flow needs",
        "The flow would not do the same without it: packages, variables or other tasks would be missing. The help line "
        "says what does the same today.",
    ),
    "FP141": Code(
        "something that a later version of flowport brings",
        "The flow computes the same without it, so this is a warning. The message says what is left out. `@conda`, `@pypi` and their "
        "`_base` forms are such where they name no packages or are disabled. What is imported from `metaflow.cards` can be used, and "
        "shows nothing.",
    ),
    "FP142": Code(
        "flowport does not have the decorator",
        "It is imported from `metaflow` or `flowport`, but neither the runtime nor a later version that is planned has it.",
    ),
    "FP143": Code(
        "flowport does not offer the name",
        "While a flow runs, `import metaflow` gives flowport's own names: FlowSpec, step, Parameter, IncludeFile, "
        "JSONType, current, cards, and the decorators. Metaflow's client (Flow, Run, Task, ...), S3, Runner and Deployer are not among "
        "them. An import inside `try` with `except ImportError` is left alone. A name that is imported and never used is a warning: "
        "the import works, and using the name raises an error.",
    ),
    "FP144": Code(
        "a relative import in the flow's own file",
        "The flow's file runs as a program, in no package, and Python refuses `from . import x` there: write `import x`. The modules "
        "that the flow imports from a package of its own may import each other so.",
    ),
    "FP145": Code(
        "`current` has no such attribute",
        "`current` has what flowport knows about a running task. What `@project`, `@parallel`, `@checkpoint` and other decorators of "
        "Metaflow add to it is not there. `current.get(NAME)` gives None for what is missing.",
    ),
    "FP146": Code(
        "a module is imported by a name that is not known before the flow runs",
        "The code package holds the modules that the flow's files import, also by `import_module` and `__import__` with a name that "
        "follows from the source: a text, a constant, the texts of a list that a loop goes over or of a dict that is looked into. "
        'For any other name, say in flowport.toml which files go along: `include = ["plugins/*.py"]`. Packages that are installed where '
        "the flow runs need nothing.",
    ),
    "FP151": Code(
        "a parameter has no name",
        'The first argument of `Parameter` is the name on the command line: `Parameter("max_depth", default=3)`. It may '
        "differ from the attribute.",
    ),
    "FP152": Code(
        "a parameter has no such argument",
        "`Parameter(name, default, type, help, required, show_default, choices)` and `IncludeFile(name, required, "
        "is_text, encoding, help, default)` have Metaflow's arguments, by name after the first two. `envvar` of `Parameter` and `parser` "
        "of `IncludeFile` are refused, as the parameter would have another value without them.",
    ),
    "FP153": Code(
        "an argument of a parameter has another kind of value",
        "`name` and `help` are texts, `required` and `is_text` are True or False, `choices` is a list.",
    ),
    "FP154": Code(
        "a parameter has a type that is not supported",
        "A parameter comes from a command line or a JSON document, so it is a str, int, float, bool, list, dict or any "
        "JSON value (`type=JSONType`). Without `type`, the type of the default counts. Take other things as text, and "
        "convert them in the first step.",
    ),
    "FP155": Code(
        "the default file of an IncludeFile cannot be taken along",
        "The file is put into the code package, so it must exist, inside the flow's folder; its path is relative to that "
        "folder, or begins at `__file__`.",
    ),
    "FP156": Code(
        "a parameter that cannot be read from the source",
        "Parameters are part of what is deployed, and flowport runs nothing of the flow to find them. Write `NAME = Parameter(...)` in the "
        "body of the flow's class or of one that it inherits from, or set NAME to a name that stands for such a call in one of the flow's "
        "own files. What a function, a subclass of `Parameter`, `functools.partial`, an `if`, a loop, `setattr` or a decorator of a class "
        "makes is not seen.",
    ),
}
