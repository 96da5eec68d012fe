"""An upstream server on the official Python SDK: over stdio, or with `--http PORT` over Streamable HTTP."""

import argparse
from typing import TypedDict

from mcp.server import MCPServer
from mcp.server.mcpserver import Context
from mcp_types import Completion, ToolAnnotations
from pydantic import BaseModel

READS = ToolAnnotations(read_only_hint=True)

server = MCPServer("python-notes", instructions="Notes, from Python.")


class Sum(TypedDict):
    total: float


class Choice(BaseModel):
    colour: str


@server.tool(annotations=READS)
def add(a: float, b: float) -> Sum:
    """Adds two numbers."""
    return {"total": a + b}


@server.tool(annotations=READS)
async def count_to(number: int, ctx: Context) -> str:
    """Counts, and tells how far it is."""
    for step in range(1, number + 1):
        await ctx.report_progress(step, number, f"step {step}")
    return f"counted to {number}"


@server.tool(annotations=READS)
async def favourite_colour(ctx: Context) -> str:
    """Asks the user."""
    answer = await ctx.elicit("Which colour do you like?", Choice)
    return f"{answer.action}: {answer.data.colour}" if answer.action == "accept" else answer.action


@server.tool(annotations=READS)
def fail() -> str:
    """Fails, always."""
    raise ValueError("this tool fails on purpose")


@server.resource("note://today")
def today() -> str:
    return "buy milk"


@server.resource("note://{day}")
def note_of(day: str) -> str:
    return f"nothing on {day}"


@server.prompt()
def summary(topic: str) -> str:
    return f"Summarise {topic}."


@server.completion()
async def complete(ref, argument, context):
    return Completion(values=[day for day in ("monday", "tuesday") if day.startswith(argument.value)])


if __name__ == "__main__":
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--http", type=int)
    port = arguments.parse_args().http
    if port is None:
        server.run()
    else:
        server.run("streamable-http", port=port)
