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
from datetime import datetime, timedelta

KEPT = ("FLOWPORT_CACHE", "FLOWPORT_PYTHONS")
"""What the machine says to tasks."""


def process(command, environment, memory=()):
    """The exit code of a command, run as in a container: with the variables that it is given, and the machine's own.

    `memory` are folders in memory of the container: a variable that names one of them names one of this machine instead.
    """
    assert command[0] == "python", command
    assert all(isinstance(value, str) for value in environment.values()), environment
    kept = {name: os.environ[name] for name in os.environ if not name.startswith(("AIRFLOW", "FLOWPORT")) or name in KEPT}
    with tempfile.TemporaryDirectory() as folder:
        environment = {name: folder if value in memory else value for name, value in environment.items()}
        return subprocess.run([PYTHON, *command[1:]], env={**kept, **environment}, cwd=folder, stdin=subprocess.DEVNULL).returncode


def kubernetes():
    # The operator looks for a cluster before it builds a pod; nobody is asked there.
    os.environ["KUBECONFIG"] = os.path.join(os.environ["AIRFLOW_HOME"], "kubeconfig")
    cluster = {"name": "none", "cluster": {"server": "http://127.0.0.1:9"}}
    place = {"name": "none", "context": {"cluster": "none", "user": "none"}}
    with open(os.environ["KUBECONFIG"], "w") as file:
        json.dump({"clusters": [cluster], "contexts": [place], "users": [{"name": "none", "user": {}}], "current-context": "none"}, file)

    from airflow.providers.cncf.kubernetes.operators.pod import KubernetesPodOperator
    from kubernetes.client import models as k8s

    def expanded(value, known):
        """As the kubelet does it: `$$` is `$`, and `$(NAME)` a variable that was named before."""
        return re.sub(r"\$(\$|\(([^()]*)\))", lambda found: "$" if found[1] == "$" else known.get(found[2], found[0]), value)

    def execute(self, context, **_):
        pod = self.build_pod_request_obj(context)
        containers = pod.spec.containers
        volumes = [volume.name for volume in pod.spec.volumes if volume.empty_dir and volume.empty_dir.medium == "Memory"]
        memory = [mount.mount_path for mount in containers[0].volume_mounts if mount.name in volumes]
        environment = {}
        for variable in containers[0].env:
            environment[variable.name] = expanded(variable.value or "", environment)
        assert (len(containers) == 2) == self.do_xcom_push, "only a pod that answers has the container that reads the answer"
        assert containers[0].resources.requests["memory"].endswith("Mi")
        code, answer = answered(self, [*containers[0].command, *(containers[0].args or [])], environment, memory)
        state = k8s.V1ContainerState(terminated=k8s.V1ContainerStateTerminated(exit_code=code))
        status = k8s.V1ContainerStatus(name=containers[0].name, image="", image_id="", ready=False, restart_count=0, state=state)
        pod.status = k8s.V1PodStatus(phase="Failed" if code else "Succeeded", container_statuses=[status])
        self.post_complete_action(pod=pod, remote_pod=pod, context=context, result=answer)
        return answer

    def nothing(self, *_, **__):
        """What the operator asks a cluster about a pod that has ended."""

    KubernetesPodOperator.execute = execute
    for name in ("is_istio_enabled", "patch_already_checked", "_read_pod_container_states", "_read_pod_events", "process_pod_deletion"):
        assert hasattr(KubernetesPodOperator, name)
        setattr(KubernetesPodOperator, name, nothing)


def docker():
    from airflow.providers.docker.operators.docker import DockerOperator

    class Docker:
        """What the operator asks Docker for one container."""

        def images(self, name):
            return [name]

        def create_host_config(self, mounts, **_):
            return mounts

        def create_container(self, command, environment, host_config, **_):
            memory = [mount["Target"] for mount in host_config if mount["Type"] == "tmpfs"]
            self.asked = command, environment, memory
            return {"Id": "1"}

        def attach(self, **_):
            return []

        def start(self, container):
            command, environment, memory = self.asked
            with tempfile.TemporaryDirectory() as folder:
                path = os.path.join(folder, "route.json")
                self.code = process(
                    command, {**environment, **({"FLOWPORT_ROUTE": path} if "FLOWPORT_ROUTE" in environment else {})}, memory
                )
                self.route = None
                if os.path.exists(path):
                    with open(path, "rb") as file:
                        self.route = file.read()

        def wait(self, container):
            return {"StatusCode": self.code}

        def get_archive(self, container, path):
            assert self.asked[1]["FLOWPORT_ROUTE"] == path
            archive, entry = io.BytesIO(), tarfile.TarInfo("route.json")
            entry.size = len(self.route)
            with tarfile.open(fileobj=archive, mode="w") as tar:
                tar.addfile(entry, io.BytesIO(self.route))
            return [archive.getvalue()], {"size": len(self.route), "name": "route.json"}

        def remove_container(self, container):
            """Nothing is left of a process."""

    def cli(self):
        return self.__dict__.setdefault("asked_docker", Docker())

    DockerOperator.cli = property(cli)


