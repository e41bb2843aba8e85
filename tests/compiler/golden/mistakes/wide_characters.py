from flowport import FlowSpec, step


class TrainFlow(FlowSpec):
    @step
    def start(self):
        self.名前 = '日本語'
        self.next(self.ende, self.mitte)  # 日本語

    @step
    def end(self):
        pass
