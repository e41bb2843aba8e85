"""What the decorators of a step come to, with Metaflow's arguments and meaning."""

from __future__ import annotations

from pathlib import Path

import pytest

from flowport.compiler.ir import Catch, ExecutionSpec, Pod, Resources, Retry, Settings
from sources import END, class_of, codes, read, write

HEAD = (
    "from flowport import card, kubernetes, secrets\nimport functools, os\nrobust = retry(times=7)\nplain = retry\nalias = robust\n"
    "def both(f):\n    'Docs.'\n    return retry(times=8)(timeout(hours=1)(f))\n"
    "def hidden(times):\n    def wrap(f):\n        return retry(times=times)(f)\n    return wrap\n"
    "def own(f):\n    return f\nCOMMON = dict(times=2, minutes_between_retries=0)\nGIB = 1024\n"
    "short = lambda f: retry(times=1)(f)\nbound = functools.partial(retry, times=1)\n"
    "if GIB:\n    either = retry(times=1)\nelse:\n    either = retry(times=2)\n"
)


def settings_of(folder: Path, marks: str) -> tuple[Settings, list[str]]:
    body = f"{marks}\n@step\ndef start(self):\n    self.next(self.end)\n" + END
    flow, found = read(write(folder, {"flow.py": class_of(body, HEAD)}))
    return flow.step("start").settings, codes(found)


@pytest.mark.parametrize(
    ("mark", "expected"),
    [
        ("@retry", Settings(retry=Retry(3, 2))),
        ("@retry()", Settings(retry=Retry(3, 2))),
        ("@retry(times=1, minutes_between_retries=0.5)", Settings(retry=Retry(1, 0.5))),
        ("@retry(times='4')", Settings(retry=Retry(4, 2))),
        ("@retry(**COMMON)", Settings(retry=Retry(2, 0))),
        ("@retry(times=0)", Settings(retry=Retry(0, 2))),
        ("@catch", Settings(catch=Catch(None, True))),
        ("@catch(var='failure', print_exception=False)", Settings(catch=Catch("failure", False))),
        ("@timeout(seconds=30)", Settings(timeout=30)),
        ("@timeout(seconds=1, minutes=2, hours=3)", Settings(timeout=3 * 3600 + 121)),
        ("@timeout(minutes=0.5)", Settings(timeout=30)),
        ("@resources", Settings(resources=Resources())),
        ("@resources(cpu=0.5, memory=16 * GIB, gpu=1)", Settings(resources=Resources(0.5, 16384, 1))),
        ("@resources(cpu='2', memory='8000', disk=10240, shared_memory=64)", Settings(resources=Resources(2, 8000, 0, 10240, 64))),
        ("@environment(vars={'B': 'x', 'A': f'{GIB}'})", Settings(environment=(("A", "1024"), ("B", "x")))),
        ("@environment(vars={'A': 1, 'B': True, 'C': 0.5})", Settings(environment=(("A", "1"), ("B", "True"), ("C", "0.5")))),
        ("@environment", Settings()),
        ("@retry\n@catch(var='e')\n@timeout(hours=1)", Settings(retry=Retry(), catch=Catch("e"), timeout=3600)),
        ("@functools.wraps(len)", Settings()),
        ("@robust", Settings(retry=Retry(7, 2))),
        ("@plain(times=1)", Settings(retry=Retry(1, 2))),
        ("@alias", Settings(retry=Retry(7, 2))),
        ("@both", Settings(retry=Retry(8, 2), timeout=3600)),
        ("@own", Settings()),
        ("@kubernetes", Settings()),
        ("@kubernetes(image='x:1', namespace=None)", Settings(execution=ExecutionSpec(image="x:1"))),
        ("@kubernetes(namespace='x')", Settings(execution=ExecutionSpec(pod=Pod(namespace="x")))),
        ("@kubernetes(cpu=2)\n@resources(cpu=1, memory=8000)", Settings(resources=Resources(2, 8000))),
        ("@resources(cpu=1, memory=8000)\n@kubernetes(cpu=2, gpu=1)", Settings(resources=Resources(2, 8000, 1))),
        ("@kubernetes(cpu=0.5)\n@resources(memory=1000)", Settings(resources=Resources(1, 1000))),
        ("@resources(disk=100, memory=None)\n@kubernetes(disk=200)", Settings(resources=Resources(disk=200))),
        (
            "@kubernetes(node_selector='b=1,a=2', secrets='one,two', labels={'team': 'vision'}, service_account='flows')",
            Settings(
                execution=ExecutionSpec(
                    pod=Pod(
                        node_selector=(("a", "2"), ("b", "1")),
                        secrets=("one", "two"),
                        labels=(("team", "vision"),),
                        service_account="flows",
                    )
                )
            ),
        ),
        (
            "@kubernetes(tolerations=[{'key': 'gpu', 'operator': 'Exists'}], persistent_volume_claims={'models': '/models'})",
            Settings(
                execution=ExecutionSpec(pod=Pod(tolerations=((("key", "gpu"), ("operator", "Exists")),), volumes=(("models", "/models"),))),
            ),
        ),
    ],
)
def test_settings(tmp_path: Path, mark: str, expected: Settings) -> None:
    found, said = settings_of(tmp_path, mark)
    assert found == expected
    assert [code for code in said if code != "FP123"] == []


