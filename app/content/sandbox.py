"""Which small part of Jinja2 a text may use, and how such a text becomes words."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from jinja2 import StrictUndefined, Template, TemplateSyntaxError, UndefinedError, meta, nodes
from jinja2.sandbox import SandboxedEnvironment

MAX_SOURCE = 20_000
MAX_RENDERED = 70_000  # a little above the longest platform text, Facebook's 63,206 characters
MAX_DEPTH = 12
MAX_NODES = 800
MAX_NUMBER = 10**12

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}\Z")
# Names that Jinja itself gives a meaning.
_RESERVED = frozenset({"self", "super", "loop", "caller", "varargs", "kwargs", "context", "environment"})
_COMPARISONS = frozenset({"eq", "ne", "lt", "lteq", "gt", "gteq"})
_HOW = "pakai {{ nama_variabel }} atau {% if nama_variabel %} ... {% else %} ... {% endif %}"

_SAY: dict[type[nodes.Node], str] = {
    nodes.For: "perulangan {% for %} tidak tersedia",
    nodes.Assign: "{% set %} tidak tersedia",
    nodes.AssignBlock: "{% set %} tidak tersedia",
    nodes.Macro: "{% macro %} tidak tersedia",
    nodes.Include: "{% include %} tidak tersedia",
    nodes.Import: "{% import %} tidak tersedia",
    nodes.FromImport: "{% from %} tidak tersedia",
    nodes.Extends: "{% extends %} tidak tersedia",
    nodes.Block: "{% block %} tidak tersedia",
    nodes.Call: "memanggil fungsi tidak tersedia",
    nodes.Getattr: "titik sesudah nama variabel tidak tersedia",
    nodes.Getitem: "kurung siku sesudah nama variabel tidak tersedia",
    nodes.Test: "uji dengan 'is' tidak tersedia; pakai ==, !=, <, >",
    nodes.List: "daftar tidak tersedia",
    nodes.Tuple: "daftar tidak tersedia",
    nodes.Dict: "kamus tidak tersedia",
}


@dataclass(frozen=True)
class TemplateProblem:
    """What a text may not hold, and on which of its lines (from 1)."""

    line: int
    reason: str


class RenderError(Exception):
    """The text cannot become words with these values."""


class Missing(RenderError):
    """Variables without a value. `names` are sorted."""

    def __init__(self, names: tuple[str, ...]) -> None:
        super().__init__(f"no value for {', '.join(names)}")
        self.names = names


class Unfit(RenderError):
    """A value is there but cannot be used; `reason` is a sentence for the author."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class NotAllowed(RenderError):
    """The source uses what `check` refuses."""

    def __init__(self, problems: list[TemplateProblem]) -> None:
        super().__init__("; ".join(f"{problem.line}: {problem.reason}" for problem in problems))
        self.problems = tuple(problems)


def _thousands(value: object) -> str:
    """815249 -> 815.249, as Indonesian readers write it."""
    try:
        return f"{int(str(value)):,}".replace(",", ".")
    except ValueError as error:
        raise Unfit(f"'{str(value)[:40]}' bukan bilangan bulat, jadi tidak dapat ditulis dengan |ribuan") from error


def _needs_value(write: Callable[[object], str]) -> Callable[[object], str]:
    def apply(value: object) -> str:
        if isinstance(value, StrictUndefined):
            str(value)  # raises, naming the variable
        return write(value)

    return apply


FILTERS: dict[str, Callable[[object], str]] = {
    "besar": _needs_value(lambda value: str(value).upper()),
    "kecil": _needs_value(lambda value: str(value).lower()),
    "judul": _needs_value(lambda value: str(value).title()),
    "ribuan": _needs_value(_thousands),
}


def _environment() -> SandboxedEnvironment:
    # Plain text goes out, not HTML: escaping would put "&amp;" on Facebook.
    environment = SandboxedEnvironment(undefined=StrictUndefined, autoescape=False)
    environment.globals.clear()
    environment.tests.clear()
    environment.filters.clear()
    environment.filters.update(FILTERS)
    return environment


_ENVIRONMENT = _environment()


@dataclass(frozen=True)
class Text:
    """A checked text, ready to be rendered any number of times."""

    _template: Template
    names: frozenset[str]

    def render(self, values: Mapping[str, object]) -> str:
        """Plain text; raises Missing with every name that has no value, or Unfit."""
        known = {name: _scalar(values[name]) for name in self.names if values.get(name) is not None}
        pieces: list[str] = []
        size = 0
        try:
            for piece in self._template.generate(known):
                pieces.append(piece)
                size += len(piece)
                if size > MAX_RENDERED:
                    raise Unfit(f"hasilnya lebih panjang dari {MAX_RENDERED} karakter")
        except UndefinedError as error:
            raise Missing(tuple(sorted(self.names - known.keys()))) from error
        except (TypeError, ValueError, OverflowError) as error:
            raise Unfit("sebuah isian dibandingkan dengan bilangan, padahal isinya bukan bilangan") from error
        return "".join(pieces)


