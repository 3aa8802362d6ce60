"""What of deploy/ can be tried without a server and without a container engine."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SCRIPT = ROOT / "deploy" / "install.sh"


def bash(commands: str) -> subprocess.CompletedProcess[str]:
    """These, with the script's functions at hand."""
    text = f'set --; . "{SCRIPT}"; {commands}'
    return subprocess.run(["bash", "-c", text], capture_output=True, text=True, timeout=30, check=False)


def install(tree: Path, home: Path) -> None:
    done = bash(f'tree="{tree}" home="{home}"; copy_tree; drop_leftovers')
    assert done.returncode == 0, done.stderr


def test_an_upgrade_leaves_nothing_of_the_version_before_and_everything_of_others(tmp_path: Path) -> None:
    tree, home = tmp_path / "tree", tmp_path / "home"
    (tree / "wabot" / "blueprints").mkdir(parents=True)
    old, new, own = "wabot/blueprints/old.py", "wabot/blueprints/new.py", "wabot/blueprints/own.py"
    (tree / old).touch()
    install(tree, home)
    (home / own).touch()
    assert (home / old).exists()
    (tree / old).rename(tree / new)
    install(tree, home)
    assert [one for one in (old, new, own) if (home / one).exists()] == [new, own]


@pytest.mark.parametrize(
    ("arguments", "words"), [("--domain", "--domain needs a value"), ("--port 1", "unknown: --port"), ("", "say where")]
)
def test_a_wrong_argument_is_named(arguments: str, words: str) -> None:
    refused = bash(f"id() {{ echo 0; }}; read_arguments {arguments}; check")
    assert refused.returncode == 1
    assert words in refused.stderr


def test_a_domain_may_be_written_in_capitals() -> None:
    assert bash('read_arguments --domain Wabot.Example.com; echo "$domain"').stdout == "wabot.example.com\n"


def test_the_settings_beside_the_compose_file_get_into_no_image_and_no_commit() -> None:
    assert "env_file: wabot.env" in (ROOT / "deploy" / "compose.yaml").read_text()
    assert "**/wabot.env" in (ROOT / ".dockerignore").read_text().splitlines()
    assert "/deploy/wabot.env" in (ROOT / ".gitignore").read_text().splitlines()
