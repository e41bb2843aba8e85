"""Applications for loans week by week, and which loans were not paid back. A generator with a seed makes them, so all weeks are repeatable.

From week 9 on, a partner sends other customers: they earn less, and their self-employed pay back less often. From week 16 on, interest is
higher, so that debt weighs more.
"""

import math
import random
from datetime import datetime, timedelta, timezone

FIRST_MONDAY = datetime(2026, 1, 5, tzinfo=timezone.utc)
PER_WEEK = 600
FEATURES = ("income", "debt", "job")
PARTNER_COMES, INTEREST_RISES = 9, 16
LATE = 3
"""Weeks until the outcomes of a week are known."""
AT_YEAR_END = {9: 5, 10: 4}
"""Weeks whose outcomes take longer."""


def week_of(time):
    """The number of the week, counted from 1."""
    return (time - FIRST_MONDAY) // timedelta(weeks=1) + 1


def applications(week):
    """The applications of a week: what is known of each when the model decides."""
    return [row for row, _ in _made(week)]


def outcomes(week):
    """The applications whose outcomes have become known in a week, and for each whether the loan was not paid back."""
    known = [one for one in range(1, week) if one + AT_YEAR_END.get(one, LATE) == week]
    return [(row, lost) for one in known for row, lost in _made(one)]


def _made(week):
    chance = random.Random(f"loans in week {week}")
    return [_application(chance, week, 1000 * week + number) for number in range(PER_WEEK)]


def _application(chance, week, id):
    of_partner = week >= PARTNER_COMES and chance.random() < 0.5
    income = round(chance.lognormvariate(math.log(2100 if of_partner else 3000), 0.35))
    debt = round(chance.betavariate(2, 5), 3)
    job = chance.choices(("employed", "self-employed", "student"), (5, 4, 1) if of_partner else (7, 2, 1))[0]
    rises = week >= INTEREST_RISES
    risk = (-0.8 if rises else -1.5) - 1.5 * math.log(income / 3000) + (7 if rises else 3) * (debt - 0.3)
    risk += {"employed": 0, "self-employed": 1.8 if of_partner else 0.4, "student": 0.3}[job]
    row = {"id": id, "week": week, "income": None if chance.random() < 0.05 else income, "debt": debt, "job": job}
    return row, chance.random() < 1 / (1 + math.exp(-risk))
