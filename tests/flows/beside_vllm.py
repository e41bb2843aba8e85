"""Models of vLLM in and beside steps, and a model of `@nim` that is called like a function, all from a stand-in for the package `vllm`."""

import os
import sys
import tempfile

from metaflow import FlowSpec, current, nim, step, vllm

PACKAGE = """
class LLM:
    def __init__(self, model, **engine_args):
        self.about = model, engine_args

    def generate(self, prompts):
        return [f"{self.about[0]}: {prompt}" for prompt in prompts]
"""

SERVER = """
import json, sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

options = dict(zip(sys.argv[1::2], sys.argv[2::2]))

class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.say({"data": [{"id": options["--served-model-name"]}]})

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        text = f"{asked['model']} with {options['--max-model-len']}: {asked['messages'][-1]['content']}"
        self.say({"choices": [{"message": {"content": text}}], "path": self.path})

    def say(self, document):
        data = json.dumps(document).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

ThreadingHTTPServer((options["--host"], int(options["--port"])), Handler).serve_forever()
"""

FOLDER = tempfile.TemporaryDirectory()
INSIDE = os.path.join(FOLDER.name, "vllm", "entrypoints", "openai")
os.makedirs(INSIDE)
for name, text in {"vllm/__init__.py": PACKAGE, "vllm/entrypoints/openai/api_server.py": SERVER}.items():
    with open(os.path.join(FOLDER.name, *name.split("/")), "w") as file:
        file.write(text)
sys.path.insert(0, FOLDER.name)
os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, (FOLDER.name, os.environ.get("PYTHONPATH"))))


@nim(models=["org/small"])
class BesideVLLM(FlowSpec):
    @vllm(model="org/small", engine_args={"max_model_len": 128, "enforce_eager": True})
    @step
    def start(self):
        self.generated = current.vllm.llm.generate(["a", "b"]), current.vllm.llm.about[1]
        self.words = ["x", "y"]
        self.next(self.each, foreach="words")

    @vllm(model="org/small", openai_api_server=True, engine_args={"max_model_len": 64})
    @step
    def each(self):
        os.environ["NVIDIA_BASE_URL"] = current.vllm.local_endpoint
        answer = current.nim.models["org/small"](messages=[{"role": "user", "content": self.input}])
        self.word = answer["choices"][0]["message"]["content"], answer["path"], current.vllm.model_name
        self.next(self.collect)

    @step
    def collect(self, inputs):
        self.answers = [one.word for one in inputs]
        self.generated = inputs[0].generated
        self.next(self.end)

    @nim(models=["org/other"])
    @step
    def end(self):
        self.models = [*current.nim.models]


if __name__ == "__main__":
    BesideVLLM()
