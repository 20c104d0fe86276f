"""The house keeps its own rules: storeys, sizes, and what belongs in one place only."""

import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from app.settings import ROOT
from tests.house import checks
from tests.house.checks import Source

PROGRAM = ("app", "workers", "simulator")


@cache
def sources(*folders: str) -> list[Source]:
    paths = [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]
    return [Source(path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")) for path in paths]


@pytest.mark.parametrize("check", checks.IN_THE_PROGRAM, ids=lambda check: check.__name__)
def test_what_belongs_in_one_place_is_nowhere_else(check: object) -> None:
    assert callable(check)
    # The simulator has no session, and its clock is its own: it imports nothing of app.
    assert [said for source in sources("app", "workers") for said in check(source)] == []


@pytest.mark.parametrize("check", checks.EVERYWHERE, ids=lambda check: check.__name__)
def test_nothing_is_too_long_and_nothing_is_caught_without_a_reason(check: object) -> None:
    assert callable(check)
    assert [said for source in sources(*PROGRAM, "tests") for said in check(source)] == []


def test_no_template_is_too_long() -> None:
    pages = [*(ROOT / "templates").rglob("*.html"), *(ROOT / "simulator").rglob("*.html")]
    assert pages
    said = [s for page in pages for s in checks.template_size(str(page), page.read_text(encoding="utf-8"))]
    assert said == []


def test_imports_only_go_down() -> None:
    command = Path(sys.executable).parent / "lint-imports"
    done = subprocess.run(
        [str(command), "--no-cache"], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stdout[-3000:]
