"""A NumPy array of 256 MiB through the codec and a folder store, against plain code that writes, hashes and reads the same bytes.

Each side runs in a process of its own, one after the other, several times; the best time counts. Peak memory is that of the process,
less what it had before it made the array.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
import time

SIZE = 256 << 20
TIMES = 5


def resident() -> int:
    """The most memory that this process had, in bytes."""
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) << 10 for line in status if line.startswith("VmHWM:"))


def store(folder: str) -> str:
    """Store an array as a step would; prints seconds and peak memory as a multiple of the array."""
    import numpy as np

    from flowport.runtime.store import codec
    from flowport.runtime.store.folder import FolderStore

    opened = FolderStore(folder)
    codec.encode(np.zeros(1 << 20, dtype=np.uint8), opened)
    before = resident()
    array = np.random.default_rng(0).random(SIZE // 8)
    start = time.perf_counter()
    entry = codec.encode(array, opened)
    return f"{time.perf_counter() - start} {(resident() - before) / SIZE} {entry.hex()}"


def load(folder: str, entry: str) -> str:
    """Load it as a later step would, and look at every number."""
    import numpy as np

    from flowport.runtime.store import codec
    from flowport.runtime.store.folder import FolderStore

    opened = FolderStore(folder)
    codec.decode(codec.encode(np.zeros(5 << 20, dtype=np.uint8), opened), opened)
    before = resident()
    start = time.perf_counter()
    array = codec.decode(bytes.fromhex(entry), opened)
    took = time.perf_counter() - start
    return f"{took} {(resident() - before) / SIZE} {array.sum()}"  # type: ignore[attr-defined]


def plain_store(folder: str) -> str:
    import numpy as np

    before = resident()
    array = np.random.default_rng(0).random(SIZE // 8)
    start = time.perf_counter()
    with open(f"{folder}/plain", "wb", buffering=0) as file:
        file.write(array.data.cast("B"))
    hashlib.sha256(array.data).hexdigest()
    return f"{time.perf_counter() - start} {(resident() - before) / SIZE} -"


def plain_load(folder: str, _: str) -> str:
    import numpy as np

    before = resident()
    start = time.perf_counter()
    with open(f"{folder}/plain", "rb", buffering=0) as file:
        data = bytearray(SIZE)
        file.readinto(data)
    hashlib.sha256(data).hexdigest()
    array = np.frombuffer(data)
    took = time.perf_counter() - start
    return f"{took} {(resident() - before) / SIZE} {array.sum()}"


def measured(what: str, *arguments: str) -> tuple[float, float, str]:
    """One of the functions above in a process of its own."""
    done = subprocess.run([sys.executable, __file__, what, *arguments], check=True, capture_output=True, text=True)
    seconds, memory, rest = done.stdout.split()
    return float(seconds), float(memory), rest


def main() -> None:
    ours: list[tuple[float, float]] = []
    plain: list[tuple[float, float]] = []
    memory: list[float] = []
    for _ in range(TIMES):
        with tempfile.TemporaryDirectory() as folder:
            os.mkdir(f"{folder}/store")
            stored, stored_memory, entry = measured("store", f"{folder}/store")
            loaded, loaded_memory, total = measured("load", f"{folder}/store", entry)
            ours.append((stored, loaded))
            memory += [stored_memory, loaded_memory]
            written, _, _ = measured("plain_store", folder)
            read, _, plain_total = measured("plain_load", folder, "-")
            assert total == plain_total
            plain.append((written, read))
    for place, what in enumerate(("store", "load")):
        mine, peer = min(pair[place] for pair in ours), min(pair[place] for pair in plain)
        print(f"{what} 256 MiB array | {mine * 1e3:.0f} ms | plain code {peer * 1e3:.0f} ms | {mine / peer:.2f} | 1")
    mine, peer = min(sum(pair) for pair in ours), min(sum(pair) for pair in plain)
    print(f"store and load 256 MiB array | {mine * 1e3:.0f} ms | plain code {peer * 1e3:.0f} ms | {mine / peer:.2f} | 1")
    print(f"peak memory of either | {max(memory):.2f} x the array | 1.00 x | {max(memory):.2f} | 1.1")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(globals()[sys.argv[1]](*sys.argv[2:]))
    else:
        main()
