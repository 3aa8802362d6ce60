"""Examples of a call in curl, Python and JavaScript. Tests run them, made by these very functions."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pprint import pformat
from typing import Any
from urllib.parse import quote, urlencode

from .operations import Operation

SAMPLES = {"name": "default", "operation_id": "send_message"}
"""Parameters of a path; any other is an id."""
AN_ID = "697df4c0a1b2c3d4e5f60718"


@dataclass(frozen=True)
class Request:
    """One call, ready to be written down. `variable` holds the credential in the environment; empty where none is needed."""

    method: str
    url: str
    variable: str
    body: Mapping[str, Any] | None
    kind: str
    """`json`, `bytes`, `text` or `nothing`: what comes back."""


def request_of(one: Operation, server: str, given: Mapping[str, Any] | None = None) -> Request:
    """`given` are values of the path and of the example that take the place of the samples."""
    values = {**{name: SAMPLES.get(name, AN_ID) for name in one.path_parameters}, **(given or {})}
    path = one.path
    for name in one.path_parameters:
        path = path.replace(f"{{{name}}}", quote(str(values[name]), safe=""))
    example = {name: values.get(name, value) for name, value in one.answers.example.items()}
    query = "?" + urlencode(example) if one.body is None and example else ""
    variable = "" if one.needs is None else "WABOT_TOKEN" if one.needs["login"] else "WABOT_KEY"
    body = example if one.body is not None and (example or one.method != "DELETE") else None
    if one.takes_whole:
        body = values.get("settings") or {}
    return Request(one.method, f"{server}{path}{query}", variable, body, _kind(one))


def _kind(one: Operation) -> str:
    content = next(iter(one.answers.good.values()))
    if content is None:
        return "nothing"
    if isinstance(content, str) and content != "application/json":
        return "text" if content.startswith("text/") else "bytes"
    return "json"


def curl(call: Request) -> str:
    parts = ["curl -fsS" if call.kind != "bytes" else "curl -fsS -o answer"]
    if call.method not in ("GET", "POST") or (call.method == "POST" and call.body is None):
        parts[0] += f" -X {call.method}"
    parts[0] += f" {shlex.quote(call.url)}"
    if call.variable:
        parts.append(f'-H "Authorization: Bearer ${call.variable}"')
    if call.body is not None:
        parts.append('-H "Content-Type: application/json"')
        parts.append(f"-d {shlex.quote(json.dumps(call.body, ensure_ascii=False))}")
    return " \\\n  ".join(parts)


def python(call: Request) -> str:
    lines = [*(["import os", ""] if call.variable else []), "import requests", "", f"answer = requests.{call.method.lower()}("]
    lines.append(f'    "{call.url}",')
    if call.variable:
        lines.append(f'    headers={{"Authorization": f"Bearer {{os.environ[\'{call.variable}\']}}"}},')
    if call.body is not None:
        body = pformat(dict(call.body), sort_dicts=False, width=100).replace("\n", "\n         ")
        lines.append(f"    json={body},")
    lines += ["    timeout=40,", ")", "answer.raise_for_status()"]
    shown = {"json": "answer.json()", "bytes": "len(answer.content)", "text": "answer.text", "nothing": "answer.status_code"}
    return "\n".join([*lines, f"print({shown[call.kind]})"])


def javascript(call: Request) -> str:
    headers = {}
    if call.variable:
        headers["Authorization"] = f"`Bearer ${{process.env.{call.variable}}}`"
    if call.body is not None:
        headers["'Content-Type'"] = "'application/json'"
    options = [f"method: '{call.method}'"] if call.method != "GET" else []
    if headers:
        options.append("headers: { " + ", ".join(f"{name}: {value}" for name, value in headers.items()) + " }")
    if call.body is not None:
        options.append(f"body: JSON.stringify({json.dumps(call.body, ensure_ascii=False)})")
    given = ", {\n  " + ",\n  ".join(options) + ",\n}" if options else ""
    reads = {"json": "json()", "bytes": "arrayBuffer()", "text": "text()"}
    shown = f"await answer.{reads[call.kind]}" if call.kind in reads else "answer.status"
    return f"""const answer = await fetch('{call.url}'{given})
if (!answer.ok) throw new Error(await answer.text())
console.log({shown})"""


LANGUAGES = {"curl": curl, "Python": python, "JavaScript": javascript}
