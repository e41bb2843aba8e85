"""Runs DAG files by Airflow's own `dag.test()`, on Airflow 2 and 3; run by the Python of that Airflow.

    python dag_test.py CASES PYTHON COMPUTE

CASES is a JSON list of {"file", "run", "form"}. PYTHON runs the tasks' commands, as processes of this machine in place of the service
that COMPUTE names: the operators are the real ones up to what they would send there. Prints a JSON object per case.
"""

import importlib.util
import io
import json
import os
import re
import subprocess
import sys
import tarfile
import tempfile
from datetime import timedelta

KEPT = ("FLOWPORT_CACHE", "FLOWPORT_PYTHONS")
"""What the machine says to tasks."""


def process(command, environment, memory=()):
    """Run a command as a container would: with the variables that it is given, and no more than the machine's own besides.

    `memory` are folders in memory of the container: a variable that names one of them names one of this machine instead.
    """
    assert command[0] == "python", command
    assert all(isinstance(value, str) for value in environment.values()), environment
    kept = {name: os.environ[name] for name in os.environ if not name.startswith(("AIRFLOW", "FLOWPORT")) or name in KEPT}
    with tempfile.TemporaryDirectory() as folder:
        environment = {name: folder if value in memory else value for name, value in environment.items()}
        done = subprocess.run([PYTHON, *command[1:]], env={**kept, **environment}, cwd=folder, stdin=subprocess.DEVNULL)
    if done.returncode:
        raise RuntimeError(f"exit code {done.returncode}")


def kubernetes():
    # The operator looks for a cluster before it builds a pod; nobody is asked there.
    os.environ["KUBECONFIG"] = os.path.join(os.environ["AIRFLOW_HOME"], "kubeconfig")
    cluster = {"name": "none", "cluster": {"server": "http://127.0.0.1:9"}}
    place = {"name": "none", "context": {"cluster": "none", "user": "none"}}
    with open(os.environ["KUBECONFIG"], "w") as file:
        json.dump({"clusters": [cluster], "contexts": [place], "users": [{"name": "none", "user": {}}], "current-context": "none"}, file)

    from airflow.providers.cncf.kubernetes.operators.pod import KubernetesPodOperator

    def expanded(value, known):
        """As the kubelet does it: `$$` is `$`, and `$(NAME)` a variable that was named before."""
        return re.sub(r"\$(\$|\(([^()]*)\))", lambda found: "$" if found[1] == "$" else known.get(found[2], found[0]), value)

    def execute(self, context, **_):
        pod = self.build_pod_request_obj(context).spec
        containers = pod.containers
        volumes = [volume.name for volume in pod.volumes if volume.empty_dir and volume.empty_dir.medium == "Memory"]
        memory = [mount.mount_path for mount in containers[0].volume_mounts if mount.name in volumes]
        environment = {}
        for variable in containers[0].env:
            environment[variable.name] = expanded(variable.value or "", environment)
        assert (len(containers) == 2) == self.do_xcom_push, "only a pod that answers has the container that reads the answer"
        assert containers[0].resources.requests["memory"].endswith("Mi")
        return answered(self, [*containers[0].command, *(containers[0].args or [])], environment, memory)

    KubernetesPodOperator.execute = execute


def docker():
    from airflow.providers.docker.operators.docker import DockerOperator

    def execute(self, context, **_):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "route.json")
            memory = [mount["Target"] for mount in self.mounts if mount["Type"] == "tmpfs"]
            process(self.command, {**self.environment, **({"FLOWPORT_ROUTE": path} if self.retrieve_output else {})}, memory)
            if not self.retrieve_output:
                return None
            assert self.environment["FLOWPORT_ROUTE"] == self.retrieve_output_path
            archive = io.BytesIO()
            with tarfile.open(fileobj=archive, mode="w") as tar:
                tar.add(path, "route.json")
        self.container = {"Id": "1"}
        given = type("Client", (), {"get_archive": lambda self, container, path: ([archive.getvalue()], {"size": 1, "name": "route.json"})})
        type(self).cli = property(lambda self: given())
        return self._attempt_to_retrieve_result()

    DockerOperator.execute = execute


def batch():
    from airflow.providers.amazon.aws.operators.batch import BatchOperator

    def execute(self, context, **_):
        assert self.retry_strategy == {"attempts": 1}
        process(self.container_overrides["command"], variables(self.container_overrides))
        return "a job id"

    BatchOperator.execute = execute


def ecs():
    from airflow.providers.amazon.aws.operators.ecs import EcsRunTaskOperator

    def execute(self, context, **_):
        (container,) = self.overrides["containerOverrides"]
        process(container["command"], variables(container))

    EcsRunTaskOperator.execute = execute


def variables(overrides):
    return {variable["name"]: variable["value"] for variable in overrides["environment"]}


def answered(task, command, environment, memory=()):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "return.json")
        process(command, {**environment, **({"FLOWPORT_ROUTE": path} if "FLOWPORT_ROUTE" in environment else {})}, memory)
        if not task.do_xcom_push:
            return None
        with open(path) as file:
            return json.load(file)


def local():
    """A process is a process."""


def run(case):
    from airflow.models.dagrun import DagRun

    DagRun.generate_run_id = staticmethod(lambda *given, **named: case["run"])
    spec = importlib.util.spec_from_file_location("dag_file", case["file"])
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for task in module.dag.tasks:
        task.retry_delay = timedelta(0)
    ended = module.dag.test(run_conf=case["form"])
    tasks = [
        {"task_id": task.task_id, "map_index": task.map_index, "state": task.state, "rendered_map_index": task.rendered_map_index}
        for task in ended.get_task_instances()
    ]
    return {"state": getattr(ended.state, "value", ended.state), "tasks": tasks}


if __name__ == "__main__":
    PYTHON = sys.argv[2]
    lines = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    {"kubernetes": kubernetes, "docker": docker, "batch": batch, "ecs": ecs, "local": local}[sys.argv[3]]()
    for each in json.loads(sys.argv[1]):
        print(json.dumps(run(each)), file=lines, flush=True)
