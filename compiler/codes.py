"""What each diagnostic means, at length: `flowport explain FP201`."""

from __future__ import annotations

from collections.abc import Mapping

from flowport.compiler.record import record


@record
class Code:
    """A title of one line, and why and what to do in a few sentences."""

    title: str
    text: str


def explain(code: str) -> str | None:
    """The long form of a code, or None for a code that there is not."""
    name = code.strip().upper()
    known = CODES.get(name)
    return None if known is None else f"{name}: {known.title}\n\n{known.text}\n"


_READING = {
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

_FLOW = {
    "FP200": Code(
        "a flow without steps",
        "A flow is made of methods marked `@step`. The first is called `start` and the last `end`, or they are marked "
        "`@step(start=True)` and `@step(end=True)`.",
    ),
    "FP201": Code(
        "a transition to something that is not a step",
        "`self.next` names methods of the same class that are marked `@step`. Look for a spelling mistake, or a method that lacks `@step`.",
    ),
    "FP202": Code(
        "a step does not say where it goes next",
        "Every step but the end finishes with `self.next(...)`.",
    ),
    "FP203": Code(
        "a step goes to different steps from different places",
        "Which steps follow must be known before the flow runs, so a step has one `self.next`; an early one in front of a "
        '`return` may only repeat it. To choose at run time, set an artifact and write a switch: `self.next({"good": '
        'self.a, "bad": self.b}, condition="verdict")`.',
    ),
    "FP204": Code(
        "`self.next` is not the last line of the step",
        "`self.next` ends a step. It stands at the end of the method, not inside an `if`, a loop, a `with` or a `try`, "
        "and nothing follows it.",
    ),
    "FP205": Code(
        "the end goes on",
        "The last step has no `self.next`. When the flow should go on, call this step something else than `end`.",
    ),
    "FP206": Code(
        "`self.next` has another form than one of the four",
        '`self.next(self.a)`, `self.next(self.a, self.b)`, `self.next(self.a, foreach="items")` and `self.next({"x": '
        'self.a}, condition="c")` are all there is; the arguments are written out, so that the graph can be read from the '
        "source.",
    ),
    "FP207": Code(
        "a branch leads to one step twice",
        "The branches of `self.next(self.a, self.b)` are different steps. To run one step many times, use a `foreach`.",
    ),
    "FP208": Code(
        "`batch` or `workers` do not fit",
        "`batch` is how many items one task takes, as long as that makes no more than 1,000 tasks, and `workers` the number of "
        "processes that share them: whole numbers of at least 1, together with `foreach`.",
    ),
    "FP209": Code(
        "`self.next` has no such argument",
        "Its arguments are the steps, `foreach`, `condition`, `batch` and `workers`.",
    ),
    "FP210": Code(
        "`self.next` names something that is not a step of the flow",
        "Steps are named as `self.step`: without quotes, without parentheses, without a list around them, and with `self.`.",
    ),
    "FP211": Code(
        "`foreach` or `condition` is not the name of an artifact",
        'Both take the name of an artifact as text: `self.items = [...]`, then `foreach="items"`. The value is looked up '
        "when the step has finished.",
    ),
    "FP212": Code(
        "a foreach to several steps",
        "A `foreach` goes to one step, which may branch.",
    ),
    "FP213": Code(
        "a switch is not complete",
        'A switch is a dict from values to steps together with the name of an artifact: `self.next({"good": self.a, '
        '"bad": self.b}, condition="verdict")`.',
    ),
    "FP214": Code(
        "a case is not a plain value",
        "Cases are written out: texts, numbers, True, False or None, each leading to a step.",
    ),
    "FP215": Code(
        "two cases cannot be told apart",
        'In Python `1`, `1.0` and `True` are the same key of a dict, so the later one replaces the earlier; `1` and `"1"` '
        "look alike wherever they are shown. Use values that differ as text.",
    ),
    "FP216": Code(
        "a flow without a start",
        "Call the first step `start`, or mark it `@step(start=True)`.",
    ),
    "FP217": Code(
        "a flow without an end",
        "Call the last step `end`, or mark it `@step(end=True)`.",
    ),
    "FP218": Code(
        "a step that no step leads to",
        "The step would never run. Name it in the `self.next` of the step before it, or remove it.",
    ),
    "FP219": Code(
        "a foreach or a branch straight into its join",
        "A join brings together what steps did; with no step between there is nothing to join.",
    ),
    "FP220": Code(
        "`@catch` on a step that starts a foreach or a switch",
        "When the step fails, there is no list to go over and no value to choose by. Do what may fail in a step before "
        "it, with `@catch` there, and let the split look at what came of it.",
    ),
    "FP221": Code(
        "several starts or ends",
        "A flow begins at one step and ends at one step. A step called `start` counts as marked, so do not mark another.",
    ),
    "FP222": Code(
        "a step takes other arguments than `self` and `inputs`",
        "A step is called by flowport: with `self`, and a join with the inputs of the steps before it. Values travel from "
        "step to step as artifacts.",
    ),
    "FP223": Code(
        "the start or the end is a join",
        "A join brings together branches, and a flow neither begins nor ends inside one. Put a join of its own in front of the end.",
    ),
    "FP224": Code(
        "the end is reached before the join",
        "Every branch and every foreach ends in a join: a step that takes `inputs`. The end runs once, so it comes behind the last join.",
    ),
    "FP225": Code(
        "a join without a branch",
        "A step that takes `inputs` is a join, and closes a branch or a foreach that is open there. A step that only "
        "follows another takes `self` alone. A switch needs no join: its cases meet in a plain step.",
    ),
    "FP226": Code(
        "branches meet in a step that is not a join",
        "Where the branches of `self.next(self.a, self.b)` come together, the step takes `inputs`: `def join(self, inputs)`.",
    ),
    "FP227": Code(
        "a join brings together ways that do not belong together",
        "A join closes one branch or one foreach. Branches inside branches are joined from the inside out, each by a join of its own.",
    ),
    "FP228": Code(
        "the ways out of a split end in different joins",
        "All branches of a split, and all cases inside a foreach, end in the same join.",
    ),
    "FP229": Code(
        "a way into or out of a branch or a foreach beside its join",
        "What a branch or a foreach opens is left through its join alone. A case of a switch inside a foreach may go to "
        "the join early, but not past it.",
    ),
    "FP230": Code(
        "an artifact is read before it can be set",
        "No step on any way to this one sets the artifact, so the step would stop with an AttributeError. A join inherits "
        "nothing: it takes over what it needs, with `self.x = inputs[0].x` or `self.merge_artifacts(inputs)`.",
    ),
    "FP231": Code(
        "a foreach or a switch over an artifact that no step sets",
        'The name in `foreach="..."` or `condition="..."` is looked up on the flow when the step ends. Look for a '
        "spelling mistake, or set the artifact.",
    ),
    "FP232": Code(
        "a parameter is overwritten",
        "A parameter has the value that the run was started with, in every step. Give what is computed from it a name of its own.",
    ),
    "FP233": Code(
        "an artifact is called like a step that is still to be named",
        "`self.train = ...` hides the step `train`, so that `self.next(self.train)` would hand over the artifact.",
    ),
    "FP234": Code(
        "a reserved name",
        "`next`, `input`, `index`, `foreach_stack`, `merge_artifacts`, `name` and `cmd` belong to every flow.",
    ),
    "FP235": Code(
        "two parameters of one name",
        "The command line could not tell them apart; `-` and `_` count as the same. The first argument of `Parameter` is the name.",
    ),
    "FP236": Code(
        "a default of another type",
        'The default is read as the command line would read it: `type=int, default="3"` is 3. This one cannot be read.',
    ),
    "FP237": Code(
        "a default or a choice that does not fit the choices",
        "The default must be one of the choices, and the choices must be of the parameter's type.",
    ),
    "FP238": Code(
        "a parameter named like an option of `flowport run`",
        "The option comes first; the parameter is given after `--`: `flowport run flow.py -- --tag x`.",
    ),
    "FP239": Code(
        "a name that no command line can carry",
        "A parameter is given as `--name value`, so its name has no spaces, no `=` and no `-` in front.",
    ),
}

_MORE = {
    "FP270": Code(
        "artifacts are merged outside a join",
        "`self.merge_artifacts(inputs)` takes over what the inputs of a join agree on. Any other step follows one step, "
        "and has its artifacts already.",
    ),
    "FP271": Code(
        "a flow has the name of a folder of the store",
        "What a flow leaves is in a folder of its name, beside `blobs`, `code` and `tmp`, which hold what all flows share. Rename the "
        "class, or give another name with `@flow(name=...)`.",
    ),
    "FP272": Code(
        "the name of a flow or a step is too long for the store",
        "The store keeps both as names of files, which have 255 bytes at most; 240 are left for the name. A character that is no letter "
        "from a to z and no digit takes three bytes or more: `é` takes six, and one of Chinese or Japanese nine.",
    ),
}

_STRUCTURE = {
    "FP240": Code(
        "a loop is entered in its middle",
        "A loop has one first step: the one that its last steps go back to. Every way into the loop leads there.",
    ),
    "FP241": Code(
        "a join with nothing to join",
        "A join closes a branch or a foreach. Here every one of them is closed already.",
    ),
    "FP242": Code(
        "a loop goes back to a join or to the start",
        "A join waits for its branches and the start begins the run, so neither can come again. Put a step of its own "
        "behind it, and go back to that.",
    ),
    "FP243": Code(
        "branches end in different joins",
        "All branches of one `self.next` end in the same join.",
    ),
    "FP244": Code(
        "a loop that never ends",
        "No step of the loop leads out of it. Leave it by a switch: one case goes back, another goes on.",
    ),
    "FP245": Code(
        "a branch or a foreach without a join of its own",
        "What a branch or a foreach opens ends in one join. Going back to an earlier step, or leaving, is done behind that join.",
    ),
    "FP246": Code(
        "constructs nested too deeply",
        "Engines give up long before this depth. Make a flow of its own of the inner part.",
    ),
    "FP247": Code(
        "a step both inside and outside of a construct",
        "What a branch or a foreach opens is closed by one join, and nothing but that join follows it. Here a step can be reached "
        "both from inside and from elsewhere. Give one of the ways a step of its own.",
    ),
    "FP248": Code(
        "a way back out of a foreach or a branch",
        "A loop lies inside one branch or one item of a foreach, or around all of it. Close what is open with its join, and go back "
        "from there.",
    ),
    "FP249": Code(
        "a loop with several ways out that begins with a foreach",
        "Where a loop is left to more than one step, its first step tells the engine who left before, and the first step of a foreach "
        "tells it the slices already. Put a step in front of it, and go back to that one.",
    ),
}

_TARGETS = {
    "FP300": Code(
        "the compute behind the target has no GPUs",
        "The step asks for GPUs, and containers of that kind have none. Choose another kind of compute in the profile, or "
        "run the step without.",
    ),
    "FP301": Code(
        "the compute behind the target has no shared memory to set",
        "The step asks for a size of `/dev/shm`, which containers of that kind do not let one choose.",
    ),
    "FP302": Code(
        "the compute behind the target has no disk to set",
        "The step asks for a size of disk, which containers of that kind take from elsewhere, for example from a launch template.",
    ),
    "FP303": Code(
        "the compute behind the target takes no resources",
        "The step asks for cpu or memory, and there is nobody who could give or withhold them, as a plain process takes what it needs.",
    ),
    "FP304": Code(
        "a foreach in a loop runs in one container",
        "Where an engine knows no loops, a loop is one task, and the foreaches inside it go over their items one after the other. The "
        "result is the same. Where it takes too long, put the foreach in front of the loop or behind it.",
    ),
    "FP305": Code(
        "a name is another one in the engine",
        "Engines allow few characters in names. What has others gets a name of its own there, with a hash, so that two names never "
        "become one; the message says which. The engine's pages show the name itself where they can.",
    ),
    "FP306": Code(
        "what is not a pod has nothing of `@kubernetes`",
        "The image, the service account, secrets, volumes and the like of `@kubernetes` say what a pod is and has. Where tasks are no "
        "pods, what runs them says so: a job definition, a profile. Its `cpu`, `memory`, `gpu`, `disk` and `shared_memory` are those of "
        "`@resources`, and hold everywhere.",
    ),
    "FP307": Code(
        "the target does not start flows by the clock",
        "The flow has a schedule, and what is emitted for this target has none. Make a rule of the engine's own that starts it.",
    ),
    "FP400": Code(
        "a setting is missing",
        "The target needs to know where the flow is to run: an image, a role, a queue, a store. Write it into a profile of flowport.toml.",
    ),
    "FP401": Code(
        "the store is not where the engine can reach it",
        "What an engine hands over and reads goes through its own object store, so the store of a profile for that engine must be there, "
        "and its address may have no blanks, quotes, braces or backslashes.",
    ),
    "FP402": Code(
        "a setting is out of bounds",
        "The setting is a number, and the engine or flowport has a limit for it; the message names both.",
    ),
    "FP403": Code(
        "a setting that is none of its choices",
        "The message lists them, and the help line has the nearest one.",
    ),
    "FP404": Code(
        "a container that cannot start without a role",
        "Fargate pulls images and writes logs with a role of its own, the execution role, which is another than the role "
        "of the step's code.",
    ),
    "FP405": Code(
        "a name, label, toleration or mount that the engine does not take",
        "Engines have rules for names and for what a pod asks for, and the message has the one that is broken. What it is about "
        "stands in the profile or in the step's `@kubernetes`.",
    ),
    "FP406": Code(
        "an argument that cannot stand in `default_args`",
        "`default_args` of a profile reaches every task of a DAG. It holds data, such as a pool or a namespace: no functions, no objects "
        "of Python, and none of the arguments that flowport sets to make a task a step of the flow. The message lists what it may hold.",
    ),
    "FP410": Code(
        "the document is larger than the engine takes",
        "Split the flow in two, or shorten what is repeated: long step names, large environments.",
    ),
    "FP411": Code(
        "a run makes more history than the engine keeps",
        "An execution fails when its history is full. Bring several items together in one task (`batch=` on the foreach), "
        "or make fewer steps.",
    ),
    "FP412": Code(
        "a run may make more history than the engine keeps when much is retried",
        "The flow fits as long as few tasks fail. With every retry used, the history would be full: lower `times`, or "
        "bring items together with `batch=`.",
    ),
    "FP413": Code(
        "an environment larger than a container takes",
        "The variables of `@environment`, and the form with the defaults of all parameters, travel in the engine's own document, "
        "which is small. Keep long values in a file beside the flow, or in the store.",
    ),
    "FP414": Code(
        "more cpu or memory than the engine's largest size",
        "Ask for less, or choose another kind of compute in the profile.",
    ),
    "FP415": Code(
        "a name that no key in the engine's document can have",
        "A state machine computes the keys of what it reads, and a quote in the flow's name would end the text of such a key. "
        "Give the flow another name: `@flow(name=...)`.",
    ),
    "FP416": Code(
        "a parameter is called like a field of the engine's form",
        "The form that starts a run has the parameters, and fields that say which run to resume and how to tag this one. Give the "
        "parameter another name.",
    ),
    "FP417": Code(
        "a parameter has a name that the engine does not take",
        "The parameters of an Argo workflow have names of letters from a to z, digits, `_` and `-`. Give the parameter another name; the "
        "attribute may stay as it is.",
    ),
    "FP418": Code(
        "a workflow is too large for Argo",
        "Argo takes 200 templates in a workflow and 200 tasks in a DAG. Steps that ask for the same resources, retries and environment "
        "share a template. Where there are too many tasks, make two flows of one.",
    ),
    "FP419": Code(
        "the steps of a loop cannot share a pod",
        "Where an engine takes no turns of a loop, the loop runs in one pod, which has one image, one service account, one set of "
        "volumes. Write the same `@kubernetes` on all steps of the loop, or the setting into the profile.",
    ),
    "FP420": Code(
        "a default that Argo would take for an expression",
        "Argo evaluates what stands between `{{=` and `}}` wherever it is in a workflow, and a workflow with one that it cannot read "
        "never begins. Make the default a function of one argument, which is called when the run starts.",
    ),
    "FP421": Code(
        "a parameter that a schedule gives no value",
        "Nobody fills in the form of a run that the clock starts, so every parameter needs a default.",
    ),
    "FP422": Code(
        "a foreach inside another one gets too little of `max_concurrency`",
        "Step Functions limits each foreach on its own, so the limit of a whole nest is divided beforehand. Where the number of items of "
        "the outer foreach is not known, it may take all, and the inner one runs one task at a time. Set `width`, or list the items.",
    ),
    "FP423": Code(
        "policies that hold for any region or any account",
        "The two policies name what they allow by ARN, and an ARN has a region and an account. Without these settings the policies have "
        "`*` in their place and allow the same names everywhere. The conditions of trust policies need the account, and the ARN of a log "
        "group needs both.",
    ),
    "FP490": Code(
        "flowport.toml cannot be read",
        "The file is TOML: tables in brackets, `name = value`. The message is the reader's own, or names the setting that does not fit.",
    ),
    "FP491": Code(
        "a file to include is outside the flow's folder",
        "The code package holds what is below the flow's folder and its roots, so that it is the same wherever it is compiled.",
    ),
    "FP492": Code(
        "the flow's files are too large",
        "The code package is a plain zip: the flow's file, the modules that it imports from its own folders and what "
        "`include` names, up to 65,534 files and 4 GB in all. Data belongs into the image or the store.",
    ),
}

CODES: Mapping[str, Code] = {**_READING, **_FLOW, **_MORE, **_STRUCTURE, **_TARGETS}