def batch():
    from airflow.providers.amazon.aws.hooks.batch_client import BatchClientHook
    from airflow.providers.amazon.aws.triggers.batch import BatchJobTrigger
    from airflow.triggers.base import TriggerEvent

    class Client:
        """What the operator asks AWS Batch; a job has ended when it is asked about for the second time."""

        def __init__(self):
            self.jobs, self.seen = {}, set()

        def submit_job(self, retryStrategy, containerOverrides, **_):
            assert retryStrategy == {"attempts": 1}
            code = process(containerOverrides["command"], variables(containerOverrides))
            job = {"jobId": str(len(self.jobs)), "status": "FAILED" if code else "SUCCEEDED", "container": {"exitCode": code}}
            self.jobs[job["jobId"]] = job
            return job

        def describe_jobs(self, jobs):
            found = [self.jobs[job] if job in self.seen else {"jobId": job, "status": "RUNNING"} for job in jobs]
            self.seen.update(jobs)
            return {"jobs": found}

    async def run(self):
        state = client.jobs[self.return_value]["status"]
        yield TriggerEvent({"status": "success" if state == "SUCCEEDED" else "error", self.return_key: self.return_value})

    client = Client()
    BatchJobTrigger.run = run
    BatchClientHook.client = property(lambda self: client)
    BatchClientHook.get_conn = lambda self: client
    BatchClientHook.delay = staticmethod(lambda delay=None: None)


def ecs():
    from airflow.providers.amazon.aws.operators.ecs import EcsRunTaskOperator
    from airflow.providers.amazon.aws.triggers.ecs import TaskDoneTrigger
    from airflow.triggers.base import TriggerEvent

    class Client:
        """What the operator asks ECS; a task has ended as soon as it runs."""

        def __init__(self):
            self.codes = {}

        def run_task(self, overrides, **_):
            (container,) = overrides["containerOverrides"]
            arn = f"task/{len(self.codes)}"
            self.codes[arn] = process(container["command"], variables(container))
            return {"tasks": [{"taskArn": arn}], "failures": []}

        def get_waiter(self, name):
            return self

        def wait(self, **_):
            """A process has ended."""

        def describe_tasks(self, tasks, **_):
            return {"tasks": [{"containers": [{"lastStatus": "STOPPED", "exitCode": self.codes[task]}]} for task in tasks]}

    async def run(self):
        yield TriggerEvent({"status": "success", "task_arn": self.task_arn, "cluster": self.cluster})

    client = Client()
    TaskDoneTrigger.run = run
    EcsRunTaskOperator.client = property(lambda self: client)


def variables(overrides):
    return {variable["name"]: variable["value"] for variable in overrides["environment"]}


def answered(task, command, environment, memory=()):
    """The exit code of a command, and what it says to go on with."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "return.json")
        code = process(command, {**environment, **({"FLOWPORT_ROUTE": path} if "FLOWPORT_ROUTE" in environment else {})}, memory)
        if not task.do_xcom_push or code:
            return code, None
        with open(path) as file:
            return code, json.load(file)


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
    ended = module.dag.test(run_conf=case["form"], **(as_scheduled(case["scheduled"]) if "scheduled" in case else {}))
    tasks = [
        {
            "task_id": task.task_id,
            "map_index": task.map_index,
            "state": task.state,
            "rendered_map_index": task.rendered_map_index,
            "try_number": task.try_number,
        }
        for task in ended.get_task_instances()
    ]
    return {"state": getattr(ended.state, "value", ended.state), "tasks": tasks}


def as_scheduled(when):
    """The arguments of `dag.test()` for a run at a time, which is then taken for one that the scheduler made: see DagRunType."""
    import airflow
    from airflow.models.dagrun import DagRun
    from sqlalchemy import event

    event.listen(DagRun, "init", lambda run, given, named: named.update(run_type="scheduled"))
    return {"execution_date" if airflow.__version__.startswith("2") else "logical_date": datetime.fromisoformat(when)}


if __name__ == "__main__":
    PYTHON = sys.argv[2]
    lines = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    {"kubernetes": kubernetes, "docker": docker, "batch": batch, "ecs": ecs, "local": local}[sys.argv[3]]()
    for each in json.loads(sys.argv[1]):
        print(json.dumps(run(each)), file=lines, flush=True)
