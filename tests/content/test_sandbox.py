import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.content.sandbox import FILTERS, MAX_RENDERED, Missing, NotAllowed, Unfit, check, compile_text, names

ALLOWED = [
    "Halo, warga {{ wilayah }}!",
    "{% if hari > 1 %}{{ hari }} hari{% elif hari == 1 %}Besok{% else %}Hari ini{% endif %}",
    "{{ nama|besar }} {{ jumlah|ribuan }}",
    "{{ a if b else 'c' }}",
    "{% if not a and (b or c) %}x{% endif %}",
    "Harga {biasa} dan # tanda pagar",
]
REFUSED = {
    "{{ a.b }}": "titik",
    "{{ a['b'] }}": "kurung siku",
    "{{ a() }}": "fungsi",
    "{% for x in y %}{{ x }}{% endfor %}": "perulangan",
    "{% set a = 1 %}": "set",
    "{% macro m() %}{% endmacro %}": "macro",
    "{% include 'x' %}": "include",
    "{% import 'x' as y %}": "import",
    "{{ a + b }}": "hitungan",
    "{{ 'a' * 99999999 }}": "hitungan",
    "{{ a ~ b }}": "hitungan",
    "{{ a|upper }}": "besar, judul, kecil, ribuan",
    "{{ a|besar(1) }}": "dalam kurung",
    "{{ a is defined }}": "uji",
    "{{ a in b }}": "'in'",
    "{{ [1, 2] }}": "daftar",
    "{{ self }}": "self",
    "{{ _a }}": "_a",
    "{{ none }}": "kosong",
    "{{ a if b }}": "else",
    "{% raw %}{{ a }}{% endraw %}": "raw",
    "{% apa %}": "apa",
    "{{ a": "kurung kurawal",
    "{{ 99999999999999999999 }}": "bilangan",
}


@pytest.mark.parametrize("source", ALLOWED)
def test_the_small_language_is_allowed(source: str) -> None:
    assert check(source) == []


@pytest.mark.parametrize(("source", "word"), REFUSED.items())
def test_everything_else_is_refused_with_its_reason(source: str, word: str) -> None:
    assert any(word in problem.reason for problem in check(source))
    with pytest.raises(NotAllowed):
        compile_text(source)


def test_a_refusal_names_the_line() -> None:
    assert [problem.line for problem in check("satu\ndua {{ a.b }}\n{{ c.d }}")] == [2, 3]


@pytest.mark.parametrize(
    "source",
    ["{{ " + "(" * 3000 + "a" + ")" * 3000 + " }}", "{{ " + "9" * 5000 + " }}", "{% if a %}" * 20 + "{% endif %}" * 20, "a" * 30_000],
)  # fmt: skip
def test_a_text_made_to_exhaust_us_is_refused(source: str) -> None:
    assert check(source)


def test_a_missing_variable_names_itself() -> None:
    with pytest.raises(Missing) as caught:
        compile_text("{{ nama }} di {{ tempat }}, {{ jam }}").render({"nama": "PPS"})
    assert caught.value.names == ("jam", "tempat")


def test_a_variable_of_a_branch_not_taken_is_not_missed() -> None:
    assert compile_text("{% if hari > 1 %}{{ hari }}{% else %}{{ lain }}{% endif %}").render({"hari": 3}) == "3"


def test_a_word_where_a_number_is_compared_is_said_plainly() -> None:
    with pytest.raises(Unfit, match="bukan bilangan"):
        compile_text("{% if hari > 1 %}x{% endif %}").render({"hari": "tiga"})


def test_text_goes_out_plain_and_not_as_html() -> None:
    assert compile_text("{{ nama }}").render({"nama": "Suka & Duka <3"}) == "Suka & Duka <3"


def test_filters_write_as_indonesian_readers_do() -> None:
    assert (
        compile_text("{{ n|ribuan }} {{ k|judul }}").render({"n": 815249, "k": "cilendek barat"})
        == "815.249 Cilendek Barat"
    )


def test_a_value_cannot_blow_up_the_text() -> None:
    with pytest.raises(Unfit):
        compile_text("{{ a }}{{ a }}").render({"a": "x" * MAX_RENDERED})


class Trap:
    """A value that tells when anything of it is looked at."""

    touched: list[str] = []

    def __getattr__(self, name: str) -> object:
        self.touched.append(name)
        raise AttributeError(name)

    def __str__(self) -> str:
        return "jebakan"


_NAMES = st.sampled_from(["a", "b", "c"])
_ATOMS = st.one_of(
    _NAMES, st.integers(-9, 99).map(str), st.sampled_from(["'x'", "true", "1.5", "none", "a.b", "a()", "a[0]"])
)
_EXPRESSIONS = st.recursive(
    _ATOMS,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["==", "!=", "<", ">=", "and", "or", "+", "~", "in"]), inner).map(" ".join),
        inner.map("not {}".format),
        inner.map("({})".format),
        st.tuples(inner, st.sampled_from([*FILTERS, "attr('x')", "upper"])).map("|".join),
    ),
    max_leaves=6,
)
_SOURCES = st.lists(
    st.one_of(
        st.text(max_size=8),
        _EXPRESSIONS.map("{{{{ {} }}}}".format),
        _EXPRESSIONS.map("{{% if {} %}}ya{{% else %}}tidak{{% endif %}}".format),
    ),
    max_size=4,
).map("".join)


@given(_SOURCES, st.dictionaries(_NAMES, st.one_of(st.integers(), st.text(max_size=5), st.booleans(), st.builds(Trap))))
def test_whatever_passes_the_check_renders_or_says_what_it_lacks(source: str, values: dict[str, object]) -> None:
    if check(source):
        return
    lacking: set[str] = set()
    try:
        compile_text(source).render(values)
    except Missing as error:
        lacking = set(error.names)
    except Unfit:
        pass
    assert lacking <= names(source) - values.keys()
    assert Trap.touched == []
