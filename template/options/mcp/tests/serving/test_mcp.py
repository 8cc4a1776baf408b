"""The demo as an MCP server, with a real client."""

import asyncio
import json

from mcp import ClientSession
from mcp.client.streamable_http import streamablehttp_client
from mcp.types import CallToolResult, TextContent, Tool

from project_package.serving.predictor import Predictor


async def call(address: str, **inputs: object) -> tuple[list[Tool], CallToolResult]:
    """Return the tools of the demo, and the result of `predict`."""
    url = f"{address}/gradio_api/mcp/"
    async with streamablehttp_client(url) as (receive, send, _), ClientSession(receive, send) as session:
        await session.initialize()
        tools = await session.list_tools()
        return tools.tools, await session.call_tool("predict", inputs)


def text_of(result: CallToolResult) -> str:
    return " ".join(part.text for part in result.content if isinstance(part, TextContent))


def test_an_assistant_finds_the_tool_and_gets_a_prediction(address: str, predictor: Predictor) -> None:
    (tool,), result = asyncio.run(call(address))
    assert tool.name == "predict"
    assert tool.description
    assert set(tool.inputSchema["properties"]) >= {column["name"] for column in predictor.champion.record["inputs"]}
    assert not result.isError
    assert text_of(result)


def test_an_assistant_gets_the_reason_for_an_invalid_input(address: str, predictor: Predictor) -> None:
    column = predictor.champion.record["inputs"][0]
    _, result = asyncio.run(call(address, **{column["name"]: json.dumps({"no": "value"})}))
    assert result.isError
    assert text_of(result)
