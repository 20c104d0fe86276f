import pytest
from sqlalchemy import update

from app.bootstrap import Kentongan
from app.tahapan.models import Election
from app.web.frame import Place, doors_for
from app.web.templates import readable
from app.web.words import how_late
from tests.support.cast import Cast, id_of
from tests.web.conftest import Browse

PAGES = (
    "/dasbor",
    "/antrean",
    "/tulis",
    "/siaran",
    "/siaran/baru",
    "/tinjau",
    "/kalender",
    "/laporan",
    "/laporan/angka",
    "/kegiatan",
    "/lainnya",
)


@pytest.mark.parametrize("path", PAGES)
async def test_a_moved_calendar_is_said_on_every_page(browse: Browse, cast: Cast, house: Kentongan, path: str) -> None:
    async with house.db.write() as session:
        await session.run(update(Election).values(shifted_weeks=108))
    page = (await (await browse(cast.dewi)).get(path)).text
    assert (
        "Mode latihan: kalender 2024 digeser 108 pekan; hari pemungutan suara di sini: Rabu, 27 November 2024." in page
    )


@pytest.mark.parametrize("path", PAGES)
async def test_practice_is_marked_until_a_real_account_is_there(
    browse: Browse, cast: Cast, house: Kentongan, path: str
) -> None:
    dewi = await browse(cast.dewi)
    assert "dinding latihan" in (await dewi.get(path)).text
    await house.channels.add(
        cast.rina,
        unit_id=id_of(cast.kpu),
        platform="x",
        environment="live",
        handle="kpu.bogor",
        credential={"access_token": "t"},
    )
    assert "dinding latihan" not in (await dewi.get(path)).text


@pytest.mark.parametrize(
    ("template", "shown"),
    [
        ("Warga RW {{ rw }}, ayo!", "Warga RW …, ayo!"),
        (
            "{% if n == 1 %}Besok!{% elif n == 0 %}Hari ini!{% else %}{{ n }} hari lagi!{% endif %} Siap?",
            "Besok! Siap?",
        ),
        ("Satu\n\nDua", "Satu Dua"),
    ],
)
def test_a_template_is_offered_in_readable_words(template: str, shown: str) -> None:
    assert readable(template) == shown


@pytest.mark.parametrize(
    ("seconds", "said"), [(None, ""), (60, "tepat waktu"), (150, "terlambat 2 menit"), (7200, "terlambat 2 jam")]
)
def test_lateness_is_said_in_words(seconds: float | None, said: str) -> None:
    assert how_late(seconds) == said


@pytest.mark.parametrize("name", ["sari", "budi", "citra", "dewi", "rina", "vino"])
async def test_a_phones_bar_has_room_for_five_doors(cast: Cast, name: str) -> None:
    doors = doors_for(getattr(cast, name))
    bar = [door.path for door in doors if door.place is Place.BAR]
    assert len(bar) <= 5
    assert bar[-1] == "/lainnya"
