import json
from urllib.parse import quote

from airflow.providers.amazon.aws.hooks.s3 import S3Hook

try:  # Airflow 3
    from airflow.sdk.exceptions import AirflowFailException
except ImportError:  # Airflow 2
    from airflow.exceptions import AirflowFailException


def answer(environment, aws_conn_id):
    """Where a step says to go on, from the newest of its routes in the store: slices of a foreach, or steps."""
    told = {variable["name"].removeprefix("FLOWPORT_"): variable["value"] for variable in environment}
    bucket, _, prefix = told["STORE"].removeprefix("s3://").partition("/")
    flow, run, step = [quote(told[name], safe="-_.+=@!'()") for name in ("FLOW", "RUN", "STEP")]
    place = "/".join([*filter(None, [prefix]), "flows", flow, "runs", run, "steps", step, told["SLICE"]])
    store = S3Hook(aws_conn_id)
    routes = {}
    for start, end in ((f"{place}@", ".route.json"), (f"{place}.t0@", ".rest.json")):
        for key in store.list_keys(bucket, prefix=start) or ():
            if key.endswith(end):
                routes[int(key[len(start) : -len(end)])] = key
    route = json.loads(store.read_key(routes[max(routes)], bucket))
    if isinstance(route, list):
        return [f"{told['SLICE']}.{number}" for number in route]
    went = route.get("to") or route["left"]
    return [step for step, taken in went.items() if taken]


def check(overrides):
    """AWS accepts longer overrides, and then the container fails."""
    if len(json.dumps(overrides)) > 8192:
        raise AirflowFailException("the parameters are longer than the 8,192 characters that a container takes")
