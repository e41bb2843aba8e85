"""A plan as a page of HTML: the drawing, and what the flow says about its parameters and steps."""

from __future__ import annotations

from collections.abc import Iterable
from xml.sax.saxutils import escape

from flowport.compiler.ir import Computed, NoDefault, Parameter, Step
from flowport.compiler.ir.plan import Plan, steps
from flowport.compiler.package.documents import plain
from flowport.drawing.step_settings import step_settings
from flowport.drawing.svg import svg
from flowport.workspace.parameters import as_text

STYLE = """
body { font: 15px/1.5 system-ui, "Segoe UI", Helvetica, Arial, sans-serif; color: #1c2733 }
body { margin: 2rem auto; max-width: 60rem; padding: 0 1rem }
table { border-collapse: collapse; width: 100% }
th, td { text-align: left; vertical-align: top; padding: .35rem .8rem .35rem 0; border-top: 1px solid #e3e9ef }
td:last-child { white-space: pre-line }
code { font-family: ui-monospace, Menlo, Consolas, monospace }
svg { max-width: 100%; height: auto }
""".strip()


def html(plan: Plan) -> str:
    """The page as a document of its own."""
    flow = plan.flow
    by_name = {step.name: step for step in flow.steps}
    parts = [f"<h1>{escape(flow.name)}</h1>", f"<p>{escape(flow.doc)}</p>" if flow.doc else "", svg(plan).rstrip()]
    for schedule in flow.schedules:
        parts.append(f"<p>Started by the clock: <code>{escape(schedule.cron)}</code>, {escape(schedule.timezone or 'UTC')}</p>")
    if flow.events:
        parts.append(f"<p>Started by events: {_names(event.name for event in flow.events)}</p>")
    if flow.upstream:
        parts.append(f"<p>Started when these flows are done: {_names(map(flow.deployment_of, flow.upstream))}</p>")
    if flow.parameters:
        parts += ["<h2>Parameters</h2>", _table(("name", "type", "default", "help"), map(_parameter, flow.parameters))]
    parts += ["<h2>Steps</h2>", _table(("step", "asks for", "what it does"), (_step(by_name[name]) for name in steps(plan.body)))]
    head = (
        f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{escape(flow.name)}</title><style>{STYLE}</style>'
    )
    return "\n".join(["<!doctype html>", f'<html lang="en"><head>{head}</head><body>', *filter(None, parts), "</body></html>", ""])


def _names(names: Iterable[str]) -> str:
    return ", ".join(f"<code>{escape(name)}</code>" for name in names)


def _table(titles: Iterable[str], rows: Iterable[tuple[str, ...]]) -> str:
    heads = "".join(f"<th>{title}</th>" for title in titles)
    lines = ["<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows]
    return "\n".join([f"<table><tr>{heads}</tr>", *lines, "</table>"])


def _parameter(parameter: Parameter) -> tuple[str, ...]:
    match parameter.default:
        case NoDefault():
            default = "<b>required</b>" if parameter.required else ""
        case Computed(expression):
            default = f"<code>{escape(expression)}</code>, when the run starts"
        case value:
            default = f"<code>{escape(as_text(plain(value)))}</code>"
    return f"<code>{escape(parameter.name)}</code>", parameter.kind, default, escape(parameter.help)


def _step(step: Step) -> tuple[str, ...]:
    return f"<code>{escape(step.name)}</code>", escape(", ".join(step_settings(step))), escape(step.doc)
