from flowport import flow, step


@flow(name="blobs")
class Shapes:
    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass
