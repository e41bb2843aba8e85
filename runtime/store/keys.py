"""The keys of documents. A key is a path of parts joined by `/`; names of users are encoded (`part`)."""

from __future__ import annotations

from flowport.runtime.store.errors import StoreError

ATTEMPT, LOG = ".attempt", ".log"
"""What the names of the folders of attempts and of logs end with, behind the slice."""

NODES = ".nodes/"
"""What follows the key of a log in those of the other nodes of its gang, where each has a container of its own."""

CHECKPOINTS = "step-checkpoints"
"""The folder of a run's checkpoints. No step has a name with a hyphen, so no other folder in a run is called like this."""

LIVE = "step-live"
"""The folder of what tasks of a run say while they run. No step has a name with a hyphen."""

SAFE = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.+=@!'()")


def part(text: str) -> str:
    """`text` as one part of a key: percent-encoded UTF-8, but for letters, digits and `-_.+=@!'()`; `.` and `..` are encoded too.

    RFC 3986 with a set of characters that S3 lists as safe, so that a plain name stays as it is.
    """
    if text in (".", ".."):
        return text.replace(".", "%2E")
    raw = text.encode("utf-8", "surrogatepass")
    if SAFE.issuperset(raw):
        return text
    return "".join([chr(byte) if byte in SAFE else f"%{byte:02X}" for byte in raw])


def unpart(text: str) -> str:
    """The name that `part` encoded; raises ValueError where it never wrote such a text, as for `50%`."""
    if "%" not in text and text not in ("", ".", "..") and SAFE.issuperset(text.encode("utf-8", "surrogatepass")):
        return text
    head, *rest = text.split("%")
    raw = bytearray(head.encode("utf-8", "surrogatepass"))
    for piece in rest:
        raw.append(int(piece[:2], 16))
        raw += piece[2:].encode("utf-8", "surrogatepass")
    name = raw.decode("utf-8", "surrogatepass")
    if part(name) != text or not name:
        raise ValueError(f"{text!r} is no name that flowport gives")
    return name


def names(folders: list[str]) -> tuple[list[str], list[str]]:
    """The names that folders in a store stand for, and the folders that flowport did not make."""
    found, foreign = [], []
    for folder in folders:
        try:
            found.append(unpart(folder))
        except ValueError:
            foreign.append(folder)
    return found, foreign


def before(prefix: str) -> str | None:
    """A path right before all keys that begin with `prefix`, to list from there on; None where there is none that obstore takes."""
    code = ord(prefix[-1]) - 1
    while code in (0x2F, 0x7F) or 0xD800 <= code < 0xE000:
        code -= 1
    return f"{prefix[:-1]}{chr(code)}~" if code >= 0x20 else None


FLOWS = "flows/"
"""The folder of all flows. Beside it are `blobs/` and `code/`, and in a folder store `tmp/`."""


END_OF_TIME = 253_402_300_800_000
"""The end of the year 9999 in milliseconds since 1970: the numbers of the index count down to it."""


def runs_folder(flow: str) -> str:
    """The folder of a flow's runs."""
    return f"{flow_folder(flow)}runs/"


SPIN = "spin-"
"""What the id of a spin begins with: a step that ran again by itself."""


def is_spin(run: str) -> bool:
    """Whether this is the id of a spin, such as `spin-20261121-071334-c8996f`."""
    return run.startswith(SPIN) and len(run) == 27 and run[13] == run[20] == "-" and run[5:13].isdecimal() and run[14:20].isdecimal()


STARTED, DONE = "started", "done"
"""The lists of the index with all runs of a flow, and with those that are done."""

LISTED = 100
"""Up to how many characters a tag is the name of a folder, encoded; a longer one has a digest instead."""


def flow_folder(flow: str) -> str:
    """The folder of everything that is kept of a flow."""
    return f"{FLOWS}{part(flow)}/"


def index_folder(flow: str, listed: str = "") -> str:
    """The folder of the index of a flow's runs, or of one of its lists: `<number>/<run>`, where later runs have lower numbers."""
    return f"{flow_folder(flow)}index/{listed}{'/' if listed else ''}"


def old_index_folder(flow: str) -> str:
    """The folder of the index that has the runs of earlier versions: all of them, and nothing of how they ended."""
    return f"{flow_folder(flow)}started/"


def table_folder(flow: str) -> str:
    """The folder of the table of a flow's runs: `changes/<number>/<run>`, and `chunks/` that have what these say."""
    return f"{flow_folder(flow)}table/"


