"""`@pypi_base` and `@conda_base`: the packages of all steps of a flow, with the arguments of `@pypi` and `@conda`."""

from __future__ import annotations

from flowport.compiler.decorators.decorator import FlowDecorator
from flowport.compiler.decorators.packages import CONDA_ARGUMENTS, PYPI_ARGUMENTS, read_packages

PYPI_BASE = FlowDecorator("pypi_base", PYPI_ARGUMENTS, lambda arguments: read_packages(arguments, False))
CONDA_BASE = FlowDecorator("conda_base", CONDA_ARGUMENTS, lambda arguments: read_packages(arguments, True))
