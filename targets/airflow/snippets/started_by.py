import json


def started_by(events):
    """What started a run, as JSON: the last event of each asset, and the run that it came from, if a flow did."""
    found = []
    for asset, sent in (events or {}).items():
        event, name = sent[-1], getattr(asset, "uri", asset)
        if name in FLOWS:
            flow, before = FLOWS[name]
            found.append({"type": "run", "flow": flow, "run": before + event.source_run_id})
        else:
            found.append({"type": "event", "name": name, "payload": event.extra or {}})
        found[-1]["timestamp"] = event.timestamp.timestamp()
    return json.dumps(found) if found else ""
