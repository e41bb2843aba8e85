"""Engine B: ministack, run by the Python of an environment of its own, with jobs of AWS Batch as real processes.

    python ministack_server.py PORT LIMIT PYTHON FOLDER

FOLDER has `processes.py`, PYTHON runs the jobs. It talks as the emulator of dry runs does: a JSON object per line, first its endpoint,
then every job that begins or ends; and it ends when its standard input is closed.
"""

import json
import os
import shutil
import sys
import tempfile
import threading

ACCOUNT, REGION = "123456789012", "us-east-1"
PORT, LIMIT, PYTHON, FOLDER = sys.argv[1:]
os.environ.update(GATEWAY_PORT=PORT, BIND_HOST="127.0.0.1", MINISTACK_ACCOUNT_ID=ACCOUNT, MINISTACK_REGION=REGION, SFN_WAIT_SCALE="0")
sys.path.insert(0, FOLDER)

import ministack.services.batch as batch  # noqa: E402
import ministack.services.ecs as ecs  # noqa: E402
import ministack.services.lambda_svc as lambda_svc  # noqa: E402
import ministack.services.s3 as s3  # noqa: E402
import ministack.services.stepfunctions as functions  # noqa: E402
import processes  # noqa: E402

lines, lock = os.fdopen(os.dup(1), "w"), threading.Lock()
os.dup2(2, 1)


def say(event):
    with lock:
        print(json.dumps(event), file=lines, flush=True)


endpoint = f"http://127.0.0.1:{PORT}"
cache = tempfile.mkdtemp(prefix="flowport-ministack-")
jobs = processes.Processes(PYTHON, processes.environment(endpoint, REGION, ACCOUNT, cache), int(LIMIT), say)


register = batch._DISPATCH["/v1/registerjobdefinition"]


def register_whole(asked):
    """RegisterJobDefinition; ministack's own forgets that a job has several nodes, and its tags."""
    answer = register(asked)
    for name in ("nodeProperties", "tags"):
        if name in asked:
            batch._job_definitions[asked["jobDefinitionName"]][-1][name] = asked[name]
    return answer


def deregister(asked):
    """DeregisterJobDefinition, which ministack lacks."""
    name, _, revision = asked["jobDefinition"].rpartition("/")[2].rpartition(":")
    revisions = batch._job_definitions[name]
    revisions.remove(next(each for each in revisions if each["revision"] == int(revision)))
    return batch._json(200, {})


batch._DISPATCH["/v1/registerjobdefinition"] = register_whole
batch._DISPATCH["/v1/deregisterjobdefinition"] = deregister


def cased(value):
    """A value of a state's Parameters in the words of the Batch API, whose names begin with a small letter."""
    if isinstance(value, dict):
        return {name[0].lower() + name[1:]: cased(inner) for name, inner in value.items()}
    return [cased(inner) for inner in value] if isinstance(value, list) else value


def submit(resource, asked):
    """`batch:submitJob.sync`; ministack's own Batch calls every job a success at once."""
    known = {"JobName", "JobQueue", "JobDefinition", "Parameters", "ArrayProperties", "RetryStrategy"}
    if not resource.endswith(".sync") or set(asked) - known:
        raise functions._ExecutionError("Batch.ClientException", f"{resource} with {sorted(set(asked) - known)} is not for this plug-in")
    revisions = batch._job_definitions.get(asked["JobDefinition"])
    if not revisions:
        raise functions._ExecutionError("Batch.ClientException", f"JobDefinition {asked['JobDefinition']} does not exist")
    try:
        more = {name[0].lower() + name[1:]: cased(asked[name]) for name in ("ArrayProperties", "RetryStrategy") if name in asked}
        job = jobs.submit(asked["JobName"], revisions[-1], asked.get("Parameters") or {}, **more)
    except processes.Rejected as error:
        raise functions._ExecutionError("Batch.ClientException", str(error)) from error
    while not job.wait(60):
        pass
    if job.exit_code != 0:
        raise functions._ExecutionError("States.TaskFailed", processes.cause(job, asked["JobQueue"]))
    return processes.described(job, asked["JobQueue"])


