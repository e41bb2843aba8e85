import json


def started_by(events):
    """What started a run, as JSON: the last event of each asset, and the run that it came from, if a flow did."""
    found = []
    for asset, sent in (events or {}).items():
        event, uri = sent[-1], getattr(asset, "uri", asset)
        if uri in FLOWS:
            flow, before = FLOWS[uri]
            found.append({"type": "run", "flow": flow, "run": before + event.source_run_id})
        else:
            found.append({"type": "event", "name": EVENTS.get(uri, uri), "payload": event.extra or {}})
        found[-1]["timestamp"] = event.timestamp.timestamp()
    text = json.dumps(found) if found else ""
    if len(text) > 100_000:
        raise ValueError(f"what started the run comes to {len(text):,} characters, more than a task can be handed")
    return text
