"""A dry run: the emitted template on the local engine, its pods as processes of this machine on the local store."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping

import yaml

from flowport.compiler.target import DryRun, DryRunResult, File, TaskEnded
from flowport.runtime.hooks.constants import COMMAND_WORD
from flowport.runtime.process.nodes import INDEX
from flowport.runtime.protocol import variable
from flowport.runtime.store.keys import code_key
from flowport.targets.argo.engine.controller import SUCCEEDED, DocumentError, Workflow
from flowport.targets.argo.engine.pods import Finished
from flowport.targets.argo.form import ROOM, arguments, says, typed
from flowport.targets.argo.settings import Settings
from flowport.targets.dry_run import Recorder
from flowport.targets.run_input import TYPED, fillers, in_store
from flowport.targets.verify import Task


def dry_run(request: DryRun[Settings], file: File, report: Callable[[TaskEnded], None]) -> DryRunResult:
    """Run a template."""
    if any("," in tag or tag != tag.strip() for tag in request.tags):
        reason = (
            "Argo's form has all tags in one text, with commas between them: choose tags without a comma and without blanks around them"
        )
        return DryRunResult("refused", reason)
    recorder = Recorder(request, report)
    if (refused := recorder.refused()) is not None:
        return refused
    recorder.store.create(code_key(request.package.digest), request.package.data)

    def on_pod_end(environment: Mapping[str, str], command: list[str], finished: Finished) -> None:
        if environment.get(INDEX, "0") != "0" or command[-1] == COMMAND_WORD:  # node 0 ends as its gang does
            return
        task = Task(environment[variable("step")], environment[variable("slice")], rest=command[-1] == "block")
        recorder.ended(task, finished.exit_code, finished.printed)

    pods = request.max_workers or os.cpu_count() or 1
    try:
        template, *_ = yaml.safe_load_all(file.data)
        workflow = Workflow(template, request.engine_run_id, _form(request, recorder), pods, on_pod_end, request.scheduled_time)
        phase = workflow.run()
    except DocumentError as error:
        return recorder.result(str(error))
    except KeyboardInterrupt:
        return recorder.stopped()
    return recorder.result(None if phase == SUCCEEDED else workflow.message)


def _form(request: DryRun[Settings], recorder: Recorder) -> dict[str, str]:
    """The values for Argo's form."""
    flow = request.plan.flow
    room = 0 if request.scheduled_time and not flow.schedules else ROOM - len(json.dumps(arguments(flow)))
    if reference := in_store(request, recorder.store, says, min(TYPED, room)):
        return {**{name: typed(value) for name, value in fillers(request).items()}, "run_input": reference}
    more = {"origin_run": request.origin_run, "from_step": request.from_step, "run_tags": ",".join(request.tags)}
    typed_in = {name: typed(value) for name, value in request.parameters.items()}
    return {**typed_in, **{name: value for name, value in more.items() if value}}
