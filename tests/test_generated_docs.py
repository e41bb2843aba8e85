"""Pages that say what a table of the code says: diagnostics, settings, which engine lacks what. `--update-goldens` writes them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import metaflow_tables
from compiled import files_of
from flowport.compiler.decorators.step.resources import CPU_AND_MEMORY, DISK, GPU, SHARED_MEMORY
from flowport.compiler.diagnostics.codes import CODES
from flowport.compiler.ir.features import Feature
from flowport.compiler.lower.capabilities import FEATURES, Capabilities
from flowport.compiler.package.archive import package
from flowport.compiler.target import Target
from flowport.targets.airflow import limits as airflow
from flowport.targets.airflow import target as airflow_target
from flowport.targets.airflow.settings import Settings as AirflowSettings
from flowport.targets.argo import limits as argo
from flowport.targets.argo import target as argo_target
from flowport.targets.registry import OURS, targets
from flowport.targets.settings_schema import schema
from flowport.targets.stepfunctions import limits as stepfunctions
from flowport.targets.stepfunctions import target as stepfunctions_target
from flowport.targets.stepfunctions.settings import Settings as StepFunctionsSettings
from flowport.workspace.config import find
from plans import plan_of

ROOT = Path(__file__).resolve().parent.parent
SUPPORT = ROOT / "docs" / "support.md"
MATRIX = re.compile(r"(<!-- matrix -->\n).*?(<!-- end of matrix -->)", re.DOTALL)
FILE = re.compile(r"(<!-- emitted -->\n).*?(<!-- end of emitted -->)", re.DOTALL)
SETTINGS = re.compile(r"(<!-- settings -->\n).*?(<!-- end of settings -->)", re.DOTALL)
KINDS = {"FP1": "Reading a flow", "FP2": "The flow itself", "FP3": "What a target cannot do", "FP4": "Limits and settings"}


def diagnostics() -> str:
    """The page of all codes."""
    lines = ["# Diagnostics", "", "What `flowport explain CODE` says, for every code."]
    for number, title in KINDS.items():
        lines += ["", f"## {number}xx: {title}"]
        for code, entry in sorted(CODES.items()):
            if code.startswith(number):
                lines += ["", f"**{code}**: {entry.title}. {entry.text}"]
    return "\n".join(lines) + "\n"


RESOURCES = {
    CPU_AND_MEMORY: "cpu and memory",
    GPU: "`gpu`",
    DISK: "`disk`",
    SHARED_MEMORY: "`shared_memory`",
}
ARGUMENTS = [feature for feature in FEATURES if feature.decorator in ("kubernetes", "batch")]


def batch(platform: str, compute: str = "batch") -> StepFunctionsSettings:
    return StepFunctionsSettings({"platform": platform, "compute": compute})


ENGINES: dict[str, Capabilities] = {
    "this machine": {},
    "Step Functions": stepfunctions.lacks(batch("EC2")),
    "Airflow": airflow.lacks(AirflowSettings({"compute": "kubernetes"})),
    "Argo": argo.LACKS,
}
PLACES: dict[str, Capabilities] = {
    "Step Functions: Batch on EC2": stepfunctions.lacks(batch("EC2")),
    "Step Functions: Batch on Fargate": stepfunctions.lacks(batch("FARGATE")),
    "Step Functions: ECS on EC2": stepfunctions.lacks(batch("EC2", "ecs")),
    "Step Functions: ECS on Fargate": stepfunctions.lacks(batch("FARGATE", "ecs")),
    "Step Functions: Lambda": stepfunctions.lacks(batch("EC2", "lambda")),
    "Airflow: Kubernetes": airflow.lacks(AirflowSettings({"compute": "kubernetes"})),
    "Airflow: Docker": airflow.lacks(AirflowSettings({"compute": "docker"})),
    "Airflow: Batch on EC2": airflow.lacks(AirflowSettings({"compute": "batch"})),
    "Airflow: Batch on Fargate": airflow.lacks(AirflowSettings({"compute": "batch", "platform": "FARGATE"})),
    "Airflow: ECS on EC2": airflow.lacks(AirflowSettings({"compute": "ecs"})),
    "Airflow: ECS on Fargate": airflow.lacks(AirflowSettings({"compute": "ecs", "platform": "FARGATE"})),
    "Airflow: a process on the worker": airflow.lacks(AirflowSettings({"compute": "local"})),
    "Argo": argo.LACKS,
}


def cell(lacking: Capabilities, feature: Feature) -> str:
    limit = lacking.get(feature)
    return "yes" if limit is None else f"{'no effect' if limit.harmless else limit.kind}: {limit.reason}"


def matrix() -> str:
    """Which engine runs which feature, and what tasks get where they run."""
    constructs = [feature for feature in FEATURES if feature not in RESOURCES and feature not in ARGUMENTS]
    lines = ["| | " + " | ".join(ENGINES) + " |", "|---" * (len(ENGINES) + 1) + "|"]
    for feature in constructs:
        name = f"`{feature.title}`" if feature.title.startswith("@") else feature.title
        lines.append(f"| {name} | " + " | ".join(shown(feature, lacking) for lacking in ENGINES.values()) + " |")
    lines += ["", "The sizes that `@resources`, `@kubernetes` and `@batch` get where a task runs:", ""]
    lines += ["| | " + " | ".join(RESOURCES.values()) + " |", "|---" * (len(RESOURCES) + 1) + "|"]
    for place, lacking in PLACES.items():
        lines.append(f"| {place} | " + " | ".join(cell(lacking, feature) for feature in RESOURCES) + " |")
    return "\n".join([*lines, *arguments()]) + "\n"


def arguments() -> Iterator[str]:
    """Which other arguments of `@kubernetes` and `@batch` work where, and why the rest do not."""
    reasons: dict[str, int] = {}
    yield from ("", "The other arguments of `@kubernetes` and `@batch`. A number is a note below the table.", "")
    yield "| | " + " | ".join(PLACES) + " |"
    yield "|---" * (len(PLACES) + 1) + "|"
    for feature in ARGUMENTS:
        cells = []
        for lacking in PLACES.values():
            kind, _, reason = cell(lacking, feature).partition(": ")
            cells.append(f"{kind} ({reasons.setdefault(reason, len(reasons) + 1)})" if reason else kind)
        yield f"| `{feature.title}` | " + " | ".join(cells) + " |"
    yield ""
    yield from (f"{number}. {text[0].upper()}{text[1:]}." for text, number in reasons.items())


def shown(feature: Feature, lacking: Capabilities) -> str:
    """A construct runs everywhere; a harmless limit says how."""
    limit = lacking.get(feature)
    return f"yes; {limit.reason}" if limit is not None and limit.harmless else cell(lacking, feature)


def emitted(target: Target[Any], language: str) -> str:
    """The first file of the digits flow, with the settings of its folder."""
    path = ROOT / "examples" / "digits.py"
    plan = plan_of(path)
    file = files_of(target, plan, find(str(path.parent)).for_target(target.name), package(plan))[0]
    return f"```{language}\n{file.data.decode()}```\n"


@pytest.mark.parametrize(("target", "language"), [(airflow_target, "python"), (argo_target, "yaml")], ids=["airflow", "argo"])
def test_the_page_about_an_engine_shows_the_file_of_the_example(
    target: Target[Any], language: str, golden: Callable[[Path, str], None]
) -> None:
    page = ROOT / "docs" / f"{target.name}.md"
    golden(page, FILE.sub(lambda found: found[1] + emitted(target, language) + found[2], page.read_text(encoding="utf-8")))


def settings_table(target: Target[Any]) -> str:
    """All settings of a target."""
    rows = (
        f"| `{setting.name}` | {setting.help} | {'' if setting.default is None else f'`{_shown(setting.default)}`'} |"
        for setting in target.settings.declared()
    )
    return "\n".join(["| | | default |", "|---|---|---|", *rows]) + "\n"


@pytest.mark.parametrize(
    ("page", "target"),
    [("argo.md", argo_target), ("airflow.md", airflow_target), ("aws.md", stepfunctions_target)],
    ids=["argo", "airflow", "stepfunctions"],
)
def test_the_page_about_an_engine_has_all_settings(page: str, target: Target[Any], golden: Callable[[Path, str], None]) -> None:
    path = ROOT / "docs" / page
    golden(path, SETTINGS.sub(lambda found: found[1] + settings_table(target) + found[2], path.read_text(encoding="utf-8")))


def test_the_published_schema_has_all_settings(golden: Callable[[Path, str], None]) -> None:
    ours = {name: target for name, target in targets().items() if name in OURS}
    golden(ROOT / "docs" / "flowport.schema.json", json.dumps(schema(ours), indent=2, ensure_ascii=False) + "\n")


def test_the_page_of_diagnostics_has_them_all(golden: Callable[[Path, str], None]) -> None:
    golden(ROOT / "docs" / "diagnostics.md", diagnostics())


def test_the_readme_says_what_each_engine_lacks(golden: Callable[[Path, str], None]) -> None:
    golden(SUPPORT, MATRIX.sub(lambda found: found[1] + matrix() + found[2], SUPPORT.read_text(encoding="utf-8")))


METAFLOW: dict[str, Callable[[], str]] = {
    "names": metaflow_tables.names,
    "decorators": lambda: metaflow_tables.decorators({name: lacking for name, lacking in ENGINES.items() if name != "this machine"}),
    "flow decorators": metaflow_tables.flow_decorators,
    "refused": metaflow_tables.refused,
    "without effect": metaflow_tables.without_effect,
    "missing": metaflow_tables.missing,
}


def test_the_page_about_metaflow_has_the_tables_of_the_compiler(golden: Callable[[Path, str], None]) -> None:
    page = ROOT / "docs" / "metaflow.md"
    text = page.read_text(encoding="utf-8")
    for name, made in METAFLOW.items():
        before, start, rest = text.partition(f"<!-- {name} -->\n")
        assert start, f"docs/metaflow.md has no place for {name}"
        text = f"{before}{start}{made()}{rest[rest.index(f'<!-- end of {name} -->') :]}"
    golden(page, text)


@pytest.mark.parametrize("code", sorted(CODES))
def test_a_code_is_of_a_known_kind(code: str) -> None:
    assert re.fullmatch(r"FP[1-4]\d\d", code)


def _shown(default: object) -> str:
    """A default as TOML has it, and a text without its quotes."""
    return str(default).lower() if isinstance(default, bool) else str(default)
