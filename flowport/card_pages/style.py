"""The style of all cards. It has no address in it, and no script stands beside it."""

from __future__ import annotations

STYLE = """
:root {
  color-scheme: light dark;
  --paper: #fcfcfa; --panel: #ffffff; --ink: #1b2430; --soft: #55616f; --faint: #67727f; --line: #e4e7eb;
  --accent: #2f63b8; --accent-soft: #e8effa; --good: #23784f; --good-soft: #e6f4ec; --warn: #96620c; --warn-soft: #fbf1dc;
  --bad: #b3343f; --bad-soft: #fbeaeb; --code: #f5f6f8; --keyword: #8a3ea8; --string: #2c7a4b; --number: #a4550f; --name: #2f63b8;
  --sans: "Inter", ui-sans-serif, system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
  --mono: ui-monospace, "SF Mono", "Cascadia Code", "JetBrains Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace;
}
@media (prefers-color-scheme: dark) { :root {
  --paper: #12161c; --panel: #181d25; --ink: #e6eaf0; --soft: #a5b0be; --faint: #7b8797; --line: #2a323d;
  --accent: #86b0f2; --accent-soft: #1c2c46; --good: #6fcf9b; --good-soft: #17342a; --warn: #e7bb63; --warn-soft: #3a2e14;
  --bad: #f08a92; --bad-soft: #3d1d21; --code: #1d232c; --keyword: #cf9ae6; --string: #86cf9f; --number: #e3a76a; --name: #86b0f2;
} }
* { box-sizing: border-box }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100% }
body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.6 var(--sans); font-feature-settings: "kern", "liga", "calt" }
main { max-width: 60rem; margin: 0 auto; padding: 3rem 1.5rem 4rem }
body main > * + *, body section > * + * { margin-top: 1.1rem } section > .note { margin-top: .5rem }
header { margin-bottom: 2.2rem }
h1, h2, h3, h4 { line-height: 1.25; letter-spacing: -.012em; text-wrap: balance; margin: 0 }
h1 { font-size: 1.9rem; font-weight: 650 }
h2 { font-size: 1.2rem; font-weight: 620; margin-top: 2.4rem !important }
h3 { font-size: 1.02rem; font-weight: 620 }
h4 { font-size: .95rem; font-weight: 620 }
p { margin: 0 }
a { color: var(--accent); text-underline-offset: .15em; text-decoration-thickness: .06em }
.eyebrow { color: var(--soft); font-size: .84rem; margin-bottom: .35rem; overflow-wrap: anywhere }
.lead { color: var(--soft); margin-top: .5rem; max-width: 42rem }
.meta { display: flex; flex-wrap: wrap; gap: .35rem 1.1rem; align-items: center; margin-top: .9rem }
.meta { color: var(--soft); font-size: .87rem }
.pill { border-radius: 99px; padding: .08rem .65rem; font-weight: 600; font-size: .8rem }
.pill { background: var(--accent-soft); color: var(--accent) }
.pill.done { background: var(--good-soft); color: var(--good) } .pill.failed { background: var(--bad-soft); color: var(--bad) }
.soft { color: var(--soft) } .faint { color: var(--faint) } .note { color: var(--faint); font-size: .82rem }
.num, td.num { font-variant-numeric: tabular-nums }
pre, code, .mono { font-family: var(--mono); font-size: .855em }
pre { margin: 0; padding: .8rem 1rem; background: var(--code); border-radius: .5rem; overflow-x: auto; line-height: 1.55; tab-size: 4 }
pre code { font-size: 1em; background: none; padding: 0 }
.plain { white-space: pre-wrap; overflow-wrap: anywhere }
.k { color: var(--keyword) } .s { color: var(--string) } .n, .b { color: var(--number) } .f, .d { color: var(--name) }
.c { color: var(--faint); font-style: italic }
.markdown > * + * { margin-top: .8rem } .markdown { max-width: 44rem; overflow-wrap: break-word }
.markdown h1 { font-size: 1.5rem } .markdown h2 { margin-top: 1.6rem !important } .markdown > :first-child { margin-top: 0 !important }
.markdown ul, .markdown ol { padding-left: 1.4rem; margin-bottom: 0 } .markdown li + li { margin-top: .2rem }
.markdown code { background: var(--code); padding: .1em .35em; border-radius: .3em } .markdown pre code { padding: 0 }
.markdown blockquote { margin: 0; padding: .1rem 0 .1rem 1rem; border-left: 3px solid var(--line); color: var(--soft) }
.markdown hr { border: 0; border-top: 1px solid var(--line) }
.text { white-space: pre-wrap; overflow-wrap: anywhere }
.table { overflow-x: auto; max-height: 40rem; border: 1px solid var(--line); border-radius: .6rem; background: var(--panel) }
table { border-collapse: collapse; font-size: .9rem; min-width: 100% }
th, td { text-align: left; vertical-align: top; padding: .45rem .9rem; border-top: 1px solid var(--line) }
thead th { position: sticky; top: 0; background: var(--panel); color: var(--soft); font-weight: 600; font-size: .82rem }
thead th { white-space: nowrap }
thead th, tbody:first-child tr:first-child > * { border-top: 0 } thead th { box-shadow: inset 0 -1px 0 var(--line) }
thead + tbody tr:first-child > * { border-top: 0 }
td.num, th.num { text-align: right; white-space: nowrap }
.markdown:has(> h1:first-child, > h2:first-child) { margin-top: 2.2rem }
.markdown table { border: 1px solid var(--line); border-radius: .6rem; min-width: 0 }
.facts th { font-weight: 500; color: var(--soft); width: 1%; white-space: nowrap; padding-right: 1.6rem }
.facts td { overflow-wrap: anywhere }
.boxes { display: grid; grid-template-columns: repeat(auto-fit, minmax(11rem, 1fr)); gap: .9rem }
.box { background: var(--panel); border: 1px solid var(--line); border-radius: .8rem; padding: 1rem 1.2rem; min-width: 0 }
.box-title { color: var(--soft); font-size: .84rem; font-weight: 550 }
.box-value { font-size: 1.85rem; line-height: 1.25; font-weight: 650; letter-spacing: -.02em; overflow-wrap: anywhere }
.box-value { font-variant-numeric: tabular-nums }
.box-subtitle, .box-change { color: var(--soft); font-size: .84rem } .box-change { margin-top: .35rem }
.box.success { background: var(--good-soft); border-color: transparent } .box.success .box-value { color: var(--good) }
.box.warning { background: var(--warn-soft); border-color: transparent } .box.warning .box-value { color: var(--warn) }
.box.danger { background: var(--bad-soft); border-color: transparent } .box.danger .box-value { color: var(--bad) }
.box.bg-gradient-indigo-purple { background: linear-gradient(120deg, #4957c9, #8a4fc0); border-color: transparent; color: #fff }
.box.bg-gradient-indigo-purple p { color: #fff }
.progress-words { display: flex; flex-wrap: wrap; justify-content: space-between; gap: .1rem 1rem; font-size: .88rem; margin-bottom: .3rem }
.bar { height: .5rem; border-radius: 99px; background: var(--line); overflow: hidden }
.bar div { height: 100%; border-radius: 99px; background: var(--accent) }
figure { margin: 0 } figcaption { color: var(--soft); font-size: .86rem; margin-top: .5rem }
.image img { max-width: 100%; height: auto; border-radius: .4rem; display: block }
.chart { overflow-x: auto } .chart text { font-family: var(--sans) }
.chart svg { display: block; height: auto; color: var(--ink); overflow: visible }
.error { background: var(--bad-soft); border-radius: .6rem; padding: .8rem 1rem }
.error-title { color: var(--bad); font-weight: 600; overflow-wrap: anywhere }
.error pre { background: none; padding: .5rem 0 0; max-height: 24rem; overflow: auto }
summary { cursor: pointer } summary::marker { color: var(--faint) }
.viewer > summary, .viewer-title { font-weight: 600; font-size: .9rem; margin-bottom: .4rem }
.tree { font-family: var(--mono); font-size: .84rem; background: var(--code); border-radius: .5rem; padding: .7rem 1rem; overflow-x: auto }
.tree ul { list-style: none; margin: 0; padding-left: 1.1rem; border-left: 1px solid var(--line) }
.artifact p { margin-bottom: .3rem } .artifact pre { white-space: pre-wrap; overflow-wrap: anywhere }
.artifacts td { max-width: 30rem } .artifacts td pre { max-height: 20rem; overflow: auto; margin-top: .4rem }
.artifacts .mono { overflow-wrap: anywhere } .artifacts .own { font-weight: 600 }
.timeline ol { list-style: none; margin: .6rem 0 0; padding: 0 0 0 1.1rem; border-left: 2px solid var(--line) }
.timeline li { position: relative; padding-bottom: .9rem }
.timeline li::before { content: ""; position: absolute; left: -1.46rem; top: .45rem; width: .6rem; height: .6rem; border-radius: 50% }
.timeline li::before { background: var(--faint); box-shadow: 0 0 0 3px var(--paper) }
.timeline .success::before { background: var(--good) } .timeline .warning::before { background: var(--warn) }
.timeline .error::before { background: var(--bad) } .timeline li.error { background: none; padding: 0 0 .9rem }
.timeline .info::before, .timeline .primary::before, .timeline .tool_call::before, .timeline .ai_response::before
{ background: var(--accent) }
.timeline .critical dl, .timeline .high dl { font-weight: 600 } .timeline .low { opacity: .75 }
.timeline time { color: var(--faint); font-size: .8rem }
.timeline dl { margin: 0; display: grid; grid-template-columns: auto 1fr; gap: 0 .8rem }
.timeline dt { color: var(--soft) } .timeline dd { margin: 0; overflow-wrap: anywhere } .timeline details { margin-top: .3rem }
.html { width: 100%; height: 30rem; border: 1px solid var(--line); border-radius: .6rem; background: #fff }
.drawing { overflow-x: auto; border: 1px solid var(--line); border-radius: .6rem; background: var(--panel) }
.graph { display: block; margin: 0 auto; max-width: 100%; height: auto }
.graph text { font: 13px var(--sans); fill: var(--ink); text-anchor: middle }
.graph .box { fill: var(--panel); stroke: var(--faint); stroke-width: 1.2; padding: 0 }
.graph .switch .box { stroke: var(--warn) } .graph .join .box { stroke: var(--good) } .graph .split .box { stroke: var(--accent) }
.graph .here .box { fill: var(--accent); stroke: var(--accent) } .graph .here text { fill: var(--panel); font-weight: 650 }
.graph .frame { fill: var(--faint); fill-opacity: .07; stroke: var(--faint); stroke-dasharray: 5 4 }
.graph .heading { font-size: 11px; text-anchor: start; fill: var(--soft) }
.graph .edge { fill: none; stroke: var(--faint); stroke-width: 1.3; marker-end: url(#tip) } .graph #tip path { fill: var(--faint) }
.graph .case { font-size: 11px; fill: var(--soft) } .graph .behind { fill: var(--panel); fill-opacity: .85 }
footer { margin-top: 3.5rem !important; padding-top: 1rem; border-top: 1px solid var(--line); color: var(--faint); font-size: .8rem }
footer { overflow-wrap: anywhere }
@media (max-width: 40rem) {
  main { padding: 1.6rem 1rem 3rem } h1 { font-size: 1.5rem } .box-value { font-size: 1.5rem } th, td { padding: .4rem .6rem }
  .boxes { grid-template-columns: repeat(auto-fit, minmax(9rem, 1fr)) }
}
@media print {
  :root { color-scheme: light; --paper: #fff; --panel: #fff; --ink: #000; --soft: #444; --faint: #666; --line: #ccc }
  main { max-width: none; padding: 0 } .table { max-height: none; overflow: visible } pre { white-space: pre-wrap }
  figure, .box, .progress, tr { break-inside: avoid } h2 { break-after: avoid } details::details-content { content-visibility: visible }
}
""".strip()