def run_task(resource, asked):
    """`ecs:runTask.sync`; ministack's own waits for Docker."""
    known = {"Cluster", "TaskDefinition", "LaunchType", "CapacityProviderStrategy", "NetworkConfiguration", "Overrides", "PropagateTags"}
    if not resource.endswith(".sync") or set(asked) - known:
        raise functions._ExecutionError(
            "ECS.InvalidParameterException", f"{resource} with {sorted(set(asked) - known)} is not for this plug-in"
        )
    definition = ecs._task_defs.get(ecs._resolve_td_key(asked["TaskDefinition"]))
    if definition is None or definition["status"] != "ACTIVE":
        raise functions._ExecutionError("ECS.ClientException", "TaskDefinition not found.")
    try:
        job = jobs.submit(definition["family"], processes.of_ecs(definition, cased(asked.get("Overrides") or {})), {})
    except processes.Rejected as error:
        raise functions._ExecutionError("ECS.InvalidParameterException", str(error)) from error
    while not job.wait(60):
        pass
    if job.exit_code != 0:
        raise functions._ExecutionError("States.TaskFailed", processes.cause(job, asked["Cluster"]))
    return processes.described(job, asked["Cluster"])


def invoke(name, payload):
    """An invocation of a function; ministack's own starts Docker."""
    function = lambda_svc._functions.get(name.rpartition(":")[2])
    if function is None:
        raise functions._ExecutionError("Lambda.ResourceNotFoundException", f"Function not found: {name}")
    config = function["config"]
    image = {"Command": config["ImageConfigResponse"]["ImageConfig"]["Command"]}
    job = jobs.submit(config["FunctionName"], processes.of_lambda({**config, "Code": {"ImageUri": ""}, "ImageConfig": image}, payload), {})
    while not job.wait(60):
        pass
    if job.exit_code != 0:
        raise functions._ExecutionError(*processes.of_exit(job.exit_code))
    return {}


functions._call_lambda = invoke


def get_object(resource, asked):
    status, _, body = s3._get_object(asked["Bucket"], asked["Key"], {}, {})
    if status != 200:
        raise functions._ExecutionError("S3.NoSuchKeyException", asked["Key"])
    return {"Body": body.decode() if isinstance(body, bytes) else body}


def put_object(resource, asked):
    body = json.dumps(asked["Body"], ensure_ascii=False, separators=(",", ":")).encode()
    status, _, answer = s3._put_object(asked["Bucket"], asked["Key"], body, {"content-type": asked["ContentType"]})
    if status != 200:
        raise functions._ExecutionError("S3.S3Exception", str(answer))
    return {}


def list_executions(resource, asked):
    """`aws-sdk:sfn:listExecutions`, whose answer has names in the case of states."""
    status, _, body = functions._list_executions(cased(asked))
    if status != 200:
        raise functions._ExecutionError("Sfn.SfnException", str(body))
    listed = json.loads(body)["executions"]
    return {"Executions": [{name[0].upper() + name[1:]: value for name, value in execution.items()} for execution in listed]}


functions._SERVICE_DISPATCH.update(
    {
        "arn:aws:states:::batch:submitJob": submit,
        "arn:aws:states:::ecs:runTask": run_task,
        "arn:aws:states:::aws-sdk:sfn:listExecutions": list_executions,
        "arn:aws:states:::aws-sdk:s3:getObject": get_object,
        "arn:aws:states:::aws-sdk:s3:putObject": put_object,
    }
)


def serve():
    from ministack.app import main

    sys.argv = ["ministack"]
    main()


def watch():
    sys.stdin.read()
    jobs.stop()
    shutil.rmtree(cache, ignore_errors=True)
    os._exit(0)


def announce():
    import socket
    import time

    while True:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", int(PORT))) == 0:
                return say({"event": "serving", "endpoint": endpoint})
        time.sleep(0.05)


threading.Thread(target=watch, daemon=True).start()
threading.Thread(target=announce, daemon=True).start()
serve()
