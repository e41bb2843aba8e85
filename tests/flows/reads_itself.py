"""A step reads its own run by the client: its steps, the items of a foreach, and what is not there."""

from metaflow import FlowSpec, Run, Step, Task, current, get_namespace, step
from metaflow.exception import MetaflowNotFound


class ReadsItself(FlowSpec):
    @step
    def start(self):
        self.numbers = [2, 3, 4]
        self.next(self.square, foreach="numbers")

    @step
    def square(self):
        self.squared = self.input**2
        self.own = (current.task.id, current.task.index, [task.id for task in current.task.parent_tasks])
        self.next(self.gather)

    @step
    def gather(self, inputs):
        self.own = [one.own for one in inputs]
        self.before = sorted(path.split("/", 2)[2] for path in current.parent_task_pathspecs)
        self.next(self.end)

    @step
    def end(self):
        where = f"{current.flow_name}/{current.run_id}"
        run = Run(where)
        self.steps = sorted(found.id for found in run if found.id != "end")
        self.squares = [task.data.squared for task in Step(f"{where}/square")]
        self.second = (Task(f"{where}/square/r.1").index, Task(f"{where}/square/r.1")["squared"].data)
        self.numbers_of_start = run["start"].task.data.numbers
        self.after_start = sorted(task.id for task in run["start"].task.child_tasks)
        self.state = (run.finished, run.data, run.is_in_namespace(), get_namespace() in {None, *run.system_tags})
        try:
            Run("ReadsItself/never")
        except MetaflowNotFound as error:
            self.missing = str(error).partition(" in ")[0]


if __name__ == "__main__":
    ReadsItself()
