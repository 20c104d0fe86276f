"""Mandatory broadcasts on both databases: who, late, why not, and what a neighbour sees of it."""

import pytest

from app.kit.errors import NotFound
from app.posts.models import Broadcast
from app.reports.duty import Compliance, Standing
from app.reports.rules import Kind
from app.reports.service import RecapWanted
from tests.conftest import NOW
from tests.engagement.conftest import Place
from tests.support.cast import id_of
from tests.support.house import add_template

WANTED = RecapWanted(Kind.MONTHLY, "2024-11")


async def mandatory(place: Place) -> int:
    """Cilendek on time, Menteng refused, Bantarjati left out for want of an account."""
    template = await add_template(place.house, place.cast, "Halo {{ nama_unit }}")
    left = {"unit_id": id_of(place.cast.bantarjati), "unit_name": "PPS Bantarjati", "reason": "Belum ada akun X."}
    row = Broadcast(
        unit_id=id_of(place.cast.kpu), template_id=template, mode="mandatory", environment="practice", created_at=NOW,
        problems=[left],
    )  # fmt: skip
    async with place.house.db.write() as session:
        session.add(row)
    said = {"broadcast_id": row.id}
    await place.put("cilendek", "x", post=said, broadcast_id=row.id, numbers={"views": 9})
    await place.put("menteng", "x", post=said, broadcast_id=row.id, state="stopped", reason="Ditolak: teks sama.")
    return row.id or 0


async def make(place: Place, who: str = "dewi") -> Compliance:
    return await place.house.compliance.make(getattr(place.cast, who), WANTED)


async def test_who_published_who_did_not_and_why(place: Place) -> None:
    broadcast_id = await mandatory(place)
    (one,) = (found := await make(place)).broadcasts
    standings = {unit.unit: (unit.standing, list(unit.reasons)) for unit in one.units}
    assert standings == {
        "PPS Cilendek Barat": (Standing.DONE, []),
        "PPS Menteng": (Standing.NOT_OUT, ["X: Ditolak: teks sama."]),
        "PPS Bantarjati": (Standing.LEFT_OUT, ["Belum ada akun X."]),
    }
    assert (one.broadcast_id, one.counts["done"], one.counts["not_out"], one.counts["left_out"]) == (broadcast_id, 1, 1, 1)  # fmt: skip
    assert "- Bogor Barat: PPS Menteng" in found.reminder
    assert "- Bogor Utara: PPS Bantarjati" in found.reminder


async def test_a_neighbour_sees_only_its_own(place: Place) -> None:
    await mandatory(place)
    (one,) = (await make(place, "sari")).broadcasts
    assert [unit.unit for unit in one.units] == ["PPS Cilendek Barat"]
    assert (await make(place, "citra")).broadcasts == []


async def test_a_certificate_is_for_units_with_a_place(place: Place) -> None:
    cilendek = id_of(place.cast.cilendek)
    with pytest.raises(NotFound, match="peringkat"):
        await place.house.compliance.certificate(place.cast.dewi, WANTED, cilendek)
    for _ in range(3):
        await place.put("cilendek", "facebook", numbers={"reach": 50, "reactions": 5})
    (first, *others) = (await make(place)).ranking
    assert (first.unit, first.place, first.score) == ("PPS Cilendek Barat", 1, pytest.approx(0.1))
    assert {one.place for one in others} == {None}
    content = await place.house.compliance.certificate(place.cast.dewi, WANTED, cilendek)
    assert content.startswith(b"%PDF-")
    with pytest.raises(NotFound):
        await place.house.compliance.certificate(place.cast.citra, WANTED, cilendek)
