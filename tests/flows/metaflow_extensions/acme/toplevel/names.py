"""Names of `metaflow`. The decorator needs more of Metaflow than the others, and no flow here uses it."""

from ..plugins.lake import Lake
from ..plugins.lake_decorator import OnLake
from . import shores
from .shores import shore_of

__all__ = ["Lake", "OnLake", "shore_of", "shores"]
