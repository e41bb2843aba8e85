"""FP3xx and FP4xx: what a target cannot do, its limits, and settings."""

from __future__ import annotations

from collections.abc import Mapping

from flowport.compiler.diagnostics.code import Code

TARGETS: Mapping[str, Code] = {
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
