"""`@ollama`, and `OllamaManager` for steps that start it themselves: a server of Ollama with its models, for as long as a step runs."""

from __future__ import annotations

import fcntl
import os
import tempfile
import time
from contextlib import contextmanager

from flowport.runtime.checkpoints.files import in_threads
from flowport.runtime.launchers.command import program
from flowport.runtime.names.current import current
from flowport.runtime.process.nodes import LOOPBACK
from flowport.runtime.serving.breaker import CircuitBreaker, Guard, report
from flowport.runtime.serving.errors import OllamaException
from flowport.runtime.serving.http import Answered, Unreachable, ask, ask_for_lines
from flowport.runtime.serving.model_cache import ModelCache
from flowport.runtime.serving.ports import Port
from flowport.runtime.serving.server import Server
from flowport.runtime.serving.watch import Watch
from flowport.runtime.store.open import open_store

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

PORT = 11434
"""Where clients of Ollama look for a server, unless `OLLAMA_HOST` says otherwise."""

HOST = "OLLAMA_HOST"

MISSING = "install Ollama in the image of the step, or where the flow runs (ollama.com/download)"

TIMEOUTS: Mapping[str, float] = {"pull": 600, "stop": 30, "health_check": 5, "install": 60, "server_startup": 300}
BREAKER: Mapping[str, float] = {"failure_threshold": 3, "recovery_timeout": 60, "reset_timeout": 30}
"""The defaults of `timeout_config` and of `circuit_breaker_config`, in seconds and in failures."""