def gate(flow: str, branch: str) -> str:
    """The document that says what has come for the next run of a flow, on a branch of its project, and which run began last."""
    return f"{flow_folder(flow)}gate/{part(branch) if branch else 'gate'}.json"


def tagged(listed: str, tag: str) -> str:
    """The list of the runs that a list has and that have a tag."""
    name = part(tag)
    if len(name) > LISTED:
        from flowport.runtime.store import digests

        name = digests.of(name.encode())
    return f"{listed}-tagged/{name}"


def hub_cache(flow: str, name: str) -> str:
    """What the keys of the documents begin with that say which files a repository of the Hugging Face Hub has; "" is all flows."""
    return f"{flow_folder(flow) if flow else ''}hub-cache/{name}@"


def model_cache(flow: str, name: str) -> str:
    """What the keys of the documents begin with that say which files a model of Ollama has; "" is no flow."""
    return f"{flow_folder(flow) if flow else ''}ollama-models/{name}@"


class Keys:
    """The keys of one run's documents; `id` is what the run is called.

    flows/<flow>/index/started/<number>/<run>                           an empty entry of the index, the latest run first
                      /done/<number>/<run>                              the same of a run that is done
                      /started-tagged/<tag>/<number>/<run>              the same of a run that has or had a tag; `done-tagged` also
    flows/<flow>/table/changes/<number>/<run>                           the row of a run that has ended, the latest change first
                      /chunks/<first>-<last>.json                       the rows of many runs
    flows/<flow>/spins/<run>/                                           the same as below, of a spin: nothing lists it as a run
    flows/<flow>/runs/<run>/run.json                                    the run has begun
                           /tags.json                                   its tags, since they were changed
                           /ended.json                                  it has ended
                           /heartbeat                                   something of it runs
                           /deleting.json                               `flowport gc` is deleting it: nothing may be taken over from it
                           /input.json                                  what it is to be started with
                           /local.json                                  where its source is on this machine
                           /hooks/<time>-<id>.json                      what became of its exit hooks, each time that it ended
                           /replaced.json                               of a spin: artifacts that it was given instead of the run's
                           /s3-data/                                    what its steps store with `S3(run=self)`
                           /step-checkpoints/<step>/<item>/<n>.json     a checkpoint of an item; its files are `<n>/<number>`
                           /step-metrics/<names>/<number>.json          the last values of metrics that a task logged, the latest task first
                           /step-models/<digest>.json                   the files of a model, which are blobs
                           /step-live/signs/<step>/<slice>/<id>         that an attempt runs, with the end of its log
                                     /logs/<step>/<slice>/<id>/<start>  what it printed before, from this byte on
                           /steps/<step>/<slice>@<generation>.json      a manifest, and its `.route.json` and `.rest.json`
                                        /<slice>.attempt/<epoch>-<n>    what an attempt did
                                                        /round-<id>/<i> what node i of a gang says, where each has a container of its own;
                                                                       `<n>-<i>` of the n-th round where an engine may repeat the id
                                                        /cards/<row>/<epoch>-<n>  the cards of an item of an attempt that runs or failed
                                        /<slice>.log/<epoch>-<n>        what it printed
                                                    /<epoch>-<n>.nodes/<i>  what node i printed, where it had a container of its own
    """

    __slots__ = ("flow", "id", "root", "steps")

    def __init__(self, flow: str, run: str) -> None:
        self.flow, self.id = flow, run
        folder = f"{flow_folder(flow)}spins/" if is_spin(run) else runs_folder(flow)
        self.root = f"{folder}{part(run)}/"
        self.steps = self.root + "steps/"

    def run(self) -> str:
        return self.root + "run.json"

    def started(self, seconds: float, listed: str = STARTED) -> str:
        """The entry of a list of the index for a run that started at this time, in seconds since 1970."""
        return f"{index_folder(self.flow, listed)}{END_OF_TIME - int(seconds * 1000):015}/{part(self.id)}"

    def changed(self, seconds: float) -> str:
        """The entry of a change of the run's row in the table of runs, at this time, in seconds since 1970."""
        return f"{table_folder(self.flow)}changes/{END_OF_TIME - int(seconds * 1000):015}/{part(self.id)}"

    def tags(self) -> str:
        return self.root + "tags.json"

    def ended(self) -> str:
        return self.root + "ended.json"

    def heartbeat(self) -> str:
        return self.root + "heartbeat"

    def deleting(self) -> str:
        return self.root + "deleting.json"

    def input(self) -> str:
        return self.root + "input.json"

    def local(self) -> str:
        return self.root + "local.json"

    def replaced(self) -> str:
        return self.root + "replaced.json"

    def hooks(self) -> str:
        """The folder of what became of the exit hooks, with its slash; the last document is the newest."""
        return self.root + "hooks/"

    def data(self) -> str:
        """The folder of the objects that steps store with `S3(run=self)`, with its slash; their keys are the user's."""
        return self.root + "s3-data/"

    def checkpoints(self, step: str, item: str) -> str:
        """The folder of the checkpoints of one item, with its slash."""
        return f"{self.root}{CHECKPOINTS}/{part(step)}/{part(item)}/"

    def metrics(self, names: str = "", ended: float = 0.0) -> str:
        """Where the last values of a task's metrics are, by a digest of their names; or the folder of these documents, with its slash."""
        folder = f"{self.root}step-metrics/"
        return f"{folder}{names}/{END_OF_TIME - int(ended * 1000):015}.json" if names else folder

    def model(self, digest: str) -> str:
        """Where it is said which files a model has, by the digest of this document."""
        return f"{self.root}step-models/{digest}.json"

    def signs(self, step: str = "", slice: str = "") -> str:
        """The folder of the signs of life of a run, of a step or of a task, with its slash."""
        return f"{self.root}{LIVE}/signs/" + (f"{part(step)}/" if step else "") + (f"{slice}/" if slice else "")

    def live_log(self, step: str, slice: str, id: str) -> str:
        """The folder of what a running attempt printed, with its slash; the documents in it are named by their first byte."""
        return f"{self.root}{LIVE}/logs/{part(step)}/{slice}/{id}/"

    def step(self, step: str) -> str:
        """The folder of a step's documents, with its slash."""
        return f"{self.steps}{part(step)}/"

    def series(self, step: str, slice: str) -> str:
        """What the keys of all generations of a manifest begin with."""
        return f"{self.step(step)}{slice}@"

    def manifest(self, step: str, slice: str, generation: int) -> str:
        return f"{self.series(step, slice)}{generation}.json"

    def route(self, step: str, slice: str, generation: int) -> str:
        return f"{self.series(step, slice)}{generation}.route.json"

    def rest(self, step: str, slice: str, turn: int, generation: int) -> str:
        """Where a fused rest that began at `turn` says who left the loop on which way."""
        return f"{self.step(step)}{slice}.t{turn}@{generation}.rest.json"

    def attempts(self, step: str, slice: str, epoch: int) -> str:
        """The prefix of the keys of attempts of one epoch, before their number."""
        return f"{self.step(step)}{slice}{ATTEMPT}/{epoch}-"

    def round(self, step: str, slice: str, round: str) -> str:
        """The folder in which the nodes of a gang meet, with its slash; `round` identifies the attempt to the engine."""
        return f"{self.step(step)}{slice}{ATTEMPT}/round-{part(round)}/"

    def live_cards(self, step: str, slice: str, row: int) -> str:
        """The folder of what attempts of an item have shown on cards that are in no manifest, with its slash: `<epoch>-<n>`."""
        return f"{self.step(step)}{slice}{ATTEMPT}/cards/{row}/"

    def logs(self, step: str, slice: str) -> str:
        """The folder of the logs of a task, with its slash."""
        return f"{self.step(step)}{slice}{LOG}/"

    def log(self, step: str, slice: str, epoch: int, number: int) -> str:
        return f"{self.logs(step, slice)}{epoch}-{number}"


def code_key(digest: str) -> str:
    """Where a code package is."""
    return f"code/{digest}.zip"


def blob_key(sha: str) -> str:
    """Where a blob is."""
    return f"blobs/{sha[:2]}/{sha}"


REMOVED = "blobs/removed/"
"""Where blobs that `flowport gc` has removed stay for a while, in a folder for each collection: a reader that misses one looks there."""


def removed_key(collection: str, sha: str) -> str:
    """Where a collection puts a blob that it removes."""
    return f"{REMOVED}{collection}/{sha}"


def is_sha(name: object) -> bool:
    """Whether this is a SHA-256 in hex, as blobs and code packages are named: nothing else may lead to a file or a folder."""
    return isinstance(name, str) and len(name) == 64 and not name.strip("0123456789abcdef")


def checked(key: str) -> str:
    """The key; raises StoreError when it could lead out of the store, or could be read in two ways."""
    for part in key.split("/"):
        if part in ("", ".", "..") or "\0" in part:
            raise StoreError(f"the store takes no key like {key!r}: its parts are names, neither empty nor `.` nor `..`")
    return key
