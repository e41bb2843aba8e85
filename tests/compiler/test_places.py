"""What `@batch` and `@kubernetes` come to, with the sizes that Metaflow comes to for the same decorators."""

from __future__ import annotations

from pathlib import Path

import pytest

from flowport.compiler.decorators.step.batch import BATCH
from flowport.compiler.decorators.step.kubernetes import KUBERNETES
from flowport.compiler.ir import BatchJob, ExecutionSpec, Pod, Resources, Settings, Tmpfs
from sources import END, class_of, codes, read, write

METAFLOW = {
    "batch": "aws_batch_tags cpu efa efs_volumes ephemeral_storage executable execution_role gpu host_volumes iam_role image inferentia "
    "log_driver log_options max_swap memory privileged queue shared_memory swappiness tmpfs_path tmpfs_size tmpfs_tempdir trainium "
    "use_tmpfs",
    "kubernetes": "annotations compute_pool cpu disk executable extended_resources gpu gpu_vendor hostname_resolution_timeout image "
    "image_pull_policy image_pull_secrets labels memory namespace node_selector persistent_volume_claims port qos secrets "
    "security_context service_account shared_memory tmpfs_path tmpfs_size tmpfs_tempdir tolerations use_tmpfs",
}
"""The arguments of Metaflow 2.19.39."""


def settings_of(folder: Path, marks: str) -> tuple[Settings, tuple[tuple[str, str], ...]]:
    body = f"{marks}\n@step\ndef start(self):\n    self.next(self.end)\n" + END
    flow, found = read(write(folder, {"flow.py": class_of(body, "from metaflow import batch, kubernetes\n")}))
    return flow.step("start").settings, tuple((each.code, each.message) for each in found)


@pytest.mark.parametrize(
    ("marks", "expected"),
    [
        ("@batch(cpu=0.5)", Resources(0.5)),
        ("@batch(cpu='2', memory='8000', gpu='1')", Resources(2, 8000, 1)),
        ("@batch(cpu=None, memory=None, gpu=None)", Resources()),
        ("@batch(cpu=0.5)\n@resources(memory=1000)", Resources(1, 1000)),
        ("@resources(cpu=2)\n@batch(memory=1000)", Resources(2, 4096)),
        ("@resources\n@batch(memory=1000)", Resources(1, 4096)),
        ("@batch(cpu=2, memory=3000, gpu=2)\n@resources(cpu=8, memory=1000, gpu=1)", Resources(8, 3000, 2)),
        ("@batch(gpu=1, shared_memory=32)\n@resources(gpu=2, shared_memory=64)", Resources(gpu=2, shared_memory=64)),
        ("@resources(memory=None)\n@batch(memory=1000)", Resources(1, 1000)),
        ("@resources(cpu=2)\n@kubernetes(memory=1000)", Resources(2, 4096)),
        ("@kubernetes(memory=1000)", Resources(1, 1000)),
    ],
)
def test_the_larger_size_counts_and_the_defaults_of_resources_do(tmp_path: Path, marks: str, expected: Resources) -> None:
    """Metaflow 2.19.39 comes to these sizes, for @batch and for @kubernetes."""
    assert settings_of(tmp_path, marks) == (Settings(resources=expected), ())


@pytest.mark.parametrize(
    ("marks", "expected"),
    [
        # Metaflow says 4,096 MiB: there the default of @kubernetes counts, although the documentation has the maximum of what is given.
        ("@resources(memory=1000)\n@kubernetes(cpu=0.5)", Resources(1, 1000)),
        # Metaflow says 1 GPU: there @resources wins.
        ("@resources(gpu=1)\n@kubernetes(gpu=2)", Resources(gpu=2)),
        # Metaflow refuses both on one step.
        ("@batch(memory=2000)\n@kubernetes(memory=3000, cpu=2)", Resources(2, 3000)),
        ("@batch(memory=4096.5)", Resources(memory=4097)),
        ("@batch(ephemeral_storage=30)", Resources(disk=30 * 1024)),
        ("@batch(ephemeral_storage='30')\n@resources(disk=50_000)", Resources(disk=50_000)),
    ],
)
def test_sizes_that_metaflow_has_otherwise(tmp_path: Path, marks: str, expected: Resources) -> None:
    assert settings_of(tmp_path, marks) == (Settings(resources=expected), ())


