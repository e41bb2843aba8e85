"""AWS Step Functions, with a job of AWS Batch for every task.

Emits the definition and settings of a state machine, the job definitions, the policies and trust policies of the two roles, and the code
package.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from flowport.compiler.diagnostics.diagnostic import Diagnostic
from flowport.compiler.ir import JSON
from flowport.compiler.ir.plan import Plan
from flowport.compiler.lower import fuse
from flowport.compiler.target import DryRun, File, Profile
from flowport.targets.stepfunctions.compute import COMPUTE
from flowport.targets.stepfunctions.history import capped
from flowport.targets.stepfunctions.jobs import Jobs
from flowport.targets.stepfunctions.limits import plan_problems, setting_problems, with_stand_ins
from flowport.targets.stepfunctions.machine import machine
from flowport.targets.stepfunctions.machine_settings import machine_settings
from flowport.targets.stepfunctions.policies import job_policy, machine_policy
from flowport.targets.stepfunctions.settings import SETTINGS, STAND_INS, settings
from flowport.targets.stepfunctions.text import encoded
from flowport.targets.stepfunctions.trust import job_trust, machine_trust

if TYPE_CHECKING:
    from flowport.compiler.package.archive import Package


class StepFunctions:
    """The target `stepfunctions`, also called `sfn`."""

    name = "stepfunctions"
    aliases = ("sfn",)
    settings = SETTINGS
    stand_ins = STAND_INS
    deploy = None

    def lower(self, plan: Plan) -> Plan:
        """Give every loop a cap, so that no history grows too long."""
        return capped(plan)

    def fits(self, plan: Plan, profile: Profile) -> tuple[Diagnostic, ...]:
        """What stands between this plan and a machine that runs."""
        problems = tuple(setting_problems(profile))
        if any(problem.code not in ("FP400", "FP404") for problem in problems):
            return problems
        known = settings(with_stand_ins(profile), plan.flow.name)
        plan = _limited(plan, known.turns)
        size = len(encoded(machine(plan, known, Jobs(plan, known), "0" * 64)))
        return problems + tuple(plan_problems(plan, profile, size))

    def emit(self, plan: Plan, profile: Profile, package: Package) -> tuple[File, ...]:
        """The files of a flow, in a folder that is called like its state machine."""
        known = settings(profile, plan.flow.name)
        plan = _limited(plan, known.turns)
        jobs, compute = Jobs(plan, known), COMPUTE[known.compute]
        documents: Mapping[str, JSON] = {
            "state-machine.json": machine(plan, known, jobs, package.digest),
            compute.file: [compute.definition(job, known) for job in jobs],
            "machine-settings.json": machine_settings(known),
            "machine-policy.json": machine_policy(plan, known, jobs),
            "machine-trust.json": machine_trust(known),
            "job-policy.json": job_policy(plan, known),
            "job-trust.json": job_trust(known),
        }
        files = [File(f"{known.machine}/{path}", encoded(document)) for path, document in documents.items()]
        return (*files, File(f"{known.machine}/code/{package.digest}.zip", package.data))

    def dry_run(self, request: DryRun) -> int:
        """Run the emitted files on moto's interpreter, with the jobs as processes of this machine."""
        try:
            from flowport.targets.stepfunctions.emulator.run import dry_run

            return dry_run(request)
        except ModuleNotFoundError as error:
            if error.name not in ("boto3", "botocore"):
                raise
            request.echo("a dry run needs an emulator: pip install 'flowport[sfn-dry-run]'")
            return 1


def _limited(plan: Plan, turns: int | None) -> Plan:
    """The plan with no cap above what the profile says."""
    return plan if turns is None else fuse.capped(plan, turns)


target = StepFunctions()
