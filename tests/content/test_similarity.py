import string

from app.content import similarity
from app.content.price import price_of

TEXT = "Catat, warga {}! Masa tenang 24-26 November 2024. Jaga suasana teduh, tanpa kampanye, dan siapkan KTP-el Anda."
LONG = " ".join(f"kata{number}" for number in range(60))


def test_dressing_makes_no_other_text() -> None:
    one, other = "Ayo ke TPS! Cek https://kpu.go.id 🎉", "ayo ke tps, cek KPU.go.id"
    assert similarity.measure(one, other) == 1
    assert similarity.nearest(one, {7: "lain sekali", 9: other}) == similarity.Near(9, 1.0)


def test_a_place_name_makes_a_text_ones_own() -> None:
    texts = [TEXT.format(name) for name in ("Menteng", "Cilendek Barat", "Bantarjati")]
    assert similarity.siblings(texts) == {}
    assert 0.7 < similarity.measure(texts[0], texts[1]) < similarity.TOO_CLOSE


def test_a_repeated_text_names_the_first_that_said_it() -> None:
    texts = [TEXT.format("Menteng"), TEXT.format("Bantarjati"), TEXT.format("menteng").upper()]
    assert similarity.siblings(texts) == {2: similarity.Near(0, 1.0)}


def test_one_changed_word_in_sixty_is_too_close_and_shown_as_a_number() -> None:
    near = similarity.siblings([LONG, LONG.replace("kata30", "lain")])[1]
    assert similarity.TOO_CLOSE < near.measure < 1


def test_no_close_pair_is_lost_by_looking_at_rare_pairs_only() -> None:
    words = LONG.split()
    texts = [" ".join([*words[:n], f"x{n}", *words[n + 1 :]]) for n in range(3, 57, 6)]
    texts += [TEXT.format(letter * 5) for letter in string.ascii_lowercase]
    every = {
        place
        for place in range(len(texts))
        if any(similarity.measure(texts[place], other) > similarity.TOO_CLOSE for other in texts[:place])
    }
    assert set(similarity.siblings(texts)) == every


def test_a_link_costs_more_even_bare_and_practice_costs_nothing() -> None:
    said = [
        ("x", "live", "Halo"),
        ("x", "live", "Cek kpu.go.id"),
        ("x", "practice", "Halo"),
        ("facebook", "live", "Halo"),
    ]
    price = price_of(said)
    assert (str(price.usd), price.posts, price.with_link) == ("0.215", 2, 1)
    assert price.sentence == "Perkiraan biaya X: US$0,215 untuk 2 unggahan, 1 di antaranya memuat tautan (lebih mahal)."
    assert str(price_of([("x", "live", "cek kpu.go.id")] * 74).usd) == "14.800"
