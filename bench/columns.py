"""A join that reads one small artifact of a million items, from 1,000 slices in a folder store.

Peer: a file per slice with one pickled list, read, hashed (SHA-256) and unpickled. It has its values in one piece; a column keeps each
value apart, so that one row can be read, replaced and taken over alone.
"""

from __future__ import annotations

import hashlib
import pickle
import subprocess
import sys
import tempfile
import time

SLICES = 1000
ITEMS = 1000
KINDS = ("number", "text", "record")


def value(kind: str, item: int) -> object:
    """The artifact of an item."""
    return {"number": item, "text": f"item {item}", "record": {"loss": item / 7, "depth": item % 9}}[kind]


def resident(name: str) -> int:
    """Memory of this process in bytes: `VmRSS` now, `VmHWM` at most."""
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) << 10 for line in status if line.startswith(name))


def write(folder: str, kind: str) -> str:
    """Store the slices both ways."""
    from flowport.runtime.store import codec, packs, row_ranges
    from flowport.runtime.store.folder import FolderStore

    store = FolderStore(folder)
    cols = []
    for number in range(SLICES):
        values = [value(kind, number * ITEMS + item) for item in range(ITEMS)]
        packer = packs.Packer()
        cols.append(packer.add([codec.encode(item, store) for item in values], row_ranges.full(ITEMS)))
        packer.close(store)
        with open(f"{folder}/{number}.pickle", "wb") as file:
            file.write(pickle.dumps(values, 5))
    with open(f"{folder}/cols", "wb") as file:
        pickle.dump(cols, file)
    return "- -"


def ours(folder: str, _: str) -> str:
    """Read every value through the columns; seconds and the memory at most beyond what the values take."""
    from flowport.runtime.store import packs
    from flowport.runtime.store.folder import FolderStore

    with open(f"{folder}/cols", "rb") as file:
        cols = pickle.load(file)
    store = FolderStore(folder)
    start = time.perf_counter()
    values: list[object] = []
    for col in cols:
        values += packs.values(store, col)
    took = time.perf_counter() - start
    return f"{took} {max(0, resident('VmHWM') - resident('VmRSS'))}"


def peer(folder: str, _: str) -> str:
    start = time.perf_counter()
    values: list[object] = []
    for number in range(SLICES):
        with open(f"{folder}/{number}.pickle", "rb") as file:
            data = file.read()
        hashlib.sha256(data).hexdigest()
        values += pickle.loads(data)
    took = time.perf_counter() - start
    return f"{took} {max(0, resident('VmHWM') - resident('VmRSS'))}"


def measured(what: str, folder: str, kind: str) -> list[str]:
    """One of the functions above in a process of its own."""
    return subprocess.run([sys.executable, __file__, what, folder, kind], check=True, capture_output=True, text=True).stdout.split()


def main() -> None:
    for kind in KINDS:
        with tempfile.TemporaryDirectory() as folder:
            measured("write", folder, kind)
            mine = min([measured("ours", folder, kind) for _ in range(3)], key=lambda row: float(row[0]))
            plain = min([measured("peer", folder, kind) for _ in range(3)], key=lambda row: float(row[0]))
        seconds, other = float(mine[0]), float(plain[0])
        print(f"a million values ({kind}), read | {seconds:.2f} s | a pickle per slice {other:.2f} s | {seconds / other:.1f} | under 2 s")
        print(f"a million values ({kind}), memory beyond them | {int(mine[1]) >> 20} MiB | {int(plain[1]) >> 20} MiB | - | under 150 MB")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(globals()[sys.argv[1]](*sys.argv[2:]))
    else:
        main()
