"""Decorators that the flow defines itself: around, instead of and after a step, in a foreach, in a join, with retries and `@catch`."""

import functools

from metaflow import USER_SKIP_STEP, FlowSpec, UserStepDecorator, catch, current, retry, step, user_step_decorator


@user_step_decorator
def traced(step_name, flow, inputs=None, attributes=None):
    name = attributes.get("name", "") + step_name
    flow.log = [*getattr(flow, "log", []), f"+{name}"]
    yield
    flow.log = [*flow.log, f"-{name}"]


@user_step_decorator
def counted(step_name, flow, inputs):
    flow.joined = len(list(inputs))
    yield


@user_step_decorator
def skipped(step_name, flow, inputs=None, attributes=None):
    flow.skipped = step_name
    yield USER_SKIP_STEP


@user_step_decorator
def wider(step_name, flow, inputs=None, attributes=None):
    flow.wide = [7, 8, 9]
    yield {"foreach": "wide"}


@user_step_decorator
def instead(step_name, flow, inputs=None, attributes=None):
    def replacement(flow, inputs=None):
        flow.replaced = attributes["value"]
        return True

    yield replacement


@user_step_decorator
def saved(step_name, flow, inputs=None, attributes=None):
    try:
        yield
    except ZeroDivisionError as error:
        flow.saved = str(error)


@user_step_decorator
def renamed(step_name, flow, inputs=None, attributes=None):
    try:
        yield
    except ZeroDivisionError as error:
        raise KeyError("renamed") from error


class Sum(UserStepDecorator):
    def init(self, by=1):
        self.by, self.sum = by, 0

    def pre_step(self, step_name, flow, inputs=None):
        self.sum += self.by

    def post_step(self, step_name, flow, exception=None):
        flow.sum = self.sum
        flow.failed = [*flow.failed, type(exception).__name__] if hasattr(flow, "failed") else [type(exception).__name__]
        return exception


def plain(function):
    @functools.wraps(function)
    def wrapper(self, *arguments):
        self.log = [*self.log, "plain"]
        return function(self, *arguments)

    return wrapper


class StepDecorators(FlowSpec):
    @traced(name="first ")
    @plain
    @Sum(by=2)
    @step
    def start(self):
        self.log.append("body")
        self.items = [1, 2, 3]
        self.next(self.each, foreach="items")

    @Sum
    @traced
    @step
    def each(self):
        self.double = self.input * 2
        self.next(self.join)

    @counted
    @step
    def join(self, inputs):
        self.doubles = [each.double for each in inputs]
        self.sums = [each.sum for each in inputs]
        self.merge_artifacts(inputs, include=["log", "failed"])
        self.next(self.split)

    @wider
    @step
    def split(self):
        self.narrow = [1]
        self.next(self.number, foreach="narrow")

    @skipped
    @step
    def number(self):
        self.never = 1
        self.next(self.numbers)

    @step
    def numbers(self, inputs):
        self.numbers_skipped = [each.skipped for each in inputs]
        self.merge_artifacts(inputs)
        self.next(self.other)

    @instead(value=[1, 2])
    @step
    def other(self):
        self.never = 1
        self.next(self.fails)

    @saved
    @step
    def fails(self):
        self.ratio = 1 / 0
        self.next(self.again)

    @retry(times=1, minutes_between_retries=0)
    @Sum(by=5)
    @step
    def again(self):
        assert current.retry_count == 1
        self.again_sum = 1
        self.next(self.caught)

    @catch(var="failure")
    @retry(times=0)
    @renamed
    @step
    def caught(self):
        self.never_set = 1 / 0
        self.next(self.end)

    @traced
    @step
    def end(self):
        self.renamed = "KeyError: 'renamed'" in str(self.failure)
        self.unset = [hasattr(self, "never"), hasattr(self, "narrow"), hasattr(self, "never_set")]


if __name__ == "__main__":
    StepDecorators()
