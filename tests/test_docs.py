"""Docs that describe yesterday's program are worse than none: what the code names, the docs must name too."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path

import pytest
import typer
import yaml

from app.cli import app as command_line
from app.platforms.contract import Handed, NeedsReconnect, Published, PublishError, Refused, TryLater, Unsure
from app.platforms.registry import PLATFORMS
from app.posts.rules import PostState
from app.publishing import rules
from app.publishing.rules import Outcome, State, Try
from app.settings import ROOT, Settings
from app.tables import metadata

DOCS = ROOT / "docs"
README = ROOT / "README.md"
PAGES = [README, *sorted(DOCS.rglob("*.md"))]
NOW = datetime(2024, 11, 1, 3, 0, tzinfo=UTC)


def text(name: str) -> str:
    return (DOCS / name).read_text()


def commands(group: typer.Typer, prefix: str = "kentongan") -> Iterator[str]:
    for command in group.registered_commands:
        assert command.callback is not None
        if command.hidden:
            continue  # the program calls it, people do not
        yield f"{prefix} {command.name or command.callback.__name__}"
    for inner in group.registered_groups:
        assert inner.typer_instance is not None
        yield from commands(inner.typer_instance, f"{prefix} {inner.name}")


COMMANDS = sorted(commands(command_line))
ROOMS = sorted(path.parent.name for path in (ROOT / "app").glob("*/__init__.py"))


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_is_explained(name: str) -> None:
    assert f"| `{name.upper()}` |" in text("operations.md")


def test_no_setting_is_explained_that_does_not_exist() -> None:
    told = set(re.findall(r"^\| `([A-Z_]+)` \|", text("operations.md"), re.MULTILINE))
    assert told == {name.upper() for name in Settings.model_fields}


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_explained(command: str) -> None:
    assert re.search(rf"`{command}[ `]", text("operations.md"))


def test_no_command_is_explained_that_does_not_exist() -> None:
    told = re.findall(r"^\| (`kentongan.*?`) \|", text("operations.md"), re.MULTILINE)
    names = {re.sub(r" [A-Z]+$", "", name) for cell in told for name in re.findall(r"`(kentongan.*?)`", cell)}
    assert names == {"kentongan", *COMMANDS}


@pytest.mark.parametrize("room", ROOMS)
def test_every_room_has_its_storey(room: str) -> None:
    assert f"`app/{room}/`" in text("architecture.md")


@pytest.mark.parametrize("platform", PLATFORMS)
def test_every_platform_has_its_section(platform: str) -> None:
    assert re.search(rf"^## .*\(`{platform}`\)$", text("platforms.md"), re.MULTILINE)


@pytest.mark.parametrize("state", [*State, *PostState, *Outcome])
@pytest.mark.parametrize("page", ["architecture.md", "glossary.md"])
def test_every_state_and_outcome_is_told(state: str, page: str) -> None:
    assert f"`{state}`" in text(page)


@pytest.mark.parametrize("table", sorted(metadata.tables))
def test_every_table_is_told(table: str) -> None:
    assert f"`{table}`" in text("architecture.md").partition("## Tables")[2]


def test_the_readme_has_the_two_commands() -> None:
    page = README.read_text()
    start = "python3 -m venv .venv && .venv/bin/pip install -c constraints.txt -e "
    assert f"\n{start}. && .venv/bin/kentongan demo\n" in page
    assert f"\n{start}'.[test]' && .venv/bin/pytest\n" in page
    assert "Open Database License (ODbL)" in page


# Paths in code spans and links; what has a placeholder, is an address or an API path is not a file of ours.
_SPAN = re.compile(r"`([\w.@/-]+/[\w.@/-]*|[\w-]+\.(?:py|md|yml|toml|txt))`")
_LINK = re.compile(r"\]\(([^)#\s]+)")
_ROOTS = (
    "app",
    "workers",
    "simulator",
    "tests",
    "docs",
    "data",
    "deploy",
    "templates",
    "migrations",
    "benchmarks",
    ".ci",
)


def named_files(page: Path) -> Iterator[Path]:
    content = page.read_text()
    for name in _SPAN.findall(content):
        if name.split("/")[0] in _ROOTS and "/" in name:
            yield ROOT / name
    for target in _LINK.findall(content):
        if "://" not in target:
            yield page.parent / target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_file_that_a_page_names_exists(page: Path) -> None:
    absent = [str(path.relative_to(ROOT)) for path in map(Path.resolve, named_files(page)) if not path.exists()]
    assert absent == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_test_that_a_page_names_exists(page: Path) -> None:
    written = "\n".join(path.read_text() for path in (ROOT / "tests").rglob("test_*.py"))
    named = re.findall(r"`(test_\w+)`", page.read_text())
    assert [name for name in named if f"def {name}(" not in written] == []


def arrows() -> dict[tuple[str, str], set[str]]:
    """The diagram of architecture.md: (from, to) and the letters on the arrow."""
    lines = re.findall(r"^ +(\S+) --> (\S+)(?: : (.+))?$", text("architecture.md"), re.MULTILINE)
    return {(start, end): set(filter(None, letters.split(", "))) for start, end, letters in lines}


def arrows_of_the_rules() -> set[tuple[str, str]]:
    """What the pure decisions can do to what a worker holds, tried out over every error and situation."""
    out = (rules.after_answer(Published("1"), now=NOW).state, rules.after_answer(Handed(""), now=NOW).state)
    found: set[tuple[str, str]] = set(product((State.SENDING, State.UNSURE), out))
    errors: list[PublishError] = [Refused(""), NeedsReconnect(""), TryLater(""), Unsure("")]
    situations = product((0, 1), ("", rules.DUPLICATE), (timedelta(0), timedelta(days=1)), ((), (timedelta(1),) * 2))
    for looks, code, left, look_after in situations:
        this = Try(1, looks, code, NOW + left, look_after)
        found |= {(State.SENDING, rules.after_send(error, this, now=NOW).state) for error in errors}
        found.add((State.UNSURE, rules.after_absent(this, now=NOW).state))
        found |= {(State.UNSURE, rules.after_failed_look(error, this, now=NOW).state) for error in errors}
    return found


def test_the_diagram_has_every_arrow_of_the_rules_and_no_other() -> None:
    # On a manual channel "not yet" changes nothing: it was never with a worker.
    by_hand = {(state, State.PUBLISHED) for state in rules.BY_HAND} | {(State.UNSURE, rules.queued("live"))}
    held = {arrow for arrow in arrows() if arrow[0] in {State.SENDING, State.UNSURE}}
    assert held == arrows_of_the_rules() | {arrow for arrow in by_hand if arrow[0] == State.UNSURE}
    drawn = set(arrows())
    assert {arrow for arrow in drawn if arrow[1] == State.CANCELLED} == {(s, State.CANCELLED) for s in rules.MAY_CANCEL}
    ended = {State.STOPPED, State.MISSED, State.CANCELLED, State.WITHDRAWN}
    for environment in ("live", "manual"):
        again = rules.queued(environment)
        assert {start for start, end in drawn if end == again and start in ended} == set(rules.MAY_RETRY)
    assert by_hand <= drawn


def test_every_letter_of_the_diagram_is_explained_once() -> None:
    explained = re.findall(r"^\| ([A-Z]+) \|", text("architecture.md"), re.MULTILINE)
    assert sorted(explained) == sorted(set().union(*arrows().values()))


def test_the_compose_file_names_only_settings_that_exist() -> None:
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    given = {name for service in compose["services"].values() for name in service.get("environment", ())}
    ours = {
        name.removeprefix("KENTONGAN_").removesuffix("_FILE").lower() for name in given if name.startswith("KENTONGAN_")
    }
    assert ours - {"site"} <= set(Settings.model_fields)
    used = {secret for service in compose["services"].values() for secret in service.get("secrets", ())}
    assert used == set(compose["secrets"])
