"""Apache Airflow, 2.10 to 3: a DAG file that imports nothing but Airflow and its providers, and the code package."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from flowport.compiler.diagnostics.diagnostic import CompileError, Diagnostic
from flowport.compiler.ir.plan import Plan
from flowport.compiler.lower.fuse import capped
from flowport.compiler.lower.names import legal
from flowport.compiler.target import Deployment, DryRun, File, Profile
from flowport.targets.airflow.dag import dag_file
from flowport.targets.airflow.limits import missing_setting, plan_problems, setting_problems
from flowport.targets.airflow.settings import SETTINGS, STAND_INS, settings

if TYPE_CHECKING:
    from flowport.compiler.package.archive import Package


class Airflow:
    """The target `airflow`."""

    name = "airflow"
    aliases: tuple[str, ...] = ()
    settings = SETTINGS
    stand_ins = STAND_INS

    def lower(self, plan: Plan) -> Plan:
        """Give every loop a cap of 0: a DAG has no cycles."""
        return capped(plan, 0)

    def fits(self, plan: Plan, profile: Profile) -> tuple[Diagnostic, ...]:
        """What stands between this plan and a DAG that runs."""
        problems = tuple(setting_problems(profile))
        usable = {**profile, "compute": profile.get("compute") or "kubernetes"}
        if any(problem.severity == "error" and problem.code != "FP400" for problem in problems):
            return problems
        return problems + tuple(plan_problems(plan, usable))

    def emit(self, plan: Plan, profile: Profile, package: Package) -> tuple[File, ...]:
        """The DAG file, and the code package in a folder beside it that Airflow does not look into."""
        known = settings(profile, plan.flow.name)
        stem = legal(known.dag_id, "A-Za-z0-9_-", 200)
        return (
            File(f"{stem}.py", dag_file(plan, known, package.digest).encode("utf-8", "backslashreplace")),
            # Airflow reads every zip in its folder; `code` is a regular expression for Airflow 2 and a glob for Airflow 3.
            File(f"{stem}/.airflowignore", b"code\n"),
            File(f"{stem}/code/{package.digest}.zip", package.data),
        )

    def dry_run(self, request: DryRun) -> int:
        """Run the DAG file with Airflow itself, its tasks as processes of this machine."""
        from flowport.targets.airflow.trial import dry_run

        here: Profile = {
            **{name: value for name, value in request.profile.items() if name != "default_args"},
            "compute": "local",
            "python": sys.executable,
            "store": request.store,
        }
        return dry_run(request, self.emit(self.lower(request.plan), here, request.package)[0])

    def deploy(self, request: Deployment) -> int:
        """Put the code into the store and the DAG file where Airflow looks."""
        from flowport.targets.airflow.deploy import deploy

        place = str(request.profile.get("dags") or "").rstrip("/")
        if not place:
            raise CompileError((missing_setting("dags"),))
        if "://" in place and not place.startswith(("s3://", "gs://")):
            raise CompileError((Diagnostic("FP401", f"the setting `dags` is `{place}`, and is a folder, s3:// or gs://"),))
        return deploy(request, settings(request.profile, request.plan.flow.name), place)


target = Airflow()
