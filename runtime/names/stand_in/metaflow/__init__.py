"""The module `metaflow` for flows that import it. It is a folder on `sys.path`, so that child processes of a step find it too."""

import sys

from flowport.runtime.names import flow
from flowport.runtime.names.exports import Finder

flow.__path__ = []  # what makes it a package, whose modules the finder knows
sys.modules[__name__] = flow
sys.meta_path.insert(0, Finder)
