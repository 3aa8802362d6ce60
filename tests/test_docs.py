"""Documents that can't drift from the code."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

from tests.support import runnable
from wabot import config

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
IN_EXAMPLES = {"WABOT_KEY", "WABOT_TOKEN", "WABOT_API_KEY"}


def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("reference_pages", ROOT / "scripts" / "reference.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_calls_errors_and_events_are_as_in_the_code() -> None:
    for name, text in generator().pages().items():
        assert (DOCS / name).read_text() == text, f"run `make docs`: {name}"


def test_every_setting_that_is_named_exists() -> None:
    source = "\n".join(path.read_text() for path in [*(ROOT / "wabot").rglob("*.py"), *(ROOT / "node_wa").glob("*.js")])
    known = {name for name, _ in config.fields()} | set(re.findall(r"\bWA(?:BOT)?_[A-Z_]+\b", source)) | IN_EXAMPLES
    for path in [*DOCS.glob("*.md"), *(ROOT / "deploy").iterdir(), ROOT / "README.md"]:
        named = set(re.findall(r"\b(?:WABOT|WA)_[A-Z]+(?:_[A-Z]+)*\b", path.read_text()))
        assert named - known == set(), path.name


def test_every_call_that_is_named_exists() -> None:
    calls = {re.sub(r"{[^}]+}", "{}", one) for one in re.findall(r"`([A-Z]+ /[^`]+)`", (DOCS / "api.md").read_text())}
    for path in [*DOCS.glob("*.md"), ROOT / "README.md"]:
        for method, address in re.findall(r"`(GET|POST|PUT|PATCH|DELETE) (/api/[^`?… ]+)", path.read_text()):
            shape = re.sub(r"{[^}]+}", "{}", address).rstrip(".,/")
            assert f"{method} {shape}" in calls, f"{path.name}: {method} {address}"


def test_links_lead_somewhere() -> None:
    for path in [*DOCS.glob("*.md"), ROOT / "README.md", ROOT / "deploy" / "README.md"]:
        for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", path.read_text()):
            if not target.startswith(("http", "mailto:", "/")):
                assert (path.parent / target).exists(), f"{path.name}: {target}"


def test_documents_have_examples_that_are_run() -> None:
    assert set(runnable.runnable()) >= {"quick-start.md", "send.md", "receive.md", "ci.md"}


def test_every_document_is_in_the_index() -> None:
    index = (DOCS / "README.md").read_text()
    assert [path.name for path in DOCS.glob("*.md") if path.name != "README.md" and f"({path.name})" not in index] == []
