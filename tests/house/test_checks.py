"""Each check must be able to fail: what it lets through and what it stops."""

from collections.abc import Callable, Iterator

import pytest

from tests.house import checks
from tests.house.checks import Source

Check = Callable[[Source], Iterator[str]]

STOPPED: list[tuple[Check, str, str]] = [
    (checks.commits, "app/posts/service.py", "await session.commit()"),
    (checks.queries, "app/posts/service.py", "from sqlmodel import col, select"),
    (checks.queries, "app/posts/service.py", "from sqlmodel import select as find"),
    (checks.queries, "app/posts/service.py", "from sqlalchemy.dialects.sqlite import insert"),
    (checks.queries, "app/posts/service.py", "import sqlalchemy as sa\nsa.update(Post)"),
    (checks.clocks, "app/posts/rules.py", "from datetime import datetime\ndatetime.now(UTC)"),
    (checks.clocks, "app/posts/rules.py", "import datetime\ndatetime.datetime.utcnow()"),
    (checks.clocks, "app/posts/rules.py", "from datetime import date\ndate.today()"),
    (checks.broad_excepts, "app/x.py", "try:\n    a()\nexcept Exception:\n    b()"),
    (checks.broad_excepts, "app/x.py", "try:\n    a()\nexcept Exception:  # noqa: BLE001\n    b()"),
    (checks.broad_excepts, "app/x.py", "try:\n    a()\nexcept (ValueError, BaseException):\n    b()"),
    (checks.broad_excepts, "app/x.py", "try:\n    a()\nexcept:\n    b()"),
    (checks.broad_excepts, "app/x.py", "try:\n    a()\nexcept Exception as error:\n    raise Other() from error"),
    (checks.sizes, "app/x.py", "\n" * 501),
    (checks.sizes, "app/x.py", "def f():\n" + "    a()\n" * 60),
    (checks.sizes, "tests/x.py", "async def test_f():\n" + "    a()\n" * 40),
    (checks.moments, "app/x.py", "class A(SQLModel, table=True):\n    created: datetime | None = None"),
    (checks.moments, "app/x.py", "class A(SQLModel, table=True):\n    starts_at: date"),
]

LET_THROUGH: list[tuple[Check, str, str]] = [
    (checks.commits, "app/kit/db.py", "await session.commit()"),
    (checks.queries, "app/posts/read_store.py", "from sqlmodel import select"),
    (checks.queries, "app/kit/db.py", "from sqlalchemy import insert"),
    (checks.queries, "app/posts/service.py", "from sqlmodel import col\nchosen.update(a)\nfrom app.x import select"),
    (checks.clocks, "app/kit/clock.py", "datetime.now(UTC)"),
    (checks.clocks, "app/posts/service.py", "self.now()\nclock.now()"),
    (checks.broad_excepts, "app/x.py", "try:\n    a()\nexcept Exception:  # noqa: BLE001 - it comes back\n    b()"),
    (checks.broad_excepts, "app/x.py", "try:\n    a()\nexcept Exception:\n    # it comes back\n    b()"),
    (checks.broad_excepts, "app/x.py", "try:\n    a()\nexcept ValueError:\n    b()"),
    (checks.broad_excepts, "app/x.py", "try:\n    a()\nexcept BaseException:\n    b()\n    raise"),
    (checks.broad_excepts, "app/x.py", "try:\n    a()\nexcept Exception as e:\n    log.error('x', exc_info=e)"),
    (checks.sizes, "app/x.py", "def f():\n" + "    a()\n" * 59),
    (checks.sizes, "tests/x.py", "def test_f():\n" + "    a()\n" * 39),
    (checks.sizes, "tests/e2e/x.py", "def test_f():\n" + "    a()\n" * 59),
    (checks.moments, "app/x.py", "class A(SQLModel, table=True):\n    created_at: datetime\n    valid_until: datetime"),
    (checks.moments, "app/x.py", "class A(SQLModel, table=True):\n    starts_on: date | None\n    name: str"),
    (checks.moments, "app/x.py", "class A:\n    created: datetime"),
]


@pytest.mark.parametrize(("check", "path", "text"), STOPPED)
def test_a_check_stops_what_breaks_its_rule(check: Check, path: str, text: str) -> None:
    (said,) = check(Source(path, text))
    assert said.startswith(path)


@pytest.mark.parametrize(("check", "path", "text"), LET_THROUGH)
def test_a_check_lets_through_what_keeps_its_rule(check: Check, path: str, text: str) -> None:
    assert list(check(Source(path, text))) == []


def test_a_template_has_a_limit_too() -> None:
    assert list(checks.template_size("a.html", "x\n" * 300)) == []
    assert list(checks.template_size("a.html", "x\n" * 301)) == ["a.html: 301 lines, at most 300"]
