"""`flowport compile`, whole processes: small flows, long ones, and branches in a row, for Step Functions; and for Argo beside Metaflow.

Peers: `python -c "import ast, json"`, Metaflow's `argo-workflows create --only-json`, and ourselves on a flow of another size.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from measure import flows, metaflow
from measure.process import least, processor_seconds, seconds
from measure.s3 import s3

TIMES = 20
LIMIT = 60
"""Seconds that Metaflow has for a flow."""

SETTINGS = """
[stepfunctions]
store = "s3://bench/store"
image = "123456789012.dkr.ecr.us-east-1.amazonaws.com/flows:1"
job_queue = "flows"
[argo]
store = "s3://bench/store"
image = "flows:1"
"""


def ours(command: str, flow: str, target: str = "stepfunctions") -> list[str]:
    """`flowport check` or `flowport compile`."""
    words = ["--target", target, "-o", f"{flow}.build"] if command == "compile" else []
    return [sys.executable, "-m", "flowport", command, flow, *words]


def small(folder: str) -> None:
    flow = flows.written(folder, "two", flows.linear(2))
    mine, bare = least(TIMES, ours("compile", flow), [sys.executable, "-c", "import ast, json"])
    print(f'compile 2 steps | {mine * 1e3:.0f} ms | `python -c "import ast, json"` {bare * 1e3:.0f} ms | {mine / bare:.2f} | 4.5')


def long(folder: str) -> None:
    """A state machine of 10,000 steps is longer than Step Functions takes, so growth is measured up to the finished plan."""
    few, many = (flows.written(folder, f"linear_{steps}", flows.linear(steps)) for steps in (1000, 10_000))
    (mine,) = least(3, ours("compile", few))
    print(f"compile 1,000 linear steps | {mine:.2f} s | - | - | under 1 s")
    each, some = processor_seconds(ours("check", many)) / 10, processor_seconds(ours("check", few))
    print(f"check 10,000 linear steps, CPU per 1,000 | {each:.2f} s | of 1,000 steps {some:.2f} s | {each / some:.2f} | 1: linear")


def branched(folder: str) -> None:
    straight = flows.written(folder, "linear_66", flows.linear(66))
    flow = flows.written(folder, "diamonds", flows.diamonds(16))
    mine, other = least(TIMES, ours("compile", flow), ours("compile", straight))
    print(f"compile 16 diamonds in a row, 66 steps | {mine * 1e3:.0f} ms | 66 linear steps {other * 1e3:.0f} ms | {mine / other:.2f} | 1")


def beside_metaflow(folder: str) -> None:
    """The same flows in Metaflow; it raises what it raises."""
    metaflow.install()
    with s3():
        metaflow.prepare(folder)
        for what, name, source in (
            ("2 steps", "two", flows.linear(2)),
            ("500 linear steps", "linear_500", flows.linear(500)),
            ("1,000 linear steps", "linear_1000", flows.linear(1000)),
            ("16 diamonds in a row", "diamonds", flows.diamonds(16)),
        ):
            theirs = flows.written(folder, name, source, "metaflow")
            mine = min(seconds(ours("compile", flows.written(folder, name, source), "argo")) for _ in range(3))
            other = metaflow.took([metaflow.PYTHON, theirs, *metaflow.COMPILE], LIMIT)
            ratio = f"{mine / float(other[:-2]):.2f}" if other[0].isdigit() else "-"
            print(f"compile {what} for Argo | {mine:.2f} s | Metaflow, for Argo {other} | {ratio} | below 1")


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        Path(folder, "flowport.toml").write_text(SETTINGS)
        small(folder)
        long(folder)
        branched(folder)
        try:
            beside_metaflow(folder)
        except metaflow.Absent as error:
            print(f"compile beside Metaflow | - | cannot be installed here: {error} | - | below 1")


if __name__ == "__main__":
    main()
