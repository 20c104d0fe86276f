import pytest

from app.wilayah.rules import ancestry, is_code, parent_code, search_text, squash, title


@pytest.mark.parametrize(
    ("one", "other"),
    [("Tanah Sareal", "tanahsareal"), ("Marga jaya", "MARGAJAYA"), ("Ma'u", "Ma’u"), ("Nopémber", "nopember")],
)
def test_two_spellings_of_one_name_are_found_alike(one: str, other: str) -> None:
    assert squash(one) == squash(other)


def test_every_different_spelling_is_searchable_once() -> None:
    assert search_text("Kebon Kalapa", "Kebon Kelapa", "Kebon Kalapa", "") == "kebonkalapa|kebonkelapa"


@pytest.mark.parametrize("code", ["32", "32.71", "32.71.04", "32.71.04.1008"])
def test_official_codes_are_accepted(code: str) -> None:
    assert is_code(code)


@pytest.mark.parametrize("code", ["", "3", "3271", "32.71.04.108", "32.71.04.1008.1", "32.71.", "٣٢"])
def test_anything_else_is_no_code(code: str) -> None:
    assert not is_code(code)


def test_a_code_tells_its_ancestors() -> None:
    assert ancestry("32.71.04.1008") == ["32", "32.71", "32.71.04", "32.71.04.1008"]
    assert parent_code("32.71") == "32"
    assert parent_code("32") == ""


@pytest.mark.parametrize(
    ("level", "name", "said"),
    [
        ("kelurahan", "Loji", "Kelurahan Loji"),
        ("kecamatan", "Bogor Barat", "Kecamatan Bogor Barat"),
        ("kabkota", "Kota Bogor", "Kota Bogor"),
        ("provinsi", "Jawa Barat", "Provinsi Jawa Barat"),
        ("desa_adat", "Nehibe", "Desa Adat Nehibe"),
    ],
)
def test_a_region_is_named_as_people_say_it(level: str, name: str, said: str) -> None:
    assert title(level, name) == said
