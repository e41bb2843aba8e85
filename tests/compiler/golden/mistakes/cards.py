from metaflow import FlowSpec, card, current, step
from metaflow.cards import Markdown, Tabel


class TrainFlow(FlowSpec):
    @card
    @step
    def start(self):
        current.card.append(Markdown("# Done"))
        current.card.append(Tabel([[1]]))
        self.next(self.end)


    @step
    def end(self):
        pass
