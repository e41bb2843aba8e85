"""AWS Step Functions, with a job of AWS Batch or a task of Amazon ECS for every task.

Emits the definition and settings of a state machine, the definitions of jobs or tasks, the schedule, the policies and trust policies of
the roles, and the code package.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from flowport.compiler.diagnostics.diagnostic import Diagnostic
from flowport.compiler.ir import JSON
from flowport.compiler.ir.plan import Plan
from flowport.compiler.lower import fuse
from flowport.compiler.lower.gate import waits_for_several, with_gate
from flowport.compiler.record import replace
from flowport.compiler.target import DryRun, DryRunResult, File, Target, TaskEnded
from flowport.targets.stepfunctions.access.policies import execution_policy, job_policy, machine_policy
from flowport.targets.stepfunctions.access.trust import job_trust, machine_trust
from flowport.targets.stepfunctions.compute import COMPUTE
from flowport.targets.stepfunctions.events.rules import rule_documents, trigger_policy, trigger_trust
from flowport.targets.stepfunctions.foreach.arrays import array_origins
from flowport.targets.stepfunctions.history import capped
from flowport.targets.stepfunctions.hooks.exit_machine import exit_documents, exit_job
from flowport.targets.stepfunctions.jobs import Jobs
from flowport.targets.stepfunctions.limits import plan_problems
from flowport.targets.stepfunctions.machine import machine
from flowport.targets.stepfunctions.machine_settings import machine_settings
from flowport.targets.stepfunctions.schedule import schedule_document, schedule_policy, schedule_trust
from flowport.targets.stepfunctions.setting_problems import setting_problems
from flowport.targets.stepfunctions.settings import DRY_RUN_DEFAULTS, Settings
from flowport.targets.stepfunctions.text import encoded

if TYPE_CHECKING:
    from flowport.compiler.package.archive import Package
    from flowport.targets.stepfunctions.deployment.deployer import StepFunctionsDeployer
    from flowport.targets.stepfunctions.deployment.operations import StepFunctionsOperations
    from flowport.targets.stepfunctions.figures.estimate import StepFunctionsEstimator


class StepFunctionsCompiler:
    """From a plan to a state machine, the definitions of its jobs and its policies."""

    def setting_problems(self, settings: Settings) -> tuple[Diagnostic, ...]:
        """Settings that no service would accept."""
        return tuple(setting_problems(settings))

    def lower(self, plan: Plan, settings: Settings) -> Plan:
        """Give every loop a cap, so that no history grows too long, and none above what the profile says.

        And a run gets a gate if it may not begin.
        """
        gated = with_gate(plan) if settings.cooldown or waits_for_several(plan.flow) else plan
        lowered = capped(gated, array_origins(gated, settings))
        return lowered if settings.turns is None else fuse.cap_loops(lowered, settings.turns)

    def fits(self, plan: Plan, settings: Settings) -> tuple[Diagnostic, ...]:
        """What stands between this plan and a machine that runs."""
        size = len(encoded(machine(plan, settings, Jobs(plan, settings), "0" * 64)))
        return tuple(plan_problems(plan, settings, size))

    def emit(self, plan: Plan, settings: Settings, package: Package) -> tuple[File, ...]:
        """The files of a flow, in a folder that is called like its state machine."""
        jobs, compute = Jobs(plan, settings), COMPUTE[settings.compute]
        at_the_end = exit_job(plan, settings)
        documents: dict[str, JSON] = {
            "state-machine.json": machine(plan, settings, jobs, package.digest),
            compute.file: [compute.definition(job, settings) for job in (*jobs, *([at_the_end] if at_the_end else []))],
            "machine-settings.json": machine_settings(settings),
            "machine-policy.json": machine_policy(plan, settings, jobs),
            "machine-trust.json": machine_trust(settings, at_the_end is not None),
            "job-policy.json": job_policy(plan, settings),
            "job-trust.json": job_trust(settings),
        }
        if (policy := execution_policy(plan, settings)) is not None:
            documents["execution-policy.json"] = policy
        if (schedule := schedule_document(plan, settings)) is not None:
            documents["schedule.json"] = schedule
            documents["schedule-policy.json"] = schedule_policy(settings)
            documents["schedule-trust.json"] = schedule_trust(settings)
        if at_the_end is not None:
            documents.update(exit_documents(plan, settings, at_the_end, package.digest))
        if rules := rule_documents(plan, settings):
            documents["triggers.json"] = rules
            documents["trigger-policy.json"] = trigger_policy(settings)
            documents["trigger-trust.json"] = trigger_trust(settings)
        files = [File(f"{settings.machine}/{path}", encoded(document)) for path, document in documents.items()]
        return (*files, File(f"{settings.machine}/code/{package.digest}.zip", package.data))


class StepFunctionsDryRunner:
    """Runs the emitted files on moto's interpreter, with the jobs as processes of this machine."""

    def run(self, request: DryRun[Settings], report: Callable[[TaskEnded], None]) -> DryRunResult:
        """Run a flow on the emulator, where that is installed. Nobody is told of its end."""
        compiler, request = StepFunctionsCompiler(), replace(request, settings=request.settings.replaced(on_success=[], on_failure=[]))
        files = compiler.emit(compiler.lower(request.plan, request.settings), request.settings, request.package)
        try:
            from flowport.targets.stepfunctions.emulator.run import dry_run

            return dry_run(request, files, report)
        except ModuleNotFoundError as error:
            if error.name not in ("boto3", "botocore"):
                raise
            return DryRunResult("unavailable", "a dry run needs an emulator: pip install 'flowport[sfn-dry-run]'")


class StepFunctions:
    """The target `stepfunctions`, also called `sfn`."""

    name = "stepfunctions"
    aliases: tuple[str, ...] = ("sfn",)
    settings = Settings
    dry_run_defaults = DRY_RUN_DEFAULTS
    compiler = StepFunctionsCompiler()
    dry_runner = StepFunctionsDryRunner()

    # Compiling imports neither.
    @property
    def deployer(self) -> StepFunctionsDeployer:
        """Deploys through the account of the credentials of this machine."""
        from flowport.targets.stepfunctions.deployment.deployer import StepFunctionsDeployer

        return StepFunctionsDeployer()

    @property
    def operations(self) -> StepFunctionsOperations:
        """Controls what is deployed there."""
        from flowport.targets.stepfunctions.deployment.operations import StepFunctionsOperations

        return StepFunctionsOperations()

    @property
    def estimator(self) -> StepFunctionsEstimator:
        """Says what a run needs."""
        from flowport.targets.stepfunctions.figures.estimate import StepFunctionsEstimator

        return StepFunctionsEstimator()


target: Target[Settings] = StepFunctions()