@pytest.mark.parametrize(
    ("mark", "expected"),
    [
        ("@batch", BatchJob()),
        ("@batch(queue='gpu', image='a:1')", BatchJob(queue="gpu", image="a:1")),
        ("@batch(iam_role='arn:r', execution_role='arn:e')", BatchJob(iam_role="arn:r", execution_role="arn:e")),
        ("@batch(max_swap=0, swappiness='100')", BatchJob(max_swap=0, swappiness=100)),
        ("@batch(aws_batch_tags={'b': '2', 'a': '1'})", BatchJob(aws_batch_tags=(("a", "1"), ("b", "2")))),
        ("@batch(use_tmpfs=True)", BatchJob(tmpfs=Tmpfs())),
        ("@batch(use_tmpfs=False, tmpfs_path='/x')", BatchJob()),
        ("@batch(tmpfs_size='10', tmpfs_tempdir=False)", BatchJob(tmpfs=Tmpfs(10, tempdir=False))),
        ("@batch(use_tmpfs=True, tmpfs_path=None)", BatchJob(tmpfs=Tmpfs())),
        ("@batch(inferentia=2)", BatchJob(inferentia=2)),
        ("@batch(trainium='2', inferentia=None)", BatchJob(inferentia=2)),
        ("@batch(efa=1, privileged=True)", BatchJob(efa=1, privileged=True)),
        ("@batch(host_volumes='/a,b')", BatchJob(host_volumes=(("/a,b", "/a,b"),))),
        ("@batch(host_volumes=['/a', '/b:/c'])", BatchJob(host_volumes=(("/a", "/a"), ("/b", "/c")))),
        ("@batch(efs_volumes=['fs-1', 'fs-2:/c'])", BatchJob(efs_volumes=(("fs-1", "/mnt/fs-1"), ("fs-2", "/c")))),
        ("@batch(log_driver='awslogs', log_options='k:v:w')", BatchJob(log_driver="awslogs", log_options=(("k", "v:w"),))),
    ],
)
def test_the_job_of_a_step(tmp_path: Path, mark: str, expected: BatchJob) -> None:
    assert settings_of(tmp_path, mark) == (Settings(execution=ExecutionSpec(job=expected)), ())


@pytest.mark.parametrize(
    ("mark", "expected"),
    [
        ("annotations={'a/b': 'x y'}", Pod(annotations=(("a/b", "x y"),))),
        ("image_pull_policy='Always', image_pull_secrets='a,b'", Pod(image_pull_policy="Always", image_pull_secrets=("a", "b"))),
        ("compute_pool='p', node_selector={'a': 'b'}", Pod(node_selector=(("a", "b"), ("outerbounds.co/compute-pool", "p")))),
        ("gpu_vendor='AMD'", Pod(gpu_vendor="amd")),
        ("port='8080'", Pod(port=8080)),
        ("qos='guaranteed'", Pod(guaranteed=True)),
        ("qos='Burstable'", Pod()),
        ("extended_resources={'a.b/c': 2, 'a.b/a': '1'}", Pod(extended_resources=(("a.b/a", "1"), ("a.b/c", "2")))),
        ("security_context={'run_as_user': 0, 'privileged': None}", Pod(security_context=(("run_as_user", 0),))),
        ("extended_resources={}, security_context=None, annotations=None", Pod()),
    ],
)
def test_the_pod_of_a_step(tmp_path: Path, mark: str, expected: Pod) -> None:
    assert settings_of(tmp_path, f"@kubernetes({mark})") == (Settings(execution=ExecutionSpec(pod=expected)), ())


def test_both_decorators_keep_their_own_in_any_order(tmp_path: Path) -> None:
    marks = ["@batch(image='b:1', use_tmpfs=True)", "@kubernetes(image='k:1', namespace='n')"]
    expected = ExecutionSpec("k:1", Pod(namespace="n"), None, BatchJob("b:1", Tmpfs()))
    for order in (marks, marks[::-1]):
        assert settings_of(tmp_path, "\n".join(order))[0].execution == expected
    assert expected.for_pod() == ExecutionSpec("k:1", Pod(namespace="n"), Tmpfs())
    assert expected.for_batch() == BatchJob("b:1", Tmpfs())
    assert ExecutionSpec("k:1").for_batch() == BatchJob("k:1")


