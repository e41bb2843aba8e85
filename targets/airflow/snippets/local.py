import json
import os
import signal
import subprocess
import tempfile

try:  # Airflow 3
    from airflow.sdk import BaseOperator
    from airflow.sdk.exceptions import AirflowFailException
except ImportError:  # Airflow 2
    from airflow.exceptions import AirflowFailException
    from airflow.models import BaseOperator


class Step(BaseOperator):
    """A process on the worker's own machine; exit code 78 says that trying again is of no use."""

    template_fields = ("environment",)

    def __init__(self, *, command, environment, **more):
        super().__init__(**more)
        self.command, self.environment, self.process = command, environment, None

    def execute(self, context):
        with tempfile.TemporaryDirectory() as folder:
            answer = os.path.join(folder, "route.json")
            environment = {**os.environ, **self.environment, "FLOWPORT_ROUTE": answer}
            self.process = subprocess.Popen(
                self.command,
                cwd=folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                encoding="utf-8",
                errors="replace",
                start_new_session=True,
            )
            for line in self.process.stdout:
                self.log.info("%s", line.rstrip())
            code = self.process.wait()
            if code:
                raise (AirflowFailException if code == 78 else RuntimeError)(f"the step ended with exit code {code}")
            if self.do_xcom_push:
                with open(answer) as file:
                    return json.load(file)

    def on_kill(self):
        if self.process is not None and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGTERM)


def step(task_id, slice="s", *, name=None, command="task", environment=None, answers=False, **more):
    """A step on a slice, as a process. With `answers` it says where to go on: slices of a foreach, or steps."""
    return Step(
        task_id=task_id,
        command=[PYTHON, "-m", "flowport.runtime", command],
        environment={**RUN, "FLOWPORT_STEP": name or task_id, "FLOWPORT_SLICE": slice, **(environment or {})},
        do_xcom_push=answers,
        **more,
    )
