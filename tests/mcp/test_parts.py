"""Results on their way from MCP to functions, and from functions and commands to MCP."""

from __future__ import annotations

import codecs
from typing import Any

import mcp_types as types
import pytest

from tavernlink.errors import GenerationError
from tavernlink.mcp.client.lines import BOUNDED, LONGEST, TOO_LONG
from tavernlink.mcp.client.results import result_of
from tavernlink.mcp.server.parts import answer_of
from tavernlink.mcp.server.toolbox import OWN

TEXT = types.TextContent(type="text", text="It rains.")
IMAGE = types.ImageContent(type="image", data="iVBORw==", mime_type="image/png")
FILE = {"type": "file", "mime": "image/png", "data": "iVBORw=="}


def blob(uri: str) -> types.EmbeddedResource:
    resource = types.BlobResourceContents(uri=uri, mime_type="application/pdf", blob="JVBERi0=")
    return types.EmbeddedResource(type="resource", resource=resource)


@pytest.mark.parametrize(
    ("content", "structured", "result"),
    [
        ([], None, None),
        ([TEXT], None, "It rains."),
        ([TEXT], {"rain": True}, {"rain": True}),
        ([TEXT, TEXT], None, [{"type": "text", "text": "It rains."}] * 2),
        ([TEXT, IMAGE], None, [{"type": "text", "text": "It rains."}, FILE]),
        ([TEXT, IMAGE], {"rain": True}, [{"type": "json", "value": {"rain": True}}, FILE]),
        (
            [blob("file:///a/map.pdf")],
            None,
            [{"type": "file", "mime": "application/pdf", "data": "JVBERi0=", "name": "map.pdf"}],
        ),
        (
            [types.ResourceLink(type="resource_link", uri="https://a.example/b", name="b")],
            None,
            [{"type": "link", "uri": "https://a.example/b", "name": "b"}],
        ),
    ],
)
def test_a_tools_answer_becomes_a_functions_result(
    content: list[types.ContentBlock], structured: dict[str, Any] | None, result: Any
) -> None:
    assert result_of(types.CallToolResult(content=content, structured_content=structured)) == result


def test_a_tool_that_failed_is_a_function_that_failed() -> None:
    with pytest.raises(GenerationError, match="It rains") as failed:
        result_of(types.CallToolResult(content=[TEXT], is_error=True))
    assert failed.value.code == "function_failed"


def test_a_result_becomes_an_answer_with_its_files_as_parts() -> None:
    assert answer_of("Six.").to_result().content == [types.TextContent(type="text", text="Six.")]
    assert answer_of(6).to_result().structured_content == {"result": 6}
    assert answer_of({"type": "swipe", "data": "text"}).parts == ()
    card = {"name": "Wren.png", "type": "image/png", "data": "iVBORw=="}
    answer = answer_of({"files": [card, FILE], "note": {"name": "a", "type": "text/x", "data": "bm90ZQ=="}})
    picture, again, note = answer.parts
    assert picture == again == IMAGE
    assert isinstance(note, types.EmbeddedResource)
    assert "iVBORw" not in answer.text
    assert answer.data is not None
    assert answer.data["files"][0] == {**card, "data": "(part 1 of this answer)"}


def test_every_tool_describes_itself_in_a_schema_that_clients_take() -> None:
    for name, tool in OWN.items():
        described = tool.described()
        assert described.name == name
        assert described.input_schema["type"] == "object"
        assert described.input_schema["additionalProperties"] is False
        assert "$ref" not in described.input_schema


def test_lines_come_whole_and_in_place_of_one_that_does_not_end_it_is_said() -> None:
    decoder = codecs.getincrementaldecoder(BOUNDED)("replace")
    half = b"\xc3"
    assert decoder.decode(b"h" + half) == ""
    assert decoder.decode(b"\xa9\n\xff") == "hé\n"
    assert decoder.decode(b"\nx\ny") == "�\nx\n"
    for _ in range(LONGEST // 65_536 - 1):
        assert decoder.decode(b"x" * 65_536) == ""
    assert decoder.decode(b"x" * 65_536) == f"{TOO_LONG}\n"
    assert decoder.decode(b"{}\nrest") == "{}\n"
    assert decoder.decode(b"", final=True) == "rest"
