from datetime import UTC, datetime

import pytest

from app.content.guard_service import GuardService
from app.kit.errors import BadInput, NotFound
from tests.content.world import at
from tests.support.cast import Cast, id_of


async def test_a_text_is_checked_as_the_unit_would_say_it_now(cast: Cast, guard: GuardService) -> None:
    text = "Pemungutan suara Kamis, 27 November 2024, pukul 07.00-13.00 WITA"
    found = await guard.check(cast.sari, text=text, unit_id=id_of(cast.cilendek))
    assert [finding.rule[:3] for finding in found] == ["G17", "G19"]


async def test_the_quiet_period_is_the_one_of_the_moment_asked_for(cast: Cast, guard: GuardService) -> None:
    unit_id, text = id_of(cast.cilendek), "Simak visi, misi calon malam ini"
    assert await guard.check(cast.sari, text=text, unit_id=unit_id) == []
    last_minute = datetime(2024, 11, 23, 16, 59, tzinfo=UTC)
    assert await guard.check(cast.sari, text=text, unit_id=unit_id, at=last_minute) == []
    assert await guard.check(cast.sari, text=text, unit_id=unit_id, at=at(2024, 11, 24, 0)) != []


async def test_the_link_of_the_election_itself_is_known(cast: Cast, guard: GuardService) -> None:
    text = "Cek cekdptonline.kpu.go.id dan cekdptonline.kpu.go.id.jahat.example"
    found = await guard.check(cast.sari, text=text, unit_id=id_of(cast.cilendek))
    assert [text[slice(*finding.span)] for finding in found] == ["cekdptonline.kpu.go.id.jahat.example"]


async def test_a_named_platform_is_measured_too(cast: Cast, guard: GuardService) -> None:
    unit_id, text = id_of(cast.cilendek), "Halo warga. " * 25
    assert await guard.check(cast.sari, text=text, unit_id=unit_id, platform="facebook") == []
    found = await guard.check(cast.sari, text=text, unit_id=unit_id, platform="x")
    assert [finding.reason for finding in found] == ["Terlalu panjang untuk x: 300 dari 280 karakter, kelebihan 20"]
    with pytest.raises(BadInput, match="friendster"):
        await guard.check(cast.sari, text=text, unit_id=unit_id, platform="friendster")


async def test_nobody_asks_for_a_unit_out_of_sight(cast: Cast, guard: GuardService) -> None:
    with pytest.raises(NotFound):
        await guard.check(cast.citra, text="Halo", unit_id=id_of(cast.cilendek))
    with pytest.raises(NotFound):
        await guard.check(cast.rina, text="Halo", unit_id=999_999)
