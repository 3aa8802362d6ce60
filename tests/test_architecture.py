"""The walls of the house, and documents that can't drift from the code."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from wabot import config, errors
from wabot.events import REGISTRY
from wabot.store.indexes import INDEXES

ROOT = Path(__file__).parent.parent
CODE = (".py", ".js", ".mjs", ".html", ".css")
GENERATED = ("static/vendor/", "static/css/app.css", "node_modules/")


def tracked() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return [ROOT / name for name in listed.stdout.splitlines() if (ROOT / name).is_file()]


def test_no_file_is_over_300_lines() -> None:
    code = [one for one in tracked() if one.suffix in CODE and not any(part in str(one) for part in GENERATED)]
    long = {str(one.relative_to(ROOT)): n for one in code if (n := len(one.read_text().splitlines())) > 300}
    assert len(code) > 50
    assert long == {}


def test_every_setting_is_documented_with_its_meaning() -> None:
    text = (ROOT / "docs" / "settings.md").read_text()
    documented = dict(re.findall(r"^\| `([A-Z_]+)` \|.*\| (.+) \|$", text, flags=re.MULTILINE))
    assert documented == {name: field.description for name, field in config.fields()}


def test_every_event_says_when_it_happens() -> None:
    assert len(REGISTRY) > 10
    for name, event in REGISTRY.items():
        assert re.fullmatch(r"(session|message)\.[a-z]+", name)
        assert event.__doc__ and not event.__doc__.startswith(event.__name__)


def test_the_tree_of_errors_names_every_one() -> None:
    drawn = re.findall(r"^[ │├└─]*(\w+) +([a-z_]+)(?: +(\d+))?", errors.__doc__ or "", flags=re.MULTILINE)
    kinds = [one for one in vars(errors).values() if isinstance(one, type) and issubclass(one, errors.WabotError)]
    raised = {one.__name__: one.code for one in kinds if one is not errors.WabotError}
    assert len(raised) > 10
    assert {name: code for name, code, _ in drawn if name in raised} == raised


def test_nothing_is_asked_that_the_embedded_database_reads_a_whole_collection_for() -> None:
    partial = [one.document for indexes in INDEXES.values() for one in indexes if "partialFilterExpression" in one.document]
    fields = {name for index in partial for name in index["partialFilterExpression"]}
    assert len(fields) > 5
    asked = re.compile(rf'"({"|".join(fields)})": {{"\$(?:in|ne|exists|not)"')
    assert [one.name for one in (ROOT / "wabot" / "store").glob("*.py") if asked.search(one.read_text())] == []


def test_every_dependency_is_explained() -> None:
    text = (ROOT / "docs" / "dependencies.md").read_text().lower()
    wanted = re.findall(r"^([A-Za-z0-9_.-]+)", (ROOT / "requirements.txt").read_text(), flags=re.MULTILINE)
    missing = [name for name in wanted if f"`{name.lower()}`" not in text]
    assert len(wanted) > 10
    assert missing == []
