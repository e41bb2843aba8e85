import json
import os
import threading
import time
from http.client import HTTPException
from urllib.error import HTTPError
from urllib.request import HTTPRedirectHandler, Request, build_opener

try:  # Airflow 3
    from airflow.sdk import BaseHook
except ImportError:  # Airflow 2
    from airflow.hooks.base import BaseHook


class NoRedirects(HTTPRedirectHandler):
    """Leaves redirects alone: urllib would send the token along, and no message."""

    def redirect_request(self, *arguments):
        return None


def address(kind, where):
    """Where a receiver is, and its token. The password of a connection is the end of an address of Slack, and the token of a webhook."""
    place, _, name = where.partition(":")
    if place == "env":
        return os.environ.get(name, "").strip(), None
    if place != "connection":
        return where, None
    found = BaseHook.get_connection(name)
    url, schema, kinds = found.host or "", found.schema or "", ("http", "https")
    if "://" not in url:
        scheme = schema if schema in kinds else found.conn_type if found.conn_type in kinds else "https"
        port = f":{found.port}" if found.port else ""
        url = f"{scheme}://{url}{port}" + (f"/{schema}" if schema and schema not in kinds else "")
    if kind == "slack" and found.password:
        return f"{url.rstrip('/')}/{found.password.lstrip('/')}", None
    return url, found.password


def sent(url, token, message):
    """Send a message, up to three times; what went wrong, "" if nothing did. It never contains the address."""
    headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {token}"} if token else {})}
    for pause in (0, 2, 2):
        time.sleep(pause)
        try:
            with build_opener(NoRedirects).open(Request(url, json.dumps(message).encode(), headers), timeout=10):
                return ""
        except HTTPError as error:
            problem = f"it answers {error.code}"
            if error.code < 500 and error.code != 429:
                break
        except (OSError, HTTPException) as error:
            problem = f"it cannot be reached: {type(getattr(error, 'reason', error)).__name__}"
        except ValueError:
            return "its address cannot be read"
    return problem


def post(kind, where, message, seconds=30):
    """Send a message to a receiver, which has so many seconds; raises RuntimeError."""
    url, token = address(kind, where)
    if not url.startswith(("http://", "https://")):
        raise RuntimeError("what it names is no address that begins with `https://` or `http://`")
    if kind == "slack":
        steps = f" in {', '.join(message['steps'])}" if message["steps"] else ""
        said = f"{message['flow']}/{message['run']} {message['status']}{steps} on {message['target']}, {message['time']}"
        message = {"text": f"{said}\n{message['command']}".replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")}
    outcome = []

    def report():
        try:
            outcome.append(sent(url, token, message))
        except Exception as error:  # its text may have the address in it
            outcome.append(f"it cannot be sent: {type(error).__name__}")

    thread = threading.Thread(target=report, daemon=True)
    thread.start()
    thread.join(seconds)
    if problem := outcome[0] if outcome else f"it has not answered within {seconds} seconds":
        raise RuntimeError(problem)


def failed(context):
    """The steps whose tasks failed; Airflow 3 names the task that failed last, which may be that of the exit hooks."""
    if hasattr(context.get("dag_run"), "get_task_instances"):  # Airflow 2
        tasks = [context["dag"].get_task(ti.task_id) for ti in context["dag_run"].get_task_instances(state="failed")]
    else:
        tasks = [context["ti"].task] if context.get("reason") == "task_failure" and "ti" in context else []
    return sorted({task.task_display_name for task in tasks if not task.is_teardown})


def tell(status, receivers, *, flow, before="", options="", seconds=30):
    """A callback that tells receivers how a run has ended; each is `slack` or `webhook`, where its address is, and has so many seconds."""

    def callback(context):
        run = before + context["run_id"]
        steps = [] if status == "done" else failed(context)
        message = {"flow": flow, "run": run, "target": "airflow", "status": status, "steps": steps}
        message["time"] = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        message["command"] = f"flowport status {flow}/{run}{options}"
        problems = []
        for kind, where in receivers:
            try:
                post(kind, where, message, seconds)
            except Exception as error:  # the next one is told all the same
                problems.append(f"{kind} {where} was not told that {flow}/{run} {status}: {error}")
        if problems:
            raise RuntimeError("; ".join(problems))

    return callback
