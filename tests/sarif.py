"""What SARIF asks of the objects that flowport writes: the numbers are those of sections of the OASIS standard "SARIF Version 2.1.0"."""

from __future__ import annotations

from typing import Any

import jsonschema


def _object(*required: str, **properties: Any) -> dict[str, Any]:
    """An object that has some properties, and no others."""
    return {"type": "object", "required": list(required), "properties": properties, "additionalProperties": False}


def _list(items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items}


TEXT = {"type": "string"}
PLACE = {"type": "integer", "minimum": 1}
MESSAGE = _object("text", text=TEXT)  # 3.11, 3.12
RULE = _object("id", id=TEXT, shortDescription=MESSAGE, fullDescription=MESSAGE)  # 3.49
REGION = _object("startLine", startLine=PLACE, startColumn=PLACE, endLine=PLACE, endColumn=PLACE)  # 3.30
ARTIFACT = _object("uri", uri={"type": "string", "pattern": r"^[!-~]+$"})  # 3.4.3: a URI reference, so without blanks and umlauts
LOCATION = _object("physicalLocation", physicalLocation=_object("artifactLocation", artifactLocation=ARTIFACT, region=REGION))  # 3.28, 3.29
RESULT = _object(  # 3.27
    "message",
    message=MESSAGE,
    ruleId=TEXT,
    ruleIndex={"type": "integer", "minimum": 0},
    level={"enum": ["none", "note", "warning", "error"]},
    locations=_list(LOCATION),
)
RUN = _object(  # 3.14, 3.18, 3.19
    "tool",
    tool=_object("driver", driver=_object("name", name=TEXT, rules=_list(RULE))),
    columnKind={"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
    results=_list(RESULT),
)
LOG = _object("version", "runs", **{"$schema": TEXT, "version": {"const": "2.1.0"}, "runs": _list(RUN)})  # 3.13


def results_of(document: Any) -> list[tuple[str, str, str, int]]:
    """The code, level, file and line of each result of a document, which is checked first."""
    jsonschema.validate(document, LOG)
    (run,) = document["runs"]
    found = []
    for result in run["results"]:
        assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
        place = result["locations"][0]["physicalLocation"]
        found.append((result["ruleId"], result["level"], place["artifactLocation"]["uri"], place["region"]["startLine"]))
    return found
