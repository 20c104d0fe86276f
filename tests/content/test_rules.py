import pytest

from app.content.rules import Measured, compose, languages_of, needs_of, pick_variant, segment_of, too_long

BOTH = {
    ("id", "short"): "pendek",
    ("id", "long"): "panjang",
    ("id", "alt"): "gambar {{ nama_unit }}",
    ("su", "short"): "ringkes",
}


@pytest.mark.parametrize(
    ("texts", "lang", "platform", "picked"),
    [
        (BOTH, "id", "x", "pendek"),
        (BOTH, "id", "bluesky", "pendek"),
        (BOTH, "id", "threads", "pendek"),
        (BOTH, "id", "instagram", "panjang"),
        (BOTH, "su", "facebook", "ringkes"),  # Sundanese has only its short text, which serves everybody
        ({("id", "long"): "panjang"}, "id", "x", "panjang"),
        ({("id", "x"): "untuk X", **BOTH}, "id", "x", "untuk X"),
        ({("id", "x"): "untuk X"}, "id", "facebook", "untuk X"),
        ({("id", "long"): "panjang"}, "su", "x", None),  # never silently in another language
        ({("su", "alt"): "gambar"}, "su", "x", None),
    ],
)
def test_each_platform_gets_its_fitting_text(
    texts: dict[tuple[str, str], str], lang: str, platform: str, picked: str | None
) -> None:
    assert pick_variant(texts, lang, platform) == picked


def test_missing_variables_are_named_and_stand_marked_in_the_preview() -> None:
    texts = {("id", "short"): "Di {{ tempat }}", ("id", "alt"): "Oleh {{ siapa }}"}
    composed = compose(texts, lang="id", platform="x", values={})
    assert composed.missing == ("siapa", "tempat")
    assert composed.text == "Di [isi: tempat]"
    assert not composed.is_whole


def test_sundanese_borrows_the_indonesian_description_of_the_picture() -> None:
    composed = compose(BOTH, lang="su", platform="x", values={"nama_unit": "PPS"})
    assert (composed.text, composed.alt_text) == ("ringkes", "gambar PPS")


def test_a_language_the_template_lacks_is_a_problem_and_not_another_language() -> None:
    composed = compose({("id", "long"): "x"}, lang="su", platform="x", values={})
    assert composed.text == ""
    assert "Basa Sunda" in composed.problems[0]


def test_a_value_that_cannot_be_used_is_a_problem() -> None:
    texts = {("id", "short"): "{% if hari > 1 %}x{% endif %}"}
    assert compose(texts, lang="id", platform="x", values={"hari": "tiga"}).problems


def test_too_long_names_the_platform_and_by_how_much() -> None:
    assert too_long("x", Measured(300, 280)) == "x: 300 dari 280 karakter, kelebihan 20"
    assert too_long("x", Measured(280, 280)) is None


def test_the_pillar_says_whom_a_text_is_for() -> None:
    assert [segment_of(pillar) for pillar in ("pemilih_pemula", "aksesibilitas", "literasi")] == [
        "pemula",
        "disabilitas",
        "umum",
    ]


def test_needs_and_languages_are_read_from_the_texts() -> None:
    assert needs_of({("id", "short"): "{{ b }}{{ a }}", ("su", "short"): "{{ c }}"}) == ["a", "b", "c"]
    assert languages_of([("su", "short"), ("id", "long"), ("jv", "alt")]) == ["id", "su"]
