"""FP3xx and FP4xx: what a target cannot do, its limits, and settings."""

from __future__ import annotations

from collections.abc import Mapping

from flowport.compiler.diagnostics.code import Code

TARGETS: Mapping[str, Code] = {
    "FP300": Code(
        "the target has no GPUs",
        "The step requests GPUs, and this kind of container has none. Choose another kind of compute in the profile, or run "
        "the step without a GPU.",
    ),
    "FP301": Code(
        "the target cannot set the size of shared memory",
        "The step requests a size for `/dev/shm`, which this kind of container does not support.",
    ),
    "FP302": Code(
        "the target cannot set the size of the disk",
        "The step requests a disk size. This kind of container gets its disk from somewhere else, for example from a launch template.",
    ),
    "FP303": Code(
        "the target ignores resources",
        "The step requests CPU or memory. A plain process takes what it needs, so nothing can reserve or limit them.",
    ),
    "FP304": Code(
        "a foreach in a loop runs in one container",
        "On an engine without loops, a loop is one task, and each foreach inside it processes its items one after the other. "
        "The result is the same. If it takes too long, move the foreach before or after the loop.",
    ),
    "FP305": Code(
        "a name changes in the engine",
        "Engines allow few characters in names. flowport replaces other names and adds a hash, so that two names never become "
        "the same. The message says which name changes. The engine's user interface shows the original name where it can.",
    ),
    "FP306": Code(
        "`@kubernetes` or `@batch` has no effect where the step runs",
        "`@kubernetes` describes a pod, and `@batch` a job of AWS Batch. What the other kind of compute does not have is left out, and the "
        "message names it: configure it in the profile or in a job definition, or put both decorators on the step. The sizes of both "
        "(`cpu`, `memory`, `gpu`, `disk`, `shared_memory`) mean the same as in `@resources`, and count everywhere. `image` and `use_tmpfs` "
        "of either count in every container whose image and folders flowport sets.",
    ),
    "FP307": Code(
        "the schedule or the trigger is not emitted",
        "The flow has a schedule or a trigger. The files for this target do not contain it, because a setting is missing that it needs.",
    ),
    "FP308": Code(
        "the target does not support a limit of runs, or not for all steps",
        "The flow asks for a limit with `@limits`, and the engine has no such limit for its runs. The other limits work. Limit it in "
        "the engine itself, or remove the argument if you use no other target. On Argo, `startup_timeout` does not hold for steps "
        "with `@retry` or `@catch`.",
    ),
    "FP309": Code(
        "an argument that Fargate or Lambda does not support",
        "Containers on Fargate share no instance: they have no devices, no folders in memory or of an instance, no swap and no privileges. "
        "Functions of Lambda have none of these either. Use a profile whose queue runs on EC2, or remove the argument.",
    ),
    "FP310": Code(
        "the engine has no such secrets",
        "The profile names a secret of an engine that the tasks do not run on: `kubernetes:` is for pods, of Argo or of Airflow, and "
        "`batch:` for jobs that Step Functions starts. A secret of a service, such as `aws-secrets-manager.NAME`, works everywhere.",
    ),
    "FP315": Code(
        "nothing says for which branch of its project a flow is compiled",
        "A flow with `@project` is deployed once for each branch, under a name of its own. Without a branch, a run on your machine is on "
        "the branch `user.NAME`. Compiled files do not depend on who compiles them, so there the branch is `user`, which all users share; "
        "`flowport deploy` refuses it. Choose a branch: `--branch NAME`, `--production`, or `branch` and `production` in flowport.toml.",
    ),
    "FP400": Code(
        "a required setting is missing",
        "The target needs to know where the flow runs: an image, a role, a queue, a store. Add the setting to a profile in flowport.toml.",
    ),
    "FP401": Code(
        "the engine cannot reach the store",
        "The engine passes data through its own object store, so the store of the profile must be there. Its address must not "
        "contain spaces, quotes, braces or backslashes.",
    ),
    "FP402": Code(
        "a setting is out of range",
        "The setting is a number, and the engine or flowport limits it. The message names the setting and the limit.",
    ),
    "FP403": Code(
        "a setting has an unknown value",
        "The message lists the supported values, and the help line suggests the nearest one.",
    ),
    "FP404": Code(
        "a role is missing that containers need to start",
        "Fargate pulls images and writes logs with the execution role. It is not the role of the step's code.",
    ),
    "FP405": Code(
        "the engine does not accept a name, a label, a role, a toleration or a mount",
        "Engines have rules for names and for the settings of a pod or a job. The message says which rule is broken. Change the "
        "profile, or the `@kubernetes` or `@batch` of the step.",
    ),
    "FP406": Code(
        "`default_args` has an argument that is not allowed there",
        "`default_args` of a profile applies to every task of a DAG. It contains data, such as a pool or a namespace: no "
        "functions, no Python objects, and no arguments that flowport sets itself. The message lists what is allowed.",
    ),
    "FP410": Code(
        "the document is larger than the engine allows",
        "Split the flow in two, or shorten what is repeated: long step names, large environments.",
    ),
    "FP411": Code(
        "a run produces more history than the engine keeps",
        "An execution fails when its history is full. Process several items in one task (`batch=` on the foreach), or use fewer steps.",
    ),
    "FP412": Code(
        "a run with many retries may produce more history than the engine keeps",
        "The flow fits as long as few tasks fail. With every retry used, the history would be full. Lower `times`, or process "
        "several items in one task with `batch=`.",
    ),
    "FP413": Code(
        "the environment is larger than a container allows",
        "The variables of `@environment`, and the form with the defaults of all parameters, are part of the engine's document, "
        "which is small. Keep long values in a file next to the flow, or in the store.",
    ),
    "FP414": Code(
        "the step requests more CPU or memory than the engine supports",
        "Request less, or choose another kind of compute in the profile.",
    ),
    "FP415": Code(
        "the name of the flow cannot be part of a key in the engine's document",
        "A state machine computes the keys of the objects that it reads, and a quote in the name of the flow would end the "
        "key. Use another name: `@flow(name=...)`.",
    ),
    "FP416": Code(
        "a parameter has the name of a field in the engine's form",
        "The form that starts a run has a field for each parameter, and fields that say which run to resume and which tags to "
        "add. Rename the parameter.",
    ),
    "FP417": Code(
        "the engine does not accept the name of a parameter",
        "The name of a parameter of an Argo workflow consists of letters from a to z, digits, `_` and `-`. Rename the "
        "parameter; the attribute can stay the same.",
    ),
    "FP418": Code(
        "the workflow is too large for Argo",
        "Argo allows 200 templates and 500 parameters in a workflow, and 200 tasks in a DAG. Steps with the same resources, "
        "retries and environment share a template. If there are too many tasks, split the flow in two.",
    ),
    "FP419": Code(
        "the steps of a loop cannot share a container",
        "On an engine without loops, a loop runs in one pod or one job, which has one image, one role and one set of volumes. "
        "Use the same `@kubernetes` and `@batch` on all steps of the loop, or move the setting to the profile.",
    ),
    "FP420": Code(
        "a default that Argo would evaluate as an expression",
        "Argo evaluates text between `{{=` and `}}` anywhere in a workflow, and a workflow with an expression that it cannot "
        "parse never starts. Make the default a function of one argument; flowport calls it when the run starts.",
    ),
    "FP421": Code(
        "a run that nobody starts has no value for a parameter",
        "Nobody fills in the form when a schedule, an event or another flow starts a run. So every parameter needs a default, unless "
        "only events start runs, and they set it.",
    ),
    "FP422": Code(
        "a nested foreach gets too little of `max_concurrency`",
        "Step Functions limits each foreach separately, so flowport divides the limit between nested ones. If the number of "
        "items of the outer foreach is not known, it may use the whole limit, and the inner one runs one task at a time. Set "
        "`width`, or write the items as a list.",
    ),
    "FP423": Code(
        "policies that hold for any region or any account",
        "The two policies name what they allow by ARN, and an ARN has a region and an account. Without these settings the policies have "
        "`*` in their place and allow the same names everywhere. The conditions of trust policies need the account, and the ARN of a log "
        "group needs both.",
    ),
    "FP425": Code(
        "a variable has its value where the step runs",
        "`os.environ[...]` in `vars` of `@environment` is read by the task, never by the compiler. On your machine the value comes "
        "from the shell that starts the run. On an engine it comes from `[environment]` in flowport.toml, which may name a "
        "value, a secret, or that the container has the variable. If nothing sets it and the flow has no default, the task fails.",
    ),
    "FP426": Code(
        "nothing says where a secret is",
        'A source of `@secrets` without a type, such as `sources=["database"]`, is a name that the profile explains: an entry of '
        "`[secrets]`, or the setting `secrets_type` for all of them. A type that no task can fetch, such as that of "
        '`sources=["vault.database"]`, needs an entry of `[secrets]` too.',
    ),
    "FP427": Code(
        "the file with secrets is tracked by git",
        "The file `.env`, or the one that `secrets_file` names, has secrets for runs on your machine. In a repository everybody "
        "can read them. Remove it from git, add it to .gitignore, and replace secrets that were in a commit.",
    ),
    "FP428": Code(
        "the file with secrets is not there",
        "The setting `secrets_file` names a file that does not exist. Runs and dry runs on this machine need it for `@secrets`.",
    ),
    "FP429": Code(
        "nothing says where the packages of a step come from on an engine",
        "On your machine flowport makes the environments of steps with `@pypi` or `@conda`. On an engine the setting `environments` "
        "decides: with `image`, compiled files name images that `flowport image` makes from the lock files; with `install`, each "
        "task makes its environment when it starts; with `none`, the image of the profile has all packages, and tasks only check them.",
    ),
    "FP430": Code(
        "a step has no lock file, or an old one",
        "Images and environments are made from lock files, and the settings of the profile ask for them. `flowport lock FLOW` writes them. "
        "If you change what a step asks for, its environment gets another name, and needs a lock file of this name. A lock file is made "
        "for the platforms that `--platform` names; the image needs one for each of `image_platforms`.",
    ),
    "FP431": Code(
        "one base image for two Pythons",
        "A base image has one Python, and a lock file is for one. Write `{python}` in the name of the base image, in place of the "
        'version: `image = "python:{python}-slim"`. Or give one of the steps a base image of its own: `@kubernetes(image=...)`, or '
        "`@batch(image=...)`.",
    ),
    "FP432": Code(
        "the engine does not take the image of a task from flowport",
        'With `environments = "image"`, compiled files name the image of every task. On Airflow, this works with Kubernetes and Docker. '
        "Where a job definition or a task definition of yours names the image, or tasks are processes on the workers, use "
        '`environments = "install"`, or provide the packages there and write `environments = "none"`.',
    ),
    "FP434": Code(
        "a setting gives all branches of a project one name",
        "The name of a deployment of a flow with `@project` contains the project and the branch, so that branches never replace each "
        "other. A setting such as `dag_id`, `name` or `machine` would give all of them the same name. Remove it.",
    ),
    "FP435": Code(
        "the branch of a project is chosen twice",
        "`branch` and `production` of `@project` hold for everybody who runs or compiles the flow. The command line and flowport.toml may "
        "say the same, and choose what `@project` leaves open. Remove the argument from `@project` to choose it for each deployment.",
    ),
    "FP436": Code(
        "the number of nodes of a gang is not known",
        "If `num_parallel` is a constant, each node gets what the step asks for: in a container of its own, or as a part of one that is as "
        "large as all of them need. If only the run knows the number, and all nodes share one container, that gets it once: write a "
        "constant, or ask for what all nodes need.",
    ),
    "FP437": Code(
        "a gang has more nodes than may run at once",
        "Each node of a gang has a pod of its own, and all of them begin together, when the last one has come. With a `max_concurrency` "
        "that is lower than their number, the last one never comes.",
    ),
    "FP438": Code(
        "the engine cannot express the schedule",
        "A cron expression with a day of the month and a day of the week means either day. "
        "The scheduler of AWS has no expression for that.",
    ),
    "FP439": Code(
        "the engine cannot do what a setting asks of the schedule",
        "Engines differ in what happens when a scheduled time comes while an earlier run is running (`overlap`), and when a scheduled time "
        "was missed (`catch_up`). A value that the engine has no way for is refused, as the schedule would do something else.",
    ),
    "FP440": Code(
        "a foreach is no array job",
        "With `array_jobs = true`, a foreach of one step is one array job of AWS Batch. Batch tries a failed child again at once and "
        "has at most ten attempts. Where a step asks for more than that, its foreach stays a distributed map, in which Step Functions "
        "waits and counts.",
    ),
    "FP441": Code(
        "a step needs more than a function of Lambda has",
        'With `compute = "lambda"`, each task is an invocation of a function, which ends after 15 minutes. It has at most 10,240 MiB of '
        "memory and as much of disk, 6 vCPUs, 4 KiB of variables, and no memory that processes share. Ask for less, or use a profile with "
        '`compute = "batch"` or `"ecs"`.',
    ),
    "FP442": Code(
        "a time of the schedule is skipped, or comes twice, when the clocks change",
        "In a time zone with daylight saving, an hour of one day in spring does not exist, and one in autumn comes twice. Engines differ "
        "in what they do then: see docs/schedules.md. A schedule that starts a run in every hour is not affected.",
    ),
    "FP443": Code(
        "the engine cannot have an event",
        "EventBridge knows an event by its type (`detail-type`), which has at most 128 characters. flowport writes it into a template, in "
        "which `<` and `>` have a meaning. Argo takes what stands in double braces for a template.",
    ),
    "FP445": Code(
        "an emitted file would contain an address that is a secret",
        "Whoever knows the address of a Slack webhook can write to its channel, and addresses of other webhooks may contain a token. "
        "`on_failure` and `on_success` therefore name where the address is: a secret, a connection, or a variable of the environment. "
        "The address of a webhook may stand there itself only if it has no user, no password and no parameters, and if its "
        "host is not known for such webhooks, as those of Slack, Discord, Telegram and Microsoft Teams are.",
    ),
    "FP446": Code(
        "what follows a run is not emitted",
        "The flow has exit hooks, or the profile has `on_success` or `on_failure`. The files for this target lack what these need, because "
        "a setting is missing.",
    ),
    "FP490": Code(
        "flowport.toml cannot be read",
        "The file is TOML: tables in brackets, and `name = value`. The message comes from the parser, or names the setting that is wrong.",
    ),
    "FP491": Code(
        "a file in `include` is outside the flow's folder",
        "The code package contains only files below the flow's folder and its roots, so that it is the same wherever you compile it.",
    ),
    "FP492": Code(
        "the flow's files are too large",
        "The code package is a zip file with the flow's file, the modules that it imports from its own folders, and the files "
        "in `include`: at most 65,534 files and 4 GB. Put data into the image or the store.",
    ),
}
