"""Modules and names that an extension of Metaflow beside the flow adds to `metaflow`."""

import metaflow.plugins.lake_parts.depths as depths
from metaflow import FlowSpec, Lake, step
from metaflow.plugins import lake
from metaflow.shores import SHORES


class Extended(FlowSpec):
    @step
    def start(self):
        self.one = str(Lake("Como"))
        self.same = lake.Lake is Lake
        self.next(self.end)

    @step
    def end(self):
        from metaflow import shores
        from metaflow.exception import MetaflowException
        from metaflow.plugins.lake import Dry

        try:
            lake.Lake("")
        except MetaflowException as error:
            self.failed = isinstance(error, Dry), error.headline
        self.depth = depths.DEPTH
        self.shores = SHORES["Como"], shores.SHORES is SHORES


if __name__ == "__main__":
    Extended()