class OllamaManager:
    """A server with `models`, from its construction until `terminate_models`.

    The store of the run has models for the next step, unless `remote_storage_root` names another one. `flow_datastore_backend` and
    `status_card` are taken as Metaflow's are, and not needed.
    """

    def __init__(
        self,
        models: Sequence[str],
        backend: str = "local",
        flow_datastore_backend: object = None,
        remote_storage_root: str | None = None,
        force_pull: bool = False,
        cache_update_policy: str = "auto",
        force_cache_update: bool = False,
        debug: bool = False,
        circuit_breaker_config: Mapping[str, float] | None = None,
        timeout_config: Mapping[str, float] | None = None,
        status_card: object = None,
        skip_push_check: bool | None = None,
    ) -> None:
        if backend != "local":
            raise ValueError(f'`backend` of `@ollama` is `{backend}`: write `backend="local"`, the only one that there is')
        self.models = [models] if isinstance(models, str) else [*dict.fromkeys(models)]
        self._is_loud, self._force_pull = debug, force_pull
        self._policy = _policy("force" if force_cache_update else cache_update_policy, skip_push_check)
        self._timeouts = {**TIMEOUTS, **(timeout_config or {})}
        self._store = open_store(remote_storage_root) if remote_storage_root else current._store
        self._command = [*program("ollama", "ollama", MISSING, OllamaException), "serve"]
        self._port, self._host = Port(PORT), os.environ.get(HOST)
        self._server: Server | None = None
        self._guard: Guard | None = None
        self.circuit_breaker = CircuitBreaker({**BREAKER, **(circuit_breaker_config or {})})
        self._watch = Watch(self.circuit_breaker, self._is_running, self._answers, self._restart)
        try:
            self._begin()
        except BaseException:
            self.terminate_models()
            raise

    @property
    def ollama_url(self) -> str:
        """The address of the server."""
        return f"http://{LOOPBACK}:{self._port.number}"

    def terminate_models(self, skip_push_check: bool | None = None) -> None:
        """End the server. Models were put into the store before, so `skip_push_check` comes too late to change that."""
        self._watch.stop()
        if self._guard is not None:
            self._guard.remove()
        if self._server is not None:
            self._server.stop(self._timeouts["stop"])
            self._server = None
        self._port.release()
        if self._host is None:
            os.environ.pop(HOST, None)
        else:
            os.environ[HOST] = self._host

    def _begin(self) -> None:
        self._start()
        os.environ[HOST] = f"{LOOPBACK}:{self._port.number}"
        cache = None if self._store is None else ModelCache(self._store, _folder(), current.flow_name or "", current._branch)
        in_threads(lambda model: self._provide(model, cache), self.models)
        for model in self.models:
            self._load(model)
        self._guard = Guard(self.circuit_breaker, self.ollama_url)
        self._watch.start()

    def _start(self) -> bool:
        """Start the server, and wait until it answers; False if nobody needs it any more."""
        # Ollama removes at its start what no manifest names, which may be what the server of another task is just pulling.
        variables = {HOST: f"{LOOPBACK}:{self._port.number}", "HOME": _home(), "OLLAMA_MODELS": _folder(), "OLLAMA_NOPRUNE": "1"}
        self._server = Server(self._command, variables, self._is_loud, OllamaException)
        longer = '@ollama(timeout_config={"server_startup": 600})'
        return self._server.wait(self._answers, self._timeouts["server_startup"], longer, lambda: self._watch.is_over)

    def _is_running(self) -> bool:
        return self._server is not None and self._server.is_running

    def _answers(self) -> bool:
        try:
            ask(f"{self.ollama_url}/api/tags", seconds=self._timeouts["health_check"])
        except (Answered, Unreachable):
            return False
        return True

    def _restart(self) -> bool:
        """Start the server again; False if it does not answer."""
        report("the server does not answer and is started again")
        if self._server is not None:
            self._server.stop(self._timeouts["stop"])
        try:
            return self._start()
        except OllamaException as error:
            report(str(error))
            return False

    def _provide(self, model: str, cache: ModelCache | None) -> None:
        """Have a model on this machine: it is there, or in the store, or is pulled."""
        is_pulled = False
        if self._force_pull or not self._has(model):
            with _turn():
                is_pulled = self._fetch(model, cache)
        is_kept = self._policy == "force" or (self._policy == "auto" and is_pulled and cache is not None and cache.is_remote)
        if cache is not None and is_kept and not cache.put(model):
            print(f"@ollama: the files of `{model}` are not in `{cache.folder}`, so they are not kept in the store")

    def _fetch(self, model: str, cache: ModelCache | None) -> bool:
        """Have it from the store or the internet; True if it was pulled."""
        if not self._force_pull and (self._has(model) or (cache is not None and cache.fetch(model) and self._has(model))):
            return False
        self._pull(model)
        if not self._has(model):
            raise OllamaException(f"`@ollama` pulled `{model}`, and the server does not have it")
        return True

    def _has(self, model: str) -> bool:
        try:
            ask(f"{self.ollama_url}/api/show", {"model": model}, 60)
        except Answered:
            return False
        except Unreachable as error:
            raise self._gone(error) from error
        return True

    def _pull(self, model: str) -> None:
        print(f"@ollama: pulling {model}")
        began, seconds = time.monotonic(), self._timeouts["pull"]
        status = ""
        try:
            for line in ask_for_lines(f"{self.ollama_url}/api/pull", {"model": model}, seconds):
                status = line.get("status", "")
                if "error" in line:
                    raise OllamaException(f"`{model}` cannot be pulled: {line['error']}")
        except Answered as error:
            raise OllamaException(f"`{model}` cannot be pulled: {error.text or error}") from error
        except Unreachable as error:
            if not self._is_running():
                raise self._gone(error) from error
            longer = '`@ollama(timeout_config={"pull": 3600})`'
            late = f": give it longer with {longer}" if time.monotonic() - began >= seconds else ""
            raise OllamaException(f"`{model}` cannot be pulled: {error}{late}") from error
        if status != "success":
            raise OllamaException(f"`{model}` cannot be pulled: the server ended its answer with `{status}`")

    def _load(self, model: str) -> None:
        """Have the server load a model, so that the first request need not wait, and a machine that is too small is known now."""
        try:
            ask(f"{self.ollama_url}/api/generate", {"model": model, "stream": False}, self._timeouts["server_startup"])
        except Answered as error:
            if "does not support" not in error.text:  # as that of a model for embeddings, which generates nothing
                raise OllamaException(f"`{model}` cannot be loaded: {error.text or error}") from error
        except Unreachable as error:
            raise self._gone(error, f"`{model}` cannot be loaded: {error}") from error

    def _gone(self, error: Exception, otherwise: str = "") -> OllamaException:
        """The exception for a server that does not answer any more."""
        said = self._server.said() if self._server is not None else ""
        what = "ended" if not self._is_running() else "does not answer"
        return OllamaException(f"{otherwise or '`ollama serve` ' + what + f': {error}'}{said}")


def _policy(policy: str, skip_push_check: bool | None) -> str:
    """When models are put into the store. `skip_push_check` is what earlier versions of Metaflow's package had instead."""
    return policy if skip_push_check is None else "never" if skip_push_check else "force"


def _home() -> str:
    """The home folder, where Ollama has its key; one that every user has where this one has none."""
    home = os.path.expanduser("~")
    return home if os.path.isabs(home) else tempfile.gettempdir()


def _folder() -> str:
    """The folder of Ollama's models."""
    return os.environ.get("OLLAMA_MODELS") or os.path.join(_home(), ".ollama", "models")


@contextmanager
def _turn() -> Iterator[None]:
    """Wait until no other task of this machine pulls a model, which would write to the same files."""
    folder = _folder()
    try:
        os.makedirs(folder, exist_ok=True)
        lock = os.open(os.path.join(folder, ".flowport.lock"), os.O_RDWR | os.O_CREAT, 0o666)
    except OSError:  # the folder cannot be written: the server says so if it has to write there
        yield
        return
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)
