"""The JSON schema of the lines of `coinmon scan --json`."""

from typing import Any

import msgspec

from coinmon.model.events import ScanEvent

_OWN_EVENT: dict[str, Any] = {
    "title": "PluginEvent",
    "description": "A signal without a grade, of a plugin: an event of its own name, its evidence as further fields.",
    "type": "object",
    "properties": {
        "event": {"type": "string"},
        "id": {"type": "string"},
        "time": {"type": "string"},
        "pair": {"type": "string"},
    },
    "required": ["event", "id", "time", "pair"],
    "additionalProperties": True,
}


def event_schema() -> dict[str, Any]:
    """One schema for every line: the kinds told apart by `event`, and last those that plugins add."""
    (schema,), definitions = msgspec.json.schema_components([ScanEvent], ref_template="#/$defs/{name}")
    names = sorted(schema["discriminator"]["mapping"])
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "coinmon scan --json",
        "description": "One JSON object a line. Times are ISO 8601 UTC; what is not known is null.",
        "anyOf": [*schema["anyOf"], {"$ref": "#/$defs/PluginEvent"}],
        "$defs": {
            **definitions,
            "PluginEvent": {
                **_OWN_EVENT,
                "properties": {**_OWN_EVENT["properties"], "event": {"type": "string", "not": {"enum": names}}},
            },
        },
    }