@pytest.mark.parametrize(
    ("mark", "code"),
    [
        ("@retry(3)", "FP130"),
        ("@retry(tries=3)", "FP131"),
        ("@retry(**{'tries': 3})", "FP131"),
        ("@retry(times=-1)", "FP133"),
        ("@retry(times=1.5)", "FP133"),
        ("@retry(times=True)", "FP133"),
        ("@retry(times=1000)", "FP133"),
        ("@retry(times=[1])", "FP133"),
        ("@retry(times=float('nan'))", "FP133"),
        ("@catch(var='two words')", "FP133"),
        ("@timeout(seconds=0)", "FP133"),
        ("@timeout(seconds='soon')", "FP133"),
        ("@resources(memory=0)", "FP133"),
        ("@resources(cpus=1)", "FP131"),
        ("@environment(vars=['A'])", "FP133"),
        ("@environment(vars={'A': [1]})", "FP133"),
        ("@environment(vars={'A': None})", "FP133"),
        ("@environment(vars={'A': os.environ})", "FP121"),
        ("@environment(vars={'A': os.environ['A'].upper()})", "FP121"),
        ("@environment(vars={'A': int(os.environ['A'])})", "FP121"),
        ("@environment(vars={'A': 'x' if os.getenv('A') else 'y'})", "FP121"),
        ("@environment(vars=dict(os.environ))", "FP121"),
        ("@environment(vars={os.environ['A']: 'x'})", "FP121"),
        ("@environment(vars={'A': os.getenv(name())})", "FP121"),
        ("@environment(vars={'A': f'{os.environ[\"A\"]}{__file__}'})", "FP120"),
        ("@environment(**{'vars': {'A': os.environ['A']}})", "FP121"),
        ("@kubernetes(labels={'A': os.environ['A']})", "FP121"),
        ("@environment(vars={'A=B': '1'})", "FP133"),
        ("@environment(vars={'A': 'x\\0y'})", "FP133"),
        ("@environment(vars={'A': '\\ud800'})", "FP133"),
        ("@environment(vars={'A': __file__})", "FP120"),
        ("@retry(times=rows())", "FP120"),
        ("@nothing", "FP122"),
        ("@functools.cache", "FP123"),
        ("@hidden(3)", "FP126"),
        ("@short", "FP126"),
        ("@bound()", "FP126"),
        ("@either", "FP126"),
        ("@retry(**5)", "FP133"),
        ("@retry(times=1, **{'times': 2})", "FP132"),
        ("@timeout(hours=30_000)", "FP133"),
        ("@retry(minutes_between_retries=2e8)", "FP133"),
        ("@environment(vars={'FLOWPORT_STEP': 'x'})", "FP133"),
        ("@both\n@retry", "FP132"),
        ("@card(type='blnk')", "FP133"),
        ("@card(type='notebook')", "FP157"),
        ("@card(id='two words')", "FP133"),
        ("@card(id='a')\n@card(id='a')", "FP133"),
        ("@card(options=['x'])", "FP133"),
        ("@card(options={'x': {1}})", "FP133"),
        ("@card(timeout=0)", "FP133"),
        ("@card(rank='high')", "FP141"),
        ("@card(kind='blank')", "FP131"),
        ("@kubernetes(executable='x')", "FP141"),
        ("@kubernetes(image=1)", "FP133"),
        ("@kubernetes(tolerations=[1])", "FP133"),
        ("@kubernetes(node_selector=['pool'])", "FP133"),
        ("@kubernetes(labels={'a': 1})", "FP133"),
        ("@kubernetes(secrets=[1])", "FP133"),
        ("@kubernetes(images='x')", "FP131"),
        ("@retry\n@retry", "FP132"),
    ],
)
def test_what_is_wrong_with_a_decorator_is_said(tmp_path: Path, mark: str, code: str) -> None:
    assert settings_of(tmp_path, mark)[1] == [code]
