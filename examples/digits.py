"""Read handwritten digits: train several forests, pick the best, and use it only if it is good enough.

flowport run examples/digits.py --max_depth 6
"""

from sklearn.datasets import load_digits
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import accuracy_score, confusion_matrix
from sklearn.model_selection import train_test_split
from sklearn.neighbors import KNeighborsClassifier

from flowport import FlowSpec, JSONType, Parameter, current, retry, step


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

    @step
    def report(self):
        """Find the digits that are most often mistaken for others."""
        counts = confusion_matrix(self.y_test, self.model.predict(self.x_test))
        mistakes = {(true, read): int(counts[true, read]) for true in range(10) for read in range(10) if true != read}
        self.confused = sorted((pair for pair, count in mistakes.items() if count), key=lambda pair: (-mistakes[pair], pair))[:3]
        self.summary = f"accuracy {self.accuracy:.4f}: {self.reason}"
        self.next(self.end)

    @step
    def end(self):
        """Print the result."""
        print(f"{current.flow_name}: {self.summary}")
        for true, read in self.confused:
            print(f"  {true} is read as {read}")


if __name__ == "__main__":
    DigitsFlow()
