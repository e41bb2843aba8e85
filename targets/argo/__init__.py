"""Argo Workflows, 3.7 and 4: a WorkflowTemplate, with a pod for every task."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from flowport.compiler.diagnostics.diagnostic import Diagnostic
from flowport.compiler.ir.plan import Plan
from flowport.compiler.lower.fuse import cap_loops
from flowport.compiler.lower.gate import with_gate
from flowport.compiler.target import Deployer, DryRun, DryRunResult, File, Target, TaskEnded
from flowport.targets.argo.events.documents import event_documents
from flowport.targets.argo.limits import plan_problems
from flowport.targets.argo.schedule import cron_workflow
from flowport.targets.argo.setting_problems import setting_problems
from flowport.targets.argo.settings import DRY_RUN_DEFAULTS, TURNS, Settings
from flowport.targets.argo.text import encoded, header
from flowport.targets.argo.workflow import workflow_template

if TYPE_CHECKING:
    from flowport.compiler.operations import Operations
    from flowport.compiler.package.archive import Package
    from flowport.targets.argo.figures import ArgoEstimator


class ArgoCompiler:
    """From a plan to a WorkflowTemplate, and what starts it by the clock."""

    def setting_problems(self, settings: Settings) -> tuple[Diagnostic, ...]:
        """Settings that Argo or Kubernetes would not accept."""
        return tuple(setting_problems(settings))

    def lower(self, plan: Plan, settings: Settings) -> Plan:
        """Give every loop a cap, that of the profile: of 0 in a foreach or in another loop, as turns multiply there.

        And a run gets a gate if it may not begin.
        """
        gated = with_gate(plan) if settings.cooldown else plan
        return cap_loops(cap_loops(gated, TURNS, 0), settings.turns)

    def fits(self, plan: Plan, settings: Settings) -> tuple[Diagnostic, ...]:
        """What stands between this plan and a workflow that runs."""
        return tuple(plan_problems(plan, settings, workflow_template(plan, settings, "0" * 64)))

    def emit(self, plan: Plan, settings: Settings, package: Package) -> tuple[File, ...]:
        """The template with what starts it, and the code package in a folder beside them."""
        template = workflow_template(plan, settings, package.digest)
        # In one file, so that none is left over when the schedule is gone.
        clocks = (cron_workflow(plan, schedule, settings) for schedule in plan.flow.schedules)
        documents = (template, *clocks, *event_documents(plan, settings))
        return (
            File(f"{settings.name}.yaml", header(plan.flow) + encoded(*documents)),
            File(f"{settings.name}/code/{package.digest}.zip", package.data),
        )


class ArgoDryRunner:
    """Runs the template on an interpreter of such documents, its pods as processes of this machine."""

    def run(self, request: DryRun[Settings], report: Callable[[TaskEnded], None]) -> DryRunResult:
        """Run a flow on this machine: each pod is a process, and the store is a local folder. Nobody is told of its end."""
        from flowport.targets.argo.dry_run import dry_run

        compiler, here = ArgoCompiler(), request.settings.replaced(store=request.store, on_success=[], on_failure=[])
        return dry_run(request, compiler.emit(compiler.lower(request.plan, here), here, request.package)[0], report)


class Argo:
    """The target `argo`."""

    name = "argo"
    aliases: tuple[str, ...] = ()
    settings = Settings
    dry_run_defaults = DRY_RUN_DEFAULTS
    compiler = ArgoCompiler()
    dry_runner = ArgoDryRunner()

    @property
    def deployer(self) -> Deployer[Settings]:
        """Puts the code into the store and the template into the cluster."""
        from flowport.targets.argo.deployment.deployer import ArgoDeployer

        return ArgoDeployer()

    @property
    def operations(self) -> Operations[Settings]:
        """Starts and stops workflows, and puts back what was deployed before."""
        from flowport.targets.argo.deployment.operations import ArgoOperations

        return ArgoOperations()

    @property
    def estimator(self) -> ArgoEstimator:
        """Says what a run needs."""
        from flowport.targets.argo.figures import ArgoEstimator

        return ArgoEstimator()


target: Target[Settings] = Argo()
