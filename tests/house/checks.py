"""The house's own rules as programs: each takes one parsed file and answers what is wrong in it, line by line."""

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

QUERIES = frozenset({"select", "update", "delete", "insert"})
QUERY_HOMES = ("store.py", "app/kit/db.py")
CLOCK_HOME = "app/kit/clock.py"
CLOCKS = frozenset({("datetime", "now"), ("datetime", "utcnow"), ("datetime", "today"), ("date", "today")})
COMMIT_HOME = "app/kit/db.py"
LONGEST_FUNCTION, LONGEST_FILE, LONGEST_TEST, LONGEST_TEMPLATE = 60, 500, 40, 300
OTHER_MOMENTS = frozenset({"valid_until", "until", "deadline", "at"})
"""How long something holds reads better as a limit (`valid_until` and `deadline` are the contract's own); an event is `at`."""


@dataclass(frozen=True)
class Source:
    """One file, `path` from the root of the repository with forward slashes."""

    path: str
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    @cached_property
    def lines(self) -> Sequence[str]:
        return self.text.splitlines()


def commits(source: Source) -> Iterator[str]:
    """Nobody but kit/db ends a transaction."""
    if source.path == COMMIT_HOME:
        return
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "commit":
            yield f"{source.path}:{node.lineno}: commit() belongs to kit/db"


def queries(source: Source) -> Iterator[str]:
    """Statements are made in stores alone; an import is caught whatever it is called afterwards."""
    if source.path.endswith(QUERY_HOMES):
        return
    for node in ast.walk(source.tree):
        match node:
            case ast.ImportFrom(module=str(module)) if module.split(".")[0] in {"sqlalchemy", "sqlmodel"}:
                names = sorted(alias.name for alias in node.names if alias.name in QUERIES)
                if names:
                    yield f"{source.path}:{node.lineno}: {', '.join(names)} belongs to a store"
            case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr=attr)) if attr in QUERIES and name in {
                "sqlalchemy",
                "sqlmodel",
                "sa",
                "sqlite",
                "postgresql",
            }:
                yield f"{source.path}:{node.lineno}: {name}.{attr}() belongs to a store"


def clocks(source: Source) -> Iterator[str]:
    """The machine is asked for the time in one place, so that a test can move it."""
    if source.path == CLOCK_HOME:
        return
    for node in ast.walk(source.tree):
        match node:
            case ast.Call(func=ast.Attribute(value=value, attr=attr)) if (_last(value), attr) in CLOCKS:
                yield f"{source.path}:{node.lineno}: {_last(value)}.{attr}() belongs to kit/clock"


def _last(value: ast.expr) -> str:
    match value:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


def broad_excepts(source: Source) -> Iterator[str]:
    """What is caught whole is raised again, logged whole, or excused by a reason on the line or right beneath it."""
    for node in ast.walk(source.tree):
        if not isinstance(node, ast.ExceptHandler) or not _is_broad(node.type):
            continue
        on_line = source.lines[node.lineno - 1].partition("#")[2]
        beneath = source.lines[node.lineno : node.lineno + 1]
        has_reason = " - " in on_line or any(line.strip().startswith("#") for line in beneath)
        if not has_reason and not _passes_on(node):
            yield f"{source.path}:{node.lineno}: a broad except says why"


def _is_broad(kind: ast.expr | None) -> bool:
    match kind:
        case None | ast.Name(id="Exception" | "BaseException"):
            return True
        case ast.Tuple(elts=elts):
            return any(_is_broad(each) for each in elts)
    return False


def _passes_on(handler: ast.ExceptHandler) -> bool:
    nodes = list(ast.walk(handler))
    raises = any(isinstance(node, ast.Raise) and node.exc is None for node in nodes)
    return raises or any(isinstance(node, ast.keyword) and node.arg == "exc_info" for node in nodes)


def sizes(source: Source) -> Iterator[str]:
    """Longer than this and two thoughts share a room."""
    if len(source.lines) > LONGEST_FILE:
        yield f"{source.path}: {len(source.lines)} lines, at most {LONGEST_FILE}"
    in_tests = source.path.startswith("tests/") and not source.path.startswith("tests/e2e/")
    for node in ast.walk(source.tree):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        most = LONGEST_TEST if in_tests and node.name.startswith("test_") else LONGEST_FUNCTION
        length = (node.end_lineno or node.lineno) - node.lineno + 1
        if length > most:
            yield f"{source.path}:{node.lineno}: {node.name} has {length} lines, at most {most}"


def template_size(path: str, text: str) -> Iterator[str]:
    lines = len(text.splitlines())
    if lines > LONGEST_TEMPLATE:
        yield f"{path}: {lines} lines, at most {LONGEST_TEMPLATE}"


def moments(source: Source) -> Iterator[str]:
    """A table's moments end in _at and its days in _on, so that nobody takes one for the other."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.ClassDef) and any(_last(base) == "SQLModel" for base in node.bases):
            yield from _fields(source.path, node)


def _fields(path: str, table: ast.ClassDef) -> Iterator[str]:
    for field in table.body:
        if not isinstance(field, ast.AnnAssign) or not isinstance(field.target, ast.Name):
            continue
        name, kinds = (
            field.target.id,
            {_last(node) for node in ast.walk(field.annotation) if isinstance(node, ast.expr)},
        )
        if "datetime" in kinds and not name.endswith("_at") and name not in OTHER_MOMENTS:
            yield f"{path}:{field.lineno}: {table.name}.{name} is a moment: name it ..._at"
        if "date" in kinds and not name.endswith("_on"):
            yield f"{path}:{field.lineno}: {table.name}.{name} is a day: name it ..._on"


EVERYWHERE = (broad_excepts, sizes)
IN_THE_PROGRAM = (commits, queries, clocks, moments)
