"""Code in documents, run as it stands: blocks whose fence says `bash run`, `python run` or `javascript run`."""

from __future__ import annotations

import contextlib
import io
import os
import re
import subprocess
from pathlib import Path
from unittest import mock

from .stack import Stack

DOCS = Path(__file__).resolve().parents[2] / "docs"
_BLOCK = re.compile(r"^```(\w+) run\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_DEADLINE = 120


def blocks(name: str) -> list[tuple[str, str]]:
    """(language, code) of a document, in order; its pieces of bash are one script."""
    found = _BLOCK.findall((DOCS / name).read_text())
    shell = "\n".join(code for language, code in found if language == "bash")
    return [*([("bash", shell)] if shell else []), *(one for one in found if one[0] != "bash")]


def runnable() -> list[str]:
    return sorted(path.name for path in DOCS.glob("*.md") if blocks(path.name))


def here(code: str, stack: Stack) -> str:
    """The addresses of a usual start, as those of this one."""
    return code.replace("http://127.0.0.1:8000", stack.url).replace("http://127.0.0.1:8090", stack.sandbox_url)


def run(language: str, code: str, env: dict[str, str], directory: Path) -> str:
    """What it printed. Raises AssertionError with all of it when it fails."""
    if language.lower() == "python":
        return _in_this_process(code, env, directory)
    command = (
        ["bash", "-euo", "pipefail", "-c", code] if language in ("bash", "curl") else ["node", "--input-type=module", "-e", code]
    )
    done = subprocess.run(
        command, cwd=directory, env={**os.environ, **env}, capture_output=True, text=True, timeout=_DEADLINE, check=False
    )
    assert done.returncode == 0, f"{code}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
    return done.stdout


def _in_this_process(code: str, env: dict[str, str], directory: Path) -> str:
    """Starting Python takes longer than any example."""
    printed = io.StringIO()
    with mock.patch.dict(os.environ, env), contextlib.redirect_stdout(printed), contextlib.chdir(directory):
        exec(compile(code, "example.py", "exec"), {"__name__": "example"})  # our own documents
    return printed.getvalue()
