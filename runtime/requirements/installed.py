"""The packages that are installed where this process runs, by the names of pip and of conda."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

_OPENCV = ("opencv-python", "opencv-python-headless", "opencv-contrib-python", "opencv-contrib-python-headless")
PIP_NAMES = {
    **dict.fromkeys(("pytorch", "pytorch-cpu", "pytorch-gpu"), ("torch",)),
    **dict.fromkeys(("opencv", "py-opencv"), _OPENCV),
    **dict.fromkeys(("tensorflow", "tensorflow-base", "tensorflow-cpu", "tensorflow-gpu"), ("tensorflow", "tensorflow-cpu")),
    **dict.fromkeys(("xgboost", "py-xgboost", "py-xgboost-cpu", "py-xgboost-gpu"), ("xgboost", "xgboost-cpu")),
    **dict.fromkeys(("ray-core", "ray-default", "ray-data", "ray-train", "ray-tune", "ray-serve"), ("ray",)),
    "dask-core": ("dask",),
    "docker-py": ("docker",),
    "faiss": ("faiss-cpu", "faiss-gpu"),
    "matplotlib-base": ("matplotlib",),
    "msgpack-python": ("msgpack",),
    "psycopg2": ("psycopg2", "psycopg2-binary"),
    "pyarrow-core": ("pyarrow",),
    "pyqt": ("pyqt5",),
    "pytables": ("tables",),
    "python-duckdb": ("duckdb",),
    "python-graphviz": ("graphviz",),
    "python-kubernetes": ("kubernetes",),
    "python-xxhash": ("xxhash",),
    "redis-py": ("redis",),
    "seaborn-base": ("seaborn",),
}
"""The names of a conda package on PyPI, where they differ; one of them is enough."""

_OTHER_KINDS = ("r-", "_", "gcc_", "gxx_", "gfortran_", "cuda-toolkit", "cuda-nvcc", "cuda-version", "cuda-cudart", "font-ttf-", "perl-")
_OTHERS = frozenset(
    """
    binutils blas boost boost-cpp bzip2 c-compiler ca-certificates clang compilers cuda cudatoolkit cudnn curl cxx-compiler ffmpeg
    fortran-compiler gcc gdal-libs gfortran git glib go graphviz gxx hdf5 icu intel-openmp java-jdk jpeg libblas libcurl libcxx libffi
    libgcc libgcc-ng libgdal libgfortran libgfortran5 libgomp libjpeg-turbo liblapack libopenblas libopencv libpng libpq libprotobuf
    libsndfile libspatialindex libstdcxx libstdcxx-ng libtiff libuuid libxml2 llvm-openmp make maven mkl nccl ncurses nodejs openblas
    openjdk openmp openssl pandoc perl postgresql pytorch-cuda pytorch-mutex r-base readline rust sqlite tk unixodbc wget xz zlib zstd
    """.split()  # noqa: SIM905
)
"""Packages of conda that are no Python, though some have a namesake on PyPI."""


def version(name: str) -> str | None:
    """The version of an installed distribution, by its name on PyPI."""
    found = _distribution(name)
    return found.version if found is not None else None


def of_extras(name: str, extras: tuple[str, ...]) -> Iterator[Requirement]:
    """What the extras of an installed distribution ask for beyond it."""
    found = _distribution(name)
    for text in (found.requires or ()) if found is not None else ():
        read = Requirement(text)
        marker = read.marker
        if marker is None or marker.evaluate({"extra": ""}):
            continue
        if any(marker.evaluate({"extra": str(canonicalize_name(extra))}) for extra in extras):
            yield read


def conda_packages(prefix: str = "") -> dict[str, str] | None:
    """The packages that conda installed here with their versions; None if this is no environment of conda.

    Each has a file `NAME-VERSION-BUILD.json`.
    """
    try:
        files = os.listdir(os.path.join(prefix or sys.prefix, "conda-meta"))
    except OSError:
        return None
    parts = [file.removesuffix(".json").rsplit("-", 2) for file in files if file.endswith(".json")]
    return {each[0].lower(): each[1] for each in parts if len(each) == 3}


def pip_names(name: str) -> tuple[str, ...]:
    """What a conda package may be called on PyPI."""
    return PIP_NAMES.get(name.lower(), (name,))


def is_python(name: str) -> bool:
    """Whether a conda package has Python in it, so that it may be on PyPI."""
    return not (name.lower() in _OTHERS or name.lower().startswith(_OTHER_KINDS))


def is_program(name: str) -> bool:
    """Whether a program of this name can be run here."""
    return shutil.which(name.lower()) is not None


def _distribution(name: str) -> Distribution | None:
    try:
        return distribution(name)
    except PackageNotFoundError:
        return None