@pytest.mark.parametrize(
    ("mark", "message"),
    [
        ("@batch(memory=0)", "`memory` of `@batch` must be a number of at least 1 MiB, not `0`"),
        ("@batch(gpu=1.5)", "`gpu` of `@batch` must be a whole number of at least 0, not `1.5`"),
        ("@batch(cpu='two')", "`cpu` of `@batch` must be a number of at least 0.001, not `'two'`"),
        ("@batch(queue=1)", "`queue` of `@batch` must be a string, not `1`"),
        ("@batch(use_tmpfs='yes')", "`use_tmpfs` of `@batch` must be True or False, not `'yes'`"),
        ("@batch(use_tmpfs=True, tmpfs_path='x')", "`tmpfs_path` of `@batch` must be an absolute path, not `x`"),
        ("@batch(swappiness=101)", "`swappiness` of `@batch` must be at most 100, not 101"),
        ("@batch(ephemeral_storage=500)", "`ephemeral_storage` of `@batch` must be at most 200, not 500"),
        ("@batch(ephemeral_storage=20)", "`ephemeral_storage` of `@batch` must be a whole number of at least 21, not `20`"),
        ("@batch(efa=1000)", "`efa` of `@batch` must be at most 64, not 1000"),
        ("@batch(inferentia=1, trainium=1)", "`inferentia` and `trainium` of `@batch` are two names for the same devices"),
        ("@batch(log_options=['group'])", "a log option of `@batch` is a name and a value with a colon between them, not `group`"),
        ("@batch(host_volumes=[1])", "`host_volumes` of `@batch` must be a list of strings, not `[1]`"),
        ("@batch(aws_batch_tags=['a'])", "`aws_batch_tags` of `@batch` must be a dict of strings, not `['a']`"),
        ("@batch(privileged='true')", "`privileged` of `@batch` must be True or False, not `'true'`"),
        ("@kubernetes(gpu_vendor='intel')", "`gpu_vendor` of `@kubernetes` must be `nvidia` or `amd`, not `intel`"),
        ("@kubernetes(qos='BestEffort')", "`qos` of `@kubernetes` must be `Burstable` or `Guaranteed`, not `BestEffort`"),
        ("@kubernetes(port=0)", "`port` of `@kubernetes` must be a whole number of at least 1, not `0`"),
        ("@kubernetes(extended_resources=['a'])", "`extended_resources` of `@kubernetes` must be a dict, not `['a']`"),
        (
            "@kubernetes(extended_resources={'a': True})",
            "`extended_resources` of `@kubernetes` must have names with numbers, not `'a': True`",
        ),
        ("@kubernetes(security_context=1)", "`security_context` of `@kubernetes` must be a dict, not `1`"),
        ("@kubernetes(security_context={'run_as_usr': 1})", "`security_context` of `@kubernetes` has no field `run_as_usr`"),
        (
            "@kubernetes(security_context={'privileged': 1})",
            "`privileged` in `security_context` of `@kubernetes` must be True or False, not `1`",
        ),
        (
            "@kubernetes(security_context={'run_as_user': 'root'})",
            "`run_as_user` in `security_context` of `@kubernetes` must be a whole number, not `'root'`",
        ),
    ],
)
def test_what_is_wrong_with_an_argument_is_said_once(tmp_path: Path, mark: str, message: str) -> None:
    assert settings_of(tmp_path, mark)[1] == (("FP133", message),)


def test_a_size_that_is_wrong_is_said_once_beside_another_decorator(tmp_path: Path) -> None:
    assert len(settings_of(tmp_path, "@resources(memory=0)\n@batch(cpu=2)\n@kubernetes(cpu=2)")[1]) == 1


@pytest.mark.parametrize("mark", ["@batch(executable='python3')", "@kubernetes(executable='python3', hostname_resolution_timeout=None)"])
def test_an_argument_without_effect_anywhere_is_a_warning(tmp_path: Path, mark: str) -> None:
    name = mark[1:].partition("(")[0]
    expected = f"`executable` of `@{name}` has no effect: the `python` of the image runs the step"
    assert settings_of(tmp_path, mark) == (Settings(), (("FP141", expected),))


def test_an_argument_from_the_environment_belongs_into_a_profile(tmp_path: Path) -> None:
    body = "@batch(queue=os.environ['QUEUE'])\n@step\ndef start(self):\n    self.next(self.end)\n" + END
    _, found = read(write(tmp_path, {"flow.py": class_of(body, "import os\nfrom metaflow import batch\n")}))
    assert codes(found) == ["FP121"]
    assert "set `job_queue` in a profile of flowport.toml, under `[profiles.NAME.stepfunctions]`" in found[0].help[0]


def test_every_argument_of_metaflow_is_known() -> None:
    assert METAFLOW["batch"].split() == sorted(BATCH.arguments)
    assert METAFLOW["kubernetes"].split() == sorted(KUBERNETES.arguments)
