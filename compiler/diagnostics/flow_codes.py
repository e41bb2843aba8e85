"""FP2xx: what is wrong with the steps, the artifacts, the parameters and the structure of a flow."""

from __future__ import annotations

from collections.abc import Mapping

from flowport.compiler.diagnostics.code import Code

FLOW: Mapping[str, Code] = {
    "FP200": Code(
        "the flow has no steps",
        "A flow consists of methods with the decorator `@step`. The first is called `start` and the last `end`, unless you use "
        "`@step(start=True)` and `@step(end=True)`.",
    ),
    "FP201": Code(
        "a transition to something that is not a step",
        "`self.next` takes methods of the same class that have the decorator `@step`. Check the spelling, and whether the "
        "method has `@step`.",
    ),
    "FP202": Code(
        "a step does not say which step comes next",
        "Every step except the end finishes with `self.next(...)`.",
    ),
    "FP203": Code(
        "a step has several different transitions",
        "flowport must know before the run which steps follow, so a step has one `self.next`. An earlier `self.next` before a "
        '`return` may only repeat it. To choose at run time, set an artifact and use a switch: `self.next({"good": self.a, '
        '"bad": self.b}, condition="verdict")`.',
    ),
    "FP204": Code(
        "`self.next` is not the last line of the step",
        "`self.next` ends a step. It must be the last statement of the method, not inside an `if`, a loop, a `with` or a `try`.",
    ),
    "FP205": Code(
        "the end has a `self.next`",
        "The last step has no `self.next`. If the flow should continue, give this step another name than `end`.",
    ),
    "FP206": Code(
        "`self.next` has none of its forms",
        'The forms are `self.next(self.a)`, `self.next(self.a, self.b)`, `self.next(self.a, foreach="items")`, '
        '`self.next(self.a, num_parallel=2)` and `self.next({"x": self.a}, condition="c")`. Write the arguments out, so that flowport '
        "can read the graph from the source.",
    ),
    "FP207": Code(
        "a branch contains a step twice",
        "The branches of `self.next(self.a, self.b)` must be different steps. To run one step several times, use a `foreach`.",
    ),
    "FP208": Code(
        "`batch`, `workers` or `max_parallel` has a wrong value",
        "`batch` is the number of items per task, as long as there are at most 1,000 tasks; `workers` is the number of "
        "processes that share the items of a task; `max_parallel` is how many items a step works on at the same time, in all tasks "
        "together. They are whole numbers of at least 1, and need a `foreach`.",
    ),
    "FP209": Code(
        "`self.next` has no such argument",
        "Its arguments are the steps, `foreach`, `condition`, `num_parallel`, `batch`, `workers` and `max_parallel`.",
    ),
    "FP210": Code(
        "`self.next` names something that is not a step of the flow",
        "Write steps as `self.step`, without quotes, without parentheses and without a list around them.",
    ),
    "FP211": Code(
        "`foreach` or `condition` is not the name of an artifact",
        'Both take the name of an artifact as a string: `self.items = [...]`, then `foreach="items"`. flowport reads the value '
        "when the step has finished.",
    ),
    "FP212": Code(
        "a foreach or a gang leads to several steps",
        "A `foreach` and a `num_parallel` lead to one step. That step may branch.",
    ),
    "FP213": Code(
        "a switch is not complete",
        'A switch is a dict from values to steps, with the name of an artifact: `self.next({"good": self.a, "bad": self.b}, '
        'condition="verdict")`.',
    ),
    "FP214": Code(
        "a case is not a plain value",
        "Write each case out: a string, a number, True, False or None, and the step that it leads to.",
    ),
    "FP215": Code(
        "two cases cannot be distinguished",
        'In Python `1`, `1.0` and `True` are the same key of a dict, so the later one replaces the earlier. `1` and `"1"` look '
        "alike wherever they are displayed. Use values that also differ as text.",
    ),
    "FP216": Code(
        "the flow has no start",
        "Call the first step `start`, or use `@step(start=True)`.",
    ),
    "FP217": Code(
        "the flow has no end",
        "Call the last step `end`, or use `@step(end=True)`.",
    ),
    "FP218": Code(
        "no step leads to this step",
        "The step would never run. Name it in the `self.next` of an earlier step, or remove it.",
    ),
    "FP219": Code(
        "a foreach or a branch leads directly to its join",
        "A join combines the results of steps. Put at least one step between the split and the join.",
    ),
    "FP220": Code(
        "`@catch` on a step that starts a foreach or a switch",
        "If the step fails, there is no list to iterate over and no value to choose by. Do the work that may fail in an "
        "earlier step with `@catch`, and check its result in the step with the split.",
    ),
    "FP221": Code(
        "the flow has several starts or ends",
        "A flow starts at one step and ends at one step. A step called `start` is a start, so do not mark another one.",
    ),
    "FP222": Code(
        "a step takes other arguments than `self` and `inputs`",
        "flowport calls a step with `self`, and a join also with the inputs of the steps before it. Pass values from step to "
        "step as artifacts.",
    ),
    "FP223": Code(
        "the start or the end is a join",
        "A join combines branches, and a flow neither starts nor ends inside a branch. Put a separate join before the end.",
    ),
    "FP224": Code(
        "a branch or a foreach reaches the end without a join",
        "Every branch and every foreach ends in a join: a step that takes `inputs`. The end runs once, after the last join.",
    ),
    "FP225": Code(
        "a join without a branch or a foreach",
        "A step that takes `inputs` is a join. It closes the branch or the foreach around it. A step that only follows another "
        "one takes `self` alone. A switch needs no join: its cases meet in an ordinary step.",
    ),
    "FP226": Code(
        "branches meet in a step that is not a join",
        "The step where the branches of `self.next(self.a, self.b)` meet must take `inputs`: `def join(self, inputs)`.",
    ),
    "FP227": Code(
        "a join combines paths of different splits",
        "A join closes one branch or one foreach. Join nested branches from the inside out, each with its own join.",
    ),
    "FP228": Code(
        "the paths of a split end in different joins",
        "All branches of a split, and all cases inside a foreach, must end in the same join.",
    ),
    "FP229": Code(
        "a path enters or leaves a branch or a foreach without its join",
        "Only the join leaves a branch or a foreach. A case of a switch inside a foreach may go to the join early, but not past it.",
    ),
    "FP230": Code(
        "an artifact is read before it can be set",
        "No step before this one sets the artifact, so the step would fail with an AttributeError. A join inherits no "
        "artifacts: take what it needs with `self.x = inputs[0].x` or `self.merge_artifacts(inputs)`.",
    ),
    "FP231": Code(
        "a foreach or a switch uses an artifact that no step sets",
        'flowport reads the artifact in `foreach="..."` or `condition="..."` when the step ends. Check the spelling, or set the artifact.',
    ),
    "FP232": Code(
        "a step sets a parameter or a config",
        "A parameter and a config keep the value that the run was started with, in every step. Store computed values, and what "
        "`@catch` caught, under another name.",
    ),
    "FP233": Code(
        "an artifact hides a step",
        "`self.train = ...` hides the step `train`, so `self.next(self.train)` would get the artifact instead of the step.",
    ),
    "FP234": Code(
        "a reserved name",
        "Every flow already has `next`, `input`, `index`, `foreach_stack`, `merge_artifacts`, `name` and `cmd`.",
    ),
    "FP235": Code(
        "two parameters have the same name",
        "The command line could not distinguish them. `-` and `_` count as the same character. The first argument of "
        "`Parameter` is the name.",
    ),
    "FP236": Code(
        "a default has the wrong type",
        'flowport reads the default as the command line would: with `type=int`, `default="3"` is 3. It cannot read this one.',
    ),
    "FP237": Code(
        "a default or a choice does not fit",
        "The default must be one of the choices, and the choices must have the type of the parameter.",
    ),
    "FP238": Code(
        "a parameter has the name of an option of `flowport run`",
        "The option takes precedence. Give the parameter after `--`: `flowport run flow.py -- --tag x`.",
    ),
    "FP239": Code(
        "a parameter has a name that a command line cannot take",
        "You give a parameter as `--name value`, so its name must not contain spaces or `=`, and must not start with `-`.",
    ),
    "FP240": Code(
        "a loop is entered in the middle",
        "A loop has one first step: the step that its last steps go back to. Every path into the loop must lead there.",
    ),
    "FP241": Code(
        "a join has nothing to join",
        "A join closes a branch or a foreach. Here all of them are closed already.",
    ),
    "FP242": Code(
        "a loop goes back to a join or to the start",
        "A join waits for its branches and the start begins the run, so neither can run again. Add a step after it, and go "
        "back to that step.",
    ),
    "FP243": Code(
        "branches end in different joins",
        "All branches of one `self.next` must end in the same join.",
    ),
    "FP244": Code(
        "a loop never ends",
        "No step of the loop leaves it. Use a switch: one case goes back, another one continues.",
    ),
    "FP245": Code(
        "a branch or a foreach has no join of its own",
        "Every branch and every foreach must end in one join. Go back to an earlier step, or leave a loop, only after that join.",
    ),
    "FP246": Code(
        "branches, foreaches or loops are nested too deeply",
        "No engine supports this depth. Move the inner part to a flow of its own.",
    ),
    "FP247": Code(
        "a step is both inside and outside of a branch, a foreach or a loop",
        "One join closes a branch or a foreach, and only that join continues the flow. This step can be reached both from "
        "inside and from outside. Give one of the paths a step of its own.",
    ),
    "FP248": Code(
        "a step goes back out of a foreach or a branch",
        "A loop must be inside one branch or one item of a foreach, or contain all of it. Close the branch or the foreach with "
        "its join, and go back from there.",
    ),
    "FP249": Code(
        "a loop with several exits starts with a foreach",
        "If a loop has several exits, its first step tells the engine which of them were taken. The first step of a foreach "
        "already reports the slices. Add a step before it, and go back to that step.",
    ),
    "FP250": Code(
        "`num_parallel` has a wrong value",
        "`num_parallel` is the number of nodes that run the step at the same time: a whole number from 1 to 1,000. They all run in one "
        "task, so `batch` and `workers` have no meaning. A `foreach` leads to a step of its own, which may start a gang for each item.",
    ),
    "FP251": Code(
        "a step that runs on several nodes does not go to a join",
        "The nodes of a gang end in a join, which gets the artifacts of each of them: `def join(self, inputs)`. Branch, choose or loop "
        "after that join.",
    ),
    "FP252": Code(
        "`@parallel` on a step that no `num_parallel` starts",
        "The step before a gang says how many nodes it has: `self.next(self.train, num_parallel=4)`. Without it, the step would run once "
        "and find no other nodes.",
    ),
    "FP253": Code(
        "a step that runs on several nodes has no `@parallel`",
        "`num_parallel` alone makes a gang here. Metaflow also wants `@parallel`, or a decorator such as `@torchrun`, on the step.",
    ),
    "FP260": Code(
        "a flow is started by events and by other flows",
        "`@trigger` waits for events and `@trigger_on_finish` for runs of other flows. As in Metaflow, a flow has one of the two. "
        "Both go together with `@schedule`.",
    ),
    "FP261": Code(
        "an event sets a parameter that does not exist",
        '`@trigger(event={"name": "features", "parameters": {"day": "date"}})` sets the parameter `day` to the field `date` of the '
        "event. The names on the left are those of the flow's parameters.",
    ),
    "FP262": Code(
        "a flow starts itself",
        "A flow that is started by its own end never stops running. `flowport graph FOLDER --check` finds such circles over several flows.",
    ),
    "FP263": Code(
        "flows start one another in a circle",
        "`flowport graph FOLDER --check` reports it. In a circle each run is followed by another one, without end, or every flow waits for "
        "another one and none ever starts. Remove one of the triggers. It is a warning if one of the flows sends an event, because a step "
        "may send it only when it is needed.",
    ),
    "FP264": Code(
        "a flow waits for a flow that does not exist",
        "`flowport graph FOLDER --check` reports it if `@trigger_on_finish` names a flow of its own project and branch, or one without a "
        "project, that is not in the folder. Flows of other projects and branches may be anywhere. If such a flow is deployed from "
        "elsewhere, add `--elsewhere FeaturesFlow`.",
    ),
    "FP265": Code(
        "two flows have the same name",
        "Engines know a flow by its name, or by its project, branch and name. Of two flows with the same one, the later deployment "
        'replaces the earlier. Rename a class, or use `@flow(name="...")`.',
    ),
    "FP266": Code(
        "a trigger starts a flow without a value for a parameter",
        "The parameter is `required`, has no default, and no event sets it. Only a person can start such a flow. Give the parameter a "
        'default, or set it from a field of an event: `@trigger(event={"name": "features", "parameters": {"day": "date"}})`.',
    ),
    "FP267": Code(
        "an event carries no such field",
        "A flow of the same folder sends the event with `ArgoEvent(...).publish(payload={...})`, without the field from which a parameter "
        "is set. The parameter always keeps its default. It is an error if the parameter has none. Events that no flow of the folder "
        "sends are not checked.",
    ),
    "FP268": Code(
        "an event carries a value that a parameter does not take",
        "A flow of the same folder sends a constant in a field from which a parameter is set, and the parameter has another type or other "
        "`choices`. Each run that the event starts would fail.",
    ),
    "FP269": Code(
        "a trigger names a flow with half of its place",
        "Flows of a project are told apart by project and branch. Where the flow that waits has no project itself, "
        '`@trigger_on_finish` names both: `flow="demo.prod.FeaturesFlow"`.',
    ),
    "FP270": Code(
        "artifacts are merged outside of a join",
        "`self.merge_artifacts(inputs)` takes the artifacts that the inputs of a join agree on. Any other step follows one "
        "step and already has its artifacts.",
    ),
    "FP272": Code(
        "the name of a flow or a step is too long for the store",
        "The store uses both as file names, which are limited to 255 bytes; 240 are left for the name. Every character other "
        "than a letter from a to z or a digit takes three bytes or more: `é` takes six, a Chinese or Japanese character nine.",
    ),
}
