"""A logistic regression in plain Python, so that the example needs no package: how likely it is that a loan is not paid back."""

import math

RIDGE = 1.0
ROUNDS = 8


def fit(labelled):
    """The weights that explain the outcomes best, by Newton's method."""
    rows = [(_numbers(row), lost) for row, lost in labelled]
    size = len(rows[0][0])
    weights = [0.0] * size
    for _ in range(ROUNDS):
        slope = [-RIDGE * weight for weight in weights]
        curve = [[RIDGE * (one == other) for other in range(size)] for one in range(size)]
        for numbers, lost in rows:
            chance = _chance(weights, numbers)
            for one in range(size):
                slope[one] += (lost - chance) * numbers[one]
                for other in range(size):
                    curve[one][other] += chance * (1 - chance) * numbers[one] * numbers[other]
        weights = [weight + step for weight, step in zip(weights, _solved(curve, slope))]
    return weights


def error(weights, labelled):
    """The mean log loss: the less, the better."""
    chances = [(_chance(weights, _numbers(row)), lost) for row, lost in labelled]
    return -math.fsum(math.log(chance if lost else 1 - chance) for chance, lost in chances) / len(chances)


def _numbers(row):
    income = row["income"]
    jobs = [float(row["job"] == job) for job in ("self-employed", "student")]
    return [1.0, 0.0 if income is None else math.log(income / 3000), float(income is None), row["debt"] - 0.3, *jobs]


def _chance(weights, numbers):
    risk = sum(weight * number for weight, number in zip(weights, numbers))
    return 1 / (1 + math.exp(-max(min(risk, 30), -30)))


def _solved(matrix, right):
    """The solution of a system of linear equations, by Gauss's method."""
    rows = [[*row, value] for row, value in zip(matrix, right)]
    for place, pivot in enumerate(rows):
        for row in rows:
            if row is not pivot:
                factor = row[place] / pivot[place]
                row[place:] = [value - factor * other for value, other in zip(row[place:], pivot[place:])]
    return [row[-1] / row[place] for place, row in enumerate(rows)]
