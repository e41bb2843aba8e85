"""What AWS takes for the names, roles and tags of a job."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TypeAlias

from flowport.compiler.diagnostics.diagnostic import Diagnostic
from flowport.compiler.ir import BatchJob, Step

Refusal: TypeAlias = "tuple[str, str, str]"
"""What of a step is refused, why, and what to do."""

ROLE = r"arn:aws[a-z-]*:iam::\d{12}:role/[\w+=,.@/-]{1,512}"
FORMS = {
    "image": (r"[A-Za-z0-9][\w.@:/-]{0,254}", "the name of an image"),
    "job_queue": (r"(arn:aws[a-z-]*:batch:[a-z0-9-]+:\d{12}:job-queue/)?[\w-]{1,128}", "the name or the ARN of a job queue"),
    "share_identifier": (r"[A-Za-z0-9]{1,255}\*?", "an identifier of at most 255 letters and digits"),
    "job_role": (ROLE, "the ARN of a role, such as `arn:aws:iam::123456789012:role/name`"),
    "execution_role": (ROLE, "the ARN of a role, such as `arn:aws:iam::123456789012:role/name`"),
}
"""The forms of what a profile or a step says of a job (AWS Batch API, RegisterJobDefinition and others; IAM identifiers)."""

TAG_KEY, TAG_VALUE = r"(?!(?i:aws|flowport):)[\w\s+=.:/@-]{1,128}", r"(?!(?i:aws):)[\w\s+=.:/@-]{0,256}"
"""AWS Batch User Guide, "Tag restrictions". Tags that begin with `flowport:` say whose an object is."""

TAGS = "use letters, digits, spaces and `+-=._:/@`, at most 128 and 256, and no `aws:` or `flowport:` at the beginning"
"""What tags are, for whoever wrote another one."""


def form_problems(own: BatchJob) -> Iterator[Refusal]:
    """An image, a queue and roles of another form."""
    asked = (("image", "image", own.image), ("queue", "job_queue", own.queue), ("iam_role", "job_role", own.iam_role))
    for argument, setting, value in (*asked, ("execution_role", "execution_role", own.execution_role)):
        form, meaning = FORMS[setting]
        if value and not re.fullmatch(form, value):
            yield f"the {argument} `{value}`", f"is not {meaning}", f"write {meaning}"


def tag_problems(own: BatchJob) -> Iterator[Refusal]:
    """Tags that AWS does not take."""
    for key, value in own.aws_batch_tags:
        if not is_tag(key, value):
            yield f"the tag `{key}={value}`", "is not a tag of AWS", TAGS


def is_tag(key: str, value: str) -> bool:
    """Whether AWS takes a tag, and it is not one of flowport's own."""
    return bool(re.fullmatch(TAG_KEY, key) and re.fullmatch(TAG_VALUE, value))


def refused(step: Step, found: Iterable[Refusal]) -> Iterator[Diagnostic]:
    """What is refused of a step."""
    for what, why, way_out in found:
        yield Diagnostic("FP405", f"{what} of step `{step.name}` {why}", step.span, help=(way_out,))
