"""Models beside steps, from a stand-in for the program `ollama`: each step has a server of its own, which ends with it."""

import json
import os
import sys
import tempfile
import urllib.request

from metaflow import FlowSpec, ollama, step

PROGRAM = """
import json, os, sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

MODELS = set()

class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.say(200, {"models": []})

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path == "/api/pull":
            MODELS.add(asked["model"])
            self.say(200, {"status": "success"})
        elif asked["model"] in MODELS:
            self.say(200, {"response": f"{asked['model']}: {asked.get('prompt', '')}", "server": os.getpid()})
        else:
            self.say(404, {"error": "model not found"})

    def say(self, status, document):
        data = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

host, port = os.environ["OLLAMA_HOST"].split(":")
ThreadingHTTPServer((host, int(port)), Handler).serve_forever()
"""

FOLDER = tempfile.TemporaryDirectory()
with open(os.path.join(FOLDER.name, "ollama"), "w") as file:
    file.write(f"#!{sys.executable}\n{PROGRAM}")
os.chmod(file.name, 0o755)
os.environ["PATH"] = FOLDER.name + os.pathsep + os.environ["PATH"]
os.environ["OLLAMA_MODELS"] = FOLDER.name


def generate(model, prompt):
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    address = f"http://{os.environ['OLLAMA_HOST']}/api/generate"
    with opener.open(address, json.dumps({"model": model, "prompt": prompt}).encode(), timeout=60) as answer:
        return json.loads(answer.read())


def is_alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


class BesideOllama(FlowSpec):
    @ollama(models=["small", "large:7b"])
    @step
    def start(self):
        first, second = generate("small", "hello"), generate("large:7b", "hello")
        self.said = first["response"], second["response"], first["server"] == second["server"]
        self.server = first["server"]
        self.names = ["a", "b", "c"]
        self.next(self.each, foreach="names")

    @ollama(models=["small"], timeout_config={"pull": 60})
    @step
    def each(self):
        self.word = generate("small", self.input)["response"]
        self.next(self.collect)

    @step
    def collect(self, inputs):
        self.words = [one.word for one in inputs]
        self.merge_artifacts(inputs, include=["said", "server"])
        self.next(self.end)

    @step
    def end(self):
        self.left = is_alive(self.server), "OLLAMA_HOST" in os.environ
        self.server = None  # which differs from run to run


if __name__ == "__main__":
    BesideOllama()
