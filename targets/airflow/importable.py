"""`python -m flowport.targets.airflow.importable FILE`: whether the Airflow of this Python takes a DAG file; exits with 1 and says why."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from importlib.util import find_spec
from typing import Any


def main(path: str) -> int:
    """Read the folder of a file as Airflow does."""
    place = "airflow.dag_processing.dagbag" if find_spec("airflow.sdk") else "airflow.models.dagbag"
    bag: Any = import_module(place).DagBag(os.path.dirname(path))
    for error in bag.import_errors.values():
        print(error.strip())
    if not bag.import_errors and not bag.dags:
        print("Airflow finds no DAG in it")
    return int(bool(bag.import_errors) or not bag.dags)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
