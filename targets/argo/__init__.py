"""Argo Workflows, 3.7 and 4: a WorkflowTemplate, with a pod for every task."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flowport.compiler.diagnostics.diagnostic import Diagnostic
from flowport.compiler.ir.plan import Plan
from flowport.compiler.lower.fuse import capped
from flowport.compiler.target import Deployment, DryRun, File, Profile
from flowport.targets.argo.limits import plan_problems
from flowport.targets.argo.profile import setting_problems
from flowport.targets.argo.schedule import cron_workflow
from flowport.targets.argo.settings import SETTINGS, STAND_INS, TURNS, settings
from flowport.targets.argo.text import encoded
from flowport.targets.argo.workflow import workflow_template

if TYPE_CHECKING:
    from flowport.compiler.package.archive import Package


class Argo:
    """The target `argo`."""

    name = "argo"
    aliases: tuple[str, ...] = ()
    settings = SETTINGS
    stand_ins = STAND_INS

    def lower(self, plan: Plan) -> Plan:
        """Give every loop a cap: of 0 in a foreach or in another loop, as turns multiply there."""
        return capped(plan, TURNS, 0)

    def fits(self, plan: Plan, profile: Profile) -> tuple[Diagnostic, ...]:
        """What stands between this plan and a workflow that runs."""
        problems = tuple(setting_problems(profile))
        if any(problem.severity == "error" and problem.code != "FP400" for problem in problems):
            return problems
        known = settings({**STAND_INS, **profile}, plan.flow.name)
        plan = capped(plan, known.turns)
        return problems + tuple(plan_problems(plan, profile, workflow_template(plan, known, "0" * 64)))

    def emit(self, plan: Plan, profile: Profile, package: Package) -> tuple[File, ...]:
        """The template with what starts it by the clock, and the code package in a folder beside them."""
        known, schedule = settings(profile, plan.flow.name), plan.flow.schedule
        template = workflow_template(capped(plan, known.turns), known, package.digest)
        # In one file, so that none is left over when the schedule is gone.
        documents = (template, cron_workflow(plan, schedule, known)) if schedule else (template,)
        return (
            File(f"{known.name}.yaml", encoded(*documents)),
            File(f"{known.name}/code/{package.digest}.zip", package.data),
        )

    def dry_run(self, request: DryRun) -> int:
        """Run the template on an interpreter of such documents, its pods as processes of this machine."""
        from flowport.targets.argo.trial import dry_run

        # A pod of this machine is a process of whoever started it, on the store of this machine.
        here: Profile = {**STAND_INS, **request.profile, "store": request.store}
        return dry_run(request, self.emit(self.lower(request.plan), here, request.package)[0])

    def deploy(self, request: Deployment) -> int:
        """Put the code into the store and the template into the cluster."""
        try:
            from flowport.targets.argo.deploy import deploy
        except ModuleNotFoundError as error:
            if not str(error.name).startswith("kubernetes"):
                raise
            request.echo("deploying to Argo needs the client of Kubernetes: pip install 'flowport[argo]'")
            return 1
        return deploy(request, settings(request.profile, request.plan.flow.name))


target = Argo()
