"""Cards: several a step and by their ids, in a foreach, of an HTML artifact and of a class of the flow's own, and reading them again."""

from metaflow import FlowSpec, Run, card, current, get_cards, step
from metaflow.cards import Image, Markdown, MetaflowCard, ProgressBar, Table, ValueBox

DOT = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c49444154789c63f8cfc000000301010018dd8db00000000049454e44ae426082"
)


class TotalCard(MetaflowCard):
    type = "total"
    ALLOW_USER_COMPONENTS = True

    def __init__(self, options=None, components=(), graph=None, **_):
        self.word, self.components, self.graph = options["word"], components, graph

    def render(self, task):
        return f"<p>{self.word} {task.data.total} of {sorted(self.graph)[0]}, {len(self.components)} parts, {task['total'].data}</p>"


class Reports(FlowSpec):
    @card
    @card(type="blank", id="notes", options={"title": "Notes"})
    @step
    def start(self):
        current.card.append(ValueBox("Weeks", 3))
        current.card["notes"].append(Markdown("*first*"), id="text")
        current.card["notes"].append(Image(DOT, "a dot"))
        current.card["notes"].components["text"].update("*last*")
        current.card["notes"].refresh()
        self.weeks = [1, 2, 3]
        self.next(self.week, foreach="weeks")

    @card(type="blank")
    @step
    def week(self):
        self.sold = self.input * 10
        bar = ProgressBar(max=30)
        current.card.append(bar)
        if self.input != 2:
            current.card.append(Table([[self.input, Markdown(f"**{self.sold}**")]], headers=["week", "sold"]))
        bar.update(self.sold)
        self.next(self.add)

    @card(type="total", options={"word": "sum"})
    @card(type="html", options={"attribute": "page"}, id="page")
    @step
    def add(self, inputs):
        self.total = sum(one.sold for one in inputs)
        self.page = f"<!doctype html><p>{self.total}</p>"
        current.card.append(Markdown("unseen"))
        self.next(self.end)

    @step
    def end(self):
        run = Run(f"{current.flow_name}/{current.run_id}")
        notes = get_cards(run["start"].task, id="notes")[0]
        self.notes = [(one["type"], one.get("source")) for one in notes.data["components"]], "data:image/png" in notes.get()
        self.weeks_shown = [
            [one["type"] for one in get_cards(f"{run.pathspec}/week/r.{number}")[0].data["components"]] for number in range(3)
        ]
        self.values = [get_cards(task)[0].data["components"][0]["value"] for task in run["week"]]
        self.pages = [one.get() for one in get_cards(run["add"].task)]
        self.default = "Weeks" in get_cards(run["start"].task, type="default")[0].get()
        self.none = len(get_cards(run["add"].task, type="blank"))


if __name__ == "__main__":
    Reports()
