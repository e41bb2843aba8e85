"""Read handwritten digits: train several forests, pick the best, and use it only if it is good enough.

flowport run examples/digits.py --max_depth 6
"""

from sklearn.datasets import load_digits
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import accuracy_score, confusion_matrix
from sklearn.model_selection import train_test_split
from sklearn.neighbors import KNeighborsClassifier

from flowport import FlowSpec, JSONType, Parameter, card, current, retry, step
from flowport.cards import Markdown, ValueBox, VegaChart


class DigitsFlow(FlowSpec):
    """Train forests on 1,797 scanned digits and pick the one that reads them best."""

    max_depth = Parameter("max_depth", type=int, default=8, help="depth of each tree")
    trees = Parameter("trees", type=JSONType, default="[10, 30, 100]", help="sizes of the forests to try")
    goal = Parameter("goal", type=float, default=0.96, help="the accuracy that a forest must reach")
    seed = Parameter("seed", type=int, default=7, help="makes the split and the forests repeatable")

    @step
    def start(self):
        """Load the digits and set a quarter of them aside for the test."""
        images, labels = load_digits(return_X_y=True)
        self.x_train, self.x_test, self.y_train, self.y_test = train_test_split(
            images, labels, test_size=0.25, stratify=labels, random_state=self.seed
        )
        self.candidates = [{"n_estimators": trees, "max_features": share} for trees in self.trees for share in (0.1, 0.3)]
        self.next(self.train, foreach="candidates")

    @retry(times=2)
    @step
    def train(self):
        """Train one forest and measure its accuracy on the test digits."""
        self.forest = self.input
        self.model = RandomForestClassifier(**self.forest, max_depth=self.max_depth, random_state=self.seed)
        self.model.fit(self.x_train, self.y_train)
        self.accuracy = float(accuracy_score(self.y_test, self.model.predict(self.x_test)))
        print(f"{self.forest}: {self.accuracy:.4f}")
        self.next(self.choose)

    @step
    def choose(self, inputs):
        """Pick the best forest; in a tie, the smallest."""
        best = max(inputs, key=lambda each: (each.accuracy, -each.forest["n_estimators"]))
        self.model, self.accuracy, self.forest = best.model, best.accuracy, best.forest
        self.ranking = sorted((each.accuracy for each in inputs), reverse=True)
        self.tried = [{**each.forest, "accuracy": each.accuracy} for each in inputs]
        self.merge_artifacts(inputs, include=["x_train", "x_test", "y_train", "y_test"])
        self.next(self.judge)

    @step
    def judge(self):
        """Compare the accuracy of the best forest with the goal."""
        self.verdict = "good" if self.accuracy >= self.goal else "poor"
        self.next({"good": self.accept, "poor": self.fall_back}, condition="verdict")

    @step
    def accept(self):
        """Keep the forest: it is good enough."""
        self.reason = f"a forest of {self.forest['n_estimators']} trees reaches the goal of {self.goal:.2f}"
        self.next(self.report)

    @step
    def fall_back(self):
        """Use nearest neighbours instead: no forest reaches the goal."""
        self.model = KNeighborsClassifier(n_neighbors=3).fit(self.x_train, self.y_train)
        self.accuracy = float(accuracy_score(self.y_test, self.model.predict(self.x_test)))
        self.reason = f"no forest of depth {self.max_depth} reaches {self.goal:.2f}, so the three nearest neighbours decide"
        self.next(self.report)

    @card
    @step
    def report(self):
        """Find the digits that are most often mistaken for others."""
        counts = confusion_matrix(self.y_test, self.model.predict(self.x_test))
        mistakes = {(true, read): int(counts[true, read]) for true in range(10) for read in range(10) if true != read}
        self.confused = sorted((pair for pair, count in mistakes.items() if count), key=lambda pair: (-mistakes[pair], pair))[:3]
        self.summary = f"accuracy {self.accuracy:.4f}: {self.reason}"
        current.card.append(ValueBox("Accuracy", f"{self.accuracy:.1%}", f"of {len(self.y_test)} test digits", theme="success"))
        current.card.append(ValueBox("Mistakes", sum(mistakes.values()), f"the goal allows {int((1 - self.goal) * len(self.y_test))}"))
        current.card.append(ValueBox("Forests", len(self.tried), f"the best reaches {self.ranking[0]:.1%}"))
        current.card.extend([Markdown("## Which digits are mistaken"), VegaChart(matrix(counts))])
        current.card.extend([Markdown("## Which forest is best"), VegaChart(bars(self.tried, self.goal))])
        self.next(self.end)

    @step
    def end(self):
        """Print the result."""
        print(f"{current.flow_name}: {self.summary}")
        for true, read in self.confused:
            print(f"  {true} is read as {read}")


def matrix(counts):
    """A chart of how often each digit was read as each digit."""
    cells = [{"digit": true, "read": read, "count": int(counts[true, read])} for true in range(10) for read in range(10)]
    place = {"type": "ordinal", "scale": {"padding": 0.08}, "axis": {"labelAngle": 0, "domain": False, "ticks": False}}
    right, wrong = "datum.digit === datum.read", "datum.count > 0"
    fill = [{"test": right, "value": "#3f9a70"}, {"test": wrong, "value": "#e0873d"}]
    shade = [{"test": right, "value": 1}, {"test": wrong, "value": 0.85}]
    return {
        "data": {"values": cells},
        "width": 500,
        "height": 420,
        "encoding": {"x": {"field": "read", "title": "read as", **place}, "y": {"field": "digit", **place}},
        "layer": [
            {
                "mark": {"type": "rect", "cornerRadius": 4},
                "encoding": {
                    "fill": {"condition": fill, "value": "currentColor"},
                    "fillOpacity": {"condition": shade, "value": 0.05},
                },
            },
            {
                "transform": [{"filter": wrong}],
                "mark": {"type": "text", "fontSize": 13, "fontWeight": 600, "color": "white"},
                "encoding": {"text": {"field": "count"}},
            },
        ],
    }


def bars(tried, goal):
    """A chart of the accuracy of each forest, with a line at the goal."""
    features = {"field": "max_features", "type": "nominal", "title": "features per split"}
    trees = {"field": "n_estimators", "type": "ordinal", "title": "trees", "axis": {"domain": False, "ticks": False}}
    accuracy = {"field": "accuracy", "type": "quantitative", "axis": {"format": "%", "tickCount": 5}, "scale": {"domain": [0, 1]}}
    text = {"type": "text", "align": "right", "dx": -10, "fontWeight": 600, "color": "white"}
    return {
        "data": {"values": tried},
        "width": 500,
        "height": {"step": 20},
        "layer": [
            {
                "encoding": {"x": accuracy, "y": trees, "yOffset": features},
                "layer": [
                    {"mark": {"type": "bar", "cornerRadiusEnd": 4}, "encoding": {"color": features}},
                    {"mark": text, "encoding": {"text": {"field": "accuracy", "format": ".1%"}}},
                ],
            },
            {"mark": {"type": "rule", "strokeDash": [5, 4]}, "encoding": {"x": {"datum": goal}}},
        ],
    }


if __name__ == "__main__":
    DigitsFlow()
