from metaflow import FlowSpec, conda, conda_base, pypi, step

PYTHON = "3.11"


@conda_base(python=PYTHON)
class TrainFlow(FlowSpec):
    @pypi(disabled=True, packages={"pandas": "2.0"})
    @step
    def start(self):
        self.next(self.middle)

    @conda(packages={"conda-forge::pandas": "2.*"}, libraries={"openssl": "1.1.1k"})
    @step
    def middle(self):
        self.next(self.end)

    @pypi(packages={"pandas": "2.0"}, python="3.11")
    @step
    def end(self):
        pass
