from __future__ import annotations

import metaflow
import metaflow as mf
from metaflow import current as now


class TrainFlow(metaflow.FlowSpec):
    @metaflow.step
    def start(self):
        with metaflow.FlowGraph("other.py") as runner:
            runner.run()
        print(now.flow_nam, mf.current.project_name, getattr(now, "graph"))
        self.next(self.end)

    @mf.step
    def end(self):
        from metaflow import current

        def show():
            print(current.run_id, current.parallel.num_nodes)

        show()
