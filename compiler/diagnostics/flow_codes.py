"""FP2xx: what is wrong with the steps, the artifacts, the parameters and the structure of a flow."""

from __future__ import annotations

from collections.abc import Mapping

from flowport.compiler.diagnostics.code import Code

FLOW: Mapping[str, Code] = {
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
    "FP270": Code(
        "artifacts are merged outside a join",
        "`self.merge_artifacts(inputs)` takes over what the inputs of a join agree on. Any other step follows one step, "
        "and has its artifacts already.",
    ),
    "FP272": Code(
        "the name of a flow or a step is too long for the store",
        "The store keeps both as names of files, which have 255 bytes at most; 240 are left for the name. A character that is no letter "
        "from a to z and no digit takes three bytes or more: `é` takes six, and one of Chinese or Japanese nine.",
    ),
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
