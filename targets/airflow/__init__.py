"""Apache Airflow, 2.10 to 3: a DAG file that imports nothing but Airflow and its providers, and the code package."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from flowport.compiler.diagnostics.diagnostic import Diagnostic
from flowport.compiler.ir.plan import Plan
from flowport.compiler.lower.fuse import cap_loops
from flowport.compiler.lower.gate import with_gate
from flowport.compiler.target import DryRun, DryRunResult, File, Target, TaskEnded
from flowport.targets.airflow.dag import dag_file
from flowport.targets.airflow.limits import plan_problems, setting_problems
from flowport.targets.airflow.settings import DRY_RUN_DEFAULTS, Settings

if TYPE_CHECKING:
    from flowport.compiler.package.archive import Package
    from flowport.targets.airflow.deployment.deployer import AirflowDeployer
    from flowport.targets.airflow.deployment.operations import AirflowOperations
    from flowport.targets.airflow.figures import AirflowEstimator


class AirflowCompiler:
    """From a plan to a DAG file."""

    def setting_problems(self, settings: Settings) -> tuple[Diagnostic, ...]:
        """Settings that neither Airflow nor what its tasks run on would accept."""
        return tuple(setting_problems(settings))

    def lower(self, plan: Plan, settings: Settings) -> Plan:
        """Give every loop a cap of 0, as a DAG has no cycles, and a run a gate if it may not begin."""
        return cap_loops(with_gate(plan) if settings.cooldown else plan, 0)

    def fits(self, plan: Plan, settings: Settings) -> tuple[Diagnostic, ...]:
        """What stands between this plan and a DAG that runs."""
        return tuple(plan_problems(plan, settings))

    def emit(self, plan: Plan, settings: Settings, package: Package) -> tuple[File, ...]:
        """The DAG file, and the code package in a folder beside it that Airflow does not look into."""
        stem = settings.stem
        return (
            File(settings.file, dag_file(plan, settings, package.digest).encode("utf-8", "backslashreplace")),
            # Airflow reads every zip in its folder; `code` is a regular expression for Airflow 2 and a glob for Airflow 3.
            File(f"{stem}/.airflowignore", b"code\n"),
            File(f"{stem}/code/{package.digest}.zip", package.data),
        )


class AirflowDryRunner:
    """Runs the DAG file with Airflow itself, its tasks as processes of this machine."""

    def run(self, request: DryRun[Settings], report: Callable[[TaskEnded], None]) -> DryRunResult:
        """Run a flow; the arguments of an operator that is not used here are left out, and nobody is told of its end."""
        from flowport.targets.airflow.dry_run import dry_run

        here = request.settings.replaced(compute="local", python=sys.executable, store=request.store, default_args={})
        here = here.replaced(on_success=[], on_failure=[])
        compiler = AirflowCompiler()
        return dry_run(request, compiler.emit(compiler.lower(request.plan, here), here, request.package)[0], report)


class Airflow:
    """The target `airflow`."""

    name = "airflow"
    aliases: tuple[str, ...] = ()
    settings = Settings
    dry_run_defaults = DRY_RUN_DEFAULTS
    compiler = AirflowCompiler()
    dry_runner = AirflowDryRunner()

    # Compiling imports neither.
    @property
    def deployer(self) -> AirflowDeployer:
        """Puts the code into the store and the DAG file where Airflow looks."""
        from flowport.targets.airflow.deployment.deployer import AirflowDeployer

        return AirflowDeployer()

    @property
    def operations(self) -> AirflowOperations:
        """Controls what is deployed there, through Airflow's REST API."""
        from flowport.targets.airflow.deployment.operations import AirflowOperations

        return AirflowOperations()

    @property
    def estimator(self) -> AirflowEstimator:
        """Says what a run needs."""
        from flowport.targets.airflow.figures import AirflowEstimator

        return AirflowEstimator()


target: Target[Settings] = Airflow()
