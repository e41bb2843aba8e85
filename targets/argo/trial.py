"""A dry run: the emitted template on the local engine, its pods as processes of this machine on the local store."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping

import yaml

from flowport.compiler.target import DryRun, File
from flowport.runtime.protocol import variable
from flowport.runtime.store.keys import code_key
from flowport.targets.argo.engine.controller import SUCCEEDED, CompileError, Workflow
from flowport.targets.argo.engine.pods import Finished
from flowport.targets.argo.form import ROOM, arguments, says, typed
from flowport.targets.run_input import TYPED, fillers, in_store
from flowport.targets.trial import WRONG_USE, Trial
from flowport.targets.verify import Task


def dry_run(request: DryRun, file: File) -> int:
    """Run a template; the exit status is one of those in `flowport.targets.trial`."""
    if any("," in tag or tag != tag.strip() for tag in request.tags):
        request.echo(
            "Argo's form has all tags in one text, with commas between them: choose tags without a comma and without blanks around them"
        )
        return WRONG_USE
    trial = Trial(request)
    if trial.taken():
        return WRONG_USE
    trial.store.create(code_key(request.package.digest), request.package.data)

    def heard(environment: Mapping[str, str], command: list[str], finished: Finished) -> None:
        task = Task(environment[variable("step")], environment[variable("slice")], rest=command[-1] == "block")
        trial.ended(task, finished.exit_code, finished.printed)

    pods = request.max_workers or os.cpu_count() or 1
    try:
        template, *_ = yaml.safe_load_all(file.data)
        workflow = Workflow(template, request.run_id, _form(request, trial), pods, heard)
        phase = workflow.run()
    except CompileError as refused:
        return trial.outcome(str(refused))
    except KeyboardInterrupt:
        return trial.stopped()
    return trial.outcome(None if phase == SUCCEEDED else workflow.message)


def _form(request: DryRun, trial: Trial) -> dict[str, str]:
    """What somebody would type into Argo's form."""
    room = ROOM - len(json.dumps(arguments(request.plan.flow)))
    if reference := in_store(request, trial.store, says, min(TYPED, room)):
        return {**{name: typed(value) for name, value in fillers(request).items()}, "run_input": reference}
    more = {"origin_run": request.origin_run, "from_step": request.from_step, "run_tags": ",".join(request.tags)}
    typed_in = {name: typed(value) for name, value in request.parameters.items()}
    return {**typed_in, **{name: value for name, value in more.items() if value}}
