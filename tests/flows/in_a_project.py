"""A flow of a project: every task knows the branch, whatever runs it."""

from flowport import FlowSpec, current, project, step

TEAM = "fruit"
NAMES = ("project_name", "branch_name", "is_user_branch", "is_production", "project_flow_name")


def about_the_project():
    return {name: current.get(name, "is not there") for name in NAMES}


@project(name=f"{TEAM}_1", branch="corpus", production=True)
class ProjectFlow(FlowSpec):
    @step
    def start(self):
        self.project = about_the_project()
        self.next(self.red, self.green)

    @step
    def red(self):
        self.seen = about_the_project()
        self.flow = current.pathspec.split("/")[0]
        self.next(self.join)

    @step
    def green(self):
        self.seen = about_the_project()
        self.flow = current.flow_name
        self.next(self.join)

    @step
    def join(self, inputs):
        self.project = inputs.red.project
        self.everywhere = all(one.seen == self.project for one in inputs) and current.is_production
        self.names = [one.flow for one in inputs]
        self.next(self.end)

    @step
    def end(self):
        print(current.project_flow_name, self.everywhere)
