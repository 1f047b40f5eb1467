"""Tools as clients are shown them: short, for an assistant reads all of it before the first question."""

from typing import Any

import mcp_types as types
from pydantic.json_schema import GenerateJsonSchema

from coinmon.command import printable_document
from coinmon_mcp._tools.tool import OfInstrument, Tool

SHARED = tuple(OfInstrument.model_fields)
"""Arguments that mean the same everywhere: described with the first tool, and in the server's instructions."""


class _Untitled(GenerateJsonSchema):
    """Without a title for each field, which is its name over again."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


def listed(tools: list[Tool]) -> list[types.Tool]:
    """The tools in their order, the arguments that they share described with the first one."""
    return [_listed(tool, whole=tool is tools[0]) for tool in tools]


def shared_arguments() -> str:
    """What the shared arguments mean, in one line each."""
    fields = OfInstrument.model_fields
    return "; ".join(f"{name}: {field.description}" for name, field in fields.items())


def _listed(tool: Tool, *, whole: bool) -> types.Tool:
    # whatever the author of an indicator wrote of its settings
    schema = printable_document(tool.arguments.model_json_schema(schema_generator=_Untitled))
    schema.pop("description", None)
    schema["properties"] = {
        name: _brief(each, described=whole or name not in SHARED) for name, each in schema["properties"].items()
    }
    return types.Tool(
        name=tool.name,
        title=tool.title,
        description=tool.description,
        input_schema=schema,
        output_schema=_outline(tool),
        annotations=types.ToolAnnotations(read_only_hint=True, open_world_hint=False),
    )


def _brief(property: dict[str, Any], *, described: bool) -> dict[str, Any]:
    """Without the null that stands for "left out", and for a shared argument without its words and bounds."""
    found = dict(property)
    options = [each for each in found.get("anyOf", ()) if each.get("type") != "null"]
    if len(options) == 1:
        del found["anyOf"]
        found = {**options[0], **found}
    elif options:
        found["anyOf"] = options
    if found.get("default", 0) is None:
        del found["default"]
    if not described:
        found = {name: each for name, each in found.items() if name in ("type", "anyOf", "enum", "default")}
    return found


def _outline(tool: Tool) -> dict[str, Any]:
    """The answer's outermost names only: whatever fits the full schema fits this."""
    required = [name for name, field in tool.answer.model_fields.items() if field.is_required()]
    return {"type": "object", "required": required}
