"""Stands for the program `ollama`: its server answers as Ollama's does, and notes what it is asked for.

`install(folder)` puts it there. Some models are special: `broken` cannot be pulled, `slow` takes for ever, `huge` cannot be loaded, and
`embedder` only embeds.
`FAKE_OLLAMA` names how the server itself behaves: it `dies`, is `silent`, or `stubborn` when it is asked to end,
or only the `first` server serves.
"""

from __future__ import annotations

import hashlib
import json
import os
import signal
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


def install(folder: Path) -> Ollama:
    """Put the program into `folder/bin`."""
    (folder / "bin").mkdir(parents=True, exist_ok=True)
    program = folder / "bin" / "ollama"
    program.write_text(f"#!{sys.executable}\n" + Path(__file__).read_text(encoding="utf-8") + f"\n\nmain({str(folder)!r})\n")
    program.chmod(0o755)
    return Ollama(folder)


class Ollama:
    """What the program was asked for."""

    def __init__(self, folder: Path) -> None:
        self.folder = Path(folder)

    @property
    def asked(self) -> list[str]:
        """The paths of requests and their models, without those that only look."""
        return self._lines("asked")

    @property
    def processes(self) -> list[int]:
        """The process ids of all servers."""
        return [int(line) for line in self._lines("pids")]

    @property
    def addresses(self) -> list[str]:
        """The addresses of all servers."""
        return self._lines("addresses")

    @property
    def alive(self) -> list[int]:
        """The servers that still run."""
        return [pid for pid in self.processes if _is_alive(pid)]

    def note(self, name: str, line: str) -> None:
        with open(self.folder / name, "a", encoding="utf-8") as file:
            file.write(line + "\n")

    def _lines(self, name: str) -> list[str]:
        path = self.folder / name
        return path.read_text(encoding="utf-8").splitlines() if path.exists() else []


def _is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


class Models:
    """The models in the folder that `OLLAMA_MODELS` names, in Ollama's layout."""

    def __init__(self) -> None:
        self.folder = Path(os.environ.get("OLLAMA_MODELS") or Path(os.environ["HOME"], ".ollama", "models"))

    def manifest(self, model: str) -> Path:
        name, _, tag = model.partition(":")
        owner = "registry.example/library" if "/" not in name else "registry.example"
        return self.folder / "manifests" / owner / name / (tag or "latest")

    def has(self, model: str) -> bool:
        path = self.manifest(model)
        if not path.exists():
            return False
        found = json.loads(path.read_text())
        return all(self.blob(one["digest"]).exists() for one in (found["config"], *found["layers"]))

    def blob(self, digest: str) -> Path:
        return self.folder / "blobs" / digest.replace(":", "-")

    def pull(self, model: str) -> None:
        listed = []
        for text in (f"config of {model}", f"weights of {model}"):
            digest = "sha256:" + hashlib.sha256(text.encode()).hexdigest()
            self.blob(digest).parent.mkdir(parents=True, exist_ok=True)
            self.blob(digest).write_text(text)
            listed.append({"digest": digest, "size": len(text)})
        path = self.manifest(model)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"config": listed[0], "layers": listed[1:]}))


def main(folder: str) -> None:
    """Serve, as `ollama serve` does."""
    assert sys.argv[1:] == ["serve"], sys.argv
    behaviour, notes, models = os.environ.get("FAKE_OLLAMA", ""), Ollama(Path(folder)), Models()
    notes.note("pids", str(os.getpid()))
    print("fake ollama begins", flush=True)
    if behaviour == "dies" or (behaviour == "first" and len(notes.processes) > 1):
        print("Error: no memory is left", file=sys.stderr)
        sys.exit(3)
    if behaviour == "silent":
        time.sleep(10**6)
    if behaviour == "stubborn":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.say(200, {"models": []})

        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            model, action = asked["model"], self.path.removeprefix("/api/")
            if action != "show":
                notes.note("asked", f"{action} {model}")
            if action == "pull":
                time.sleep(10**6 if model == "slow" else 0)
                failed = {"error": "pull model manifest: file does not exist"}
                if model != "broken":
                    models.pull(model)
                self.say(200, {"status": "pulling manifest"}, failed if model == "broken" else {"status": "success"})
            elif not models.has(model):
                self.say(404, {"error": f"model '{model}' not found"})
            elif action == "generate" and model == "huge":
                self.say(500, {"error": "model requires more system memory (40.1 GiB) than is available (2.0 GiB)"})
            elif action == "generate" and model == "embedder":
                self.say(400, {"error": '"embedder" does not support generate'})
            elif action == "chat":
                self.say(200, {"message": {"role": "assistant", "content": f"{model} says: {asked['messages'][-1]['content'].upper()}"}})
            else:
                self.say(200, {"done": True})

        def say(self, status: int, *documents: object) -> None:
            data = b"".join(json.dumps(document).encode() + b"\n" for document in documents)
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

    host, _, port = os.environ["OLLAMA_HOST"].rpartition(":")
    notes.note("addresses", os.environ["OLLAMA_HOST"])
    ThreadingHTTPServer((host, int(port)), Handler).serve_forever()
