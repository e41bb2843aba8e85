from metaflow import FlowSpec, conda, conda_base, pypi, pypi_base, step


@pypi_base(packages={"numpy": "1.26"}, python=3.10)
@conda_base(libraries=["numpy"], disabled="no")
class TrainFlow(FlowSpec):
    @pypi(packages={"pandas": "two"})
    @step
    def start(self):
        self.next(self.a)

    @pypi(packages={"pandas": 2.1, "two words": "1", "pandas>2": "", "ok": ">=1,<2"})
    @step
    def a(self):
        self.next(self.b)

    @conda(packages={"scikit-learn": ">=one,<2"}, python="three")
    @step
    def b(self):
        self.next(self.c)

    @conda(packages={"pandas": "2.1"})
    @step
    def c(self):
        self.next(self.d)

    @pypi(libraries={"pandas": "2.1"}, wheels=True)
    @step
    def d(self):
        self.next(self.end)

    @conda_base(packages={})
    @step
    def end(self):
        pass