def check(source: str) -> list[TemplateProblem]:
    """Everything in `source` that is not on the whitelist; empty: it may be saved."""
    if len(source) > MAX_SOURCE:
        return [TemplateProblem(1, f"teks lebih panjang dari {MAX_SOURCE} karakter")]
    try:
        raw = [line for line, kind, _ in _ENVIRONMENT.lex(source) if kind == "raw_begin"]
        tree = _ENVIRONMENT.parse(source)
    except TemplateSyntaxError as error:
        return [TemplateProblem(error.lineno, _syntax_reason(error))]
    except RecursionError:
        return [TemplateProblem(1, "terlalu banyak tingkat di dalamnya")]
    except (ValueError, OverflowError):
        return [TemplateProblem(1, "ada bilangan yang tidak dapat dibaca")]
    found = [TemplateProblem(line, "{% raw %} tidak tersedia") for line in raw]
    for count, (node, depth) in enumerate(_walk(tree)):
        if count >= MAX_NODES or depth > MAX_DEPTH:
            found.append(TemplateProblem(node.lineno or 1, "terlalu banyak tingkat atau bagian di dalamnya"))
            break
        if reason := _refuse(node):
            found.append(TemplateProblem(node.lineno or 1, reason))
    return found


def names(source: str) -> frozenset[str]:
    """The variables a text uses; nothing for a text that cannot be read."""
    try:
        return frozenset(meta.find_undeclared_variables(_ENVIRONMENT.parse(source)))
    except (TemplateSyntaxError, RecursionError, ValueError, OverflowError):
        return frozenset()


@lru_cache(maxsize=2048)
def compile_text(source: str) -> Text:
    """Raises NotAllowed for a source that `check` refuses."""
    if problems := check(source):
        raise NotAllowed(problems)
    return Text(_ENVIRONMENT.from_string(source), names(source))


def _walk(node: nodes.Node, depth: int = 0) -> Iterator[tuple[nodes.Node, int]]:
    yield node, depth
    for child in node.iter_child_nodes():
        yield from _walk(child, depth + 1)


def _refuse(node: nodes.Node) -> str | None:
    """Why this node is not allowed, or None."""
    match node:
        case nodes.Template() | nodes.Output() | nodes.TemplateData() | nodes.If():
            return None
        case nodes.And() | nodes.Or() | nodes.Not() | nodes.Compare():
            return None
        case nodes.Operand():
            return None if node.op in _COMPARISONS else "perbandingan dengan 'in' tidak tersedia"
        case nodes.CondExpr():
            return None if node.expr2 is not None else "'if' di dalam {{ }} perlu 'else'"
        case nodes.Name():
            return _refuse_name(node)
        case nodes.Const():
            return _refuse_const(node)
        case nodes.Filter():
            return _refuse_filter(node)
    said = _SAY.get(type(node))
    return f"{said or 'tulisan ini tidak tersedia, termasuk hitungan'}; {_HOW}"


def _refuse_name(node: nodes.Name) -> str | None:
    if node.ctx != "load" or node.name in _RESERVED or not _NAME.match(node.name):
        return f"nama variabel '{node.name[:40]}' tidak dapat dipakai: huruf, angka, dan garis bawah saja"
    return None


def _refuse_const(node: nodes.Const) -> str | None:
    value = node.value
    if isinstance(value, int | float) and not abs(value) < MAX_NUMBER:
        return "bilangannya terlalu besar"
    return None if isinstance(value, str | int | float) else "nilai kosong (none) tidak tersedia"


def _refuse_filter(node: nodes.Filter) -> str | None:
    if node.name not in FILTERS or node.node is None:
        return f"penyaring |{node.name} tidak dikenal; yang ada: {', '.join(sorted(FILTERS))}"
    if node.args or node.kwargs or node.dyn_args or node.dyn_kwargs:
        return f"penyaring |{node.name} tidak memakai isian dalam kurung"
    return None


def _syntax_reason(error: TemplateSyntaxError) -> str:
    if tag := re.search(r"unknown tag '([^']{1,40})'", error.message or ""):
        return f"perintah {{% {tag[1]} %}} tidak dikenal; {_HOW}"
    return f"kurung kurawal tidak lengkap atau isinya tidak dapat dibaca; {_HOW}"


def _scalar(value: object) -> str | int | float:
    return value if isinstance(value, str | int | float) else str(value)
