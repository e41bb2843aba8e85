"""A file with the value of an artifact, in the form that people and other tools can open."""

from __future__ import annotations

import os
import pickle

from flowport.runtime.store import documents


def write_artifact(folder: str, name: str, value: object) -> str:
    """Write a value to a file in a folder, and return its path. Raises what pickling raises.

    Texts become `name.txt`, bytes `name.bin`, what JSON can hold `name.json`, and everything else a pickle, `name.pkl`.
    """
    ending, data = _form(value)
    path = os.path.join(folder, f"{name}.{ending}")
    with open(path, "wb") as file:
        if data is None:
            pickle.dump(value, file, 5)
        else:
            file.write(data)
    return path


def _form(value: object) -> tuple[str, bytes | None]:
    """The ending of the file, and its content; None for a pickle."""
    if isinstance(value, str):
        return "txt", value.encode("utf-8", "surrogatepass")
    if isinstance(value, bytes | bytearray):
        return "bin", bytes(value)
    if type(value) in (dict, list, int, float, bool, type(None)):
        try:
            data = documents.dump(value)
            if documents.load(data) == value:  # keys are texts, and there are no tuples
                return "json", data
        except (TypeError, ValueError, RecursionError):
            return "pkl", None  # it has something else in it
    return "pkl", None
