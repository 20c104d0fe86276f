"""The people every test knows: Sari and her PPS, Budi above her, Citra next door who must see nothing of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from app.accounts.models import Membership, Unit, User
from app.accounts.rules import Actor, Grant, Role, UnitKind
from app.kit.db import Database, WriteSession
from app.tahapan.models import Election, Tahapan
from app.wilayah.models import Wilayah

_REGIONS = (
    ("32", "Jawa Barat", "provinsi", None),
    ("32.71", "Kota Bogor", "kabkota", "32"),
    ("32.71.04", "Bogor Barat", "kecamatan", "32.71"),
    ("32.71.05", "Bogor Utara", "kecamatan", "32.71"),
    ("32.71.04.1001", "Menteng", "kelurahan", "32.71.04"),
    ("32.71.04.1008", "Cilendek Barat", "kelurahan", "32.71.04"),
    ("32.71.05.1001", "Bantarjati", "kelurahan", "32.71.05"),
)

_STAGES = (
    ("PYL-06", "Pelaksanaan kampanye", "penyelenggaraan", date(2024, 9, 25), date(2024, 11, 23)),
    ("TNG-01", "Masa tenang", "masa_tenang", date(2024, 11, 24), date(2024, 11, 26)),
    ("PYL-07", "Pelaksanaan pemungutan suara", "penyelenggaraan", date(2024, 11, 27), date(2024, 11, 27)),
)


@dataclass(frozen=True)
class Cast:
    """Everybody, with ids. `users` is keyed by first name in lower case."""

    election_id: int
    kpu: Unit
    ppk_barat: Unit
    ppk_utara: Unit
    cilendek: Unit
    menteng: Unit
    bantarjati: Unit
    sari: Actor
    """Editor at PPS Cilendek Barat."""
    budi: Actor
    """Reviewer at PPK Bogor Barat, above Sari."""
    citra: Actor
    """Editor at PPK Bogor Utara: must see nothing of Bogor Barat."""
    dewi: Actor
    """Reviewer at the KPU: Divisi Sosdiklih."""
    rina: Actor
    """Admin at the KPU."""
    vino: Actor
    """Viewer at the KPU."""
    users: Mapping[str, User]


def id_of(row: Unit | User | Election) -> int:
    """The id of a stored row."""
    assert row.id is not None
    return row.id


async def make_cast(db: Database, now: datetime) -> Cast:
    """Writes the cast into an empty database."""
    async with db.write() as session:
        for code, name, level, parent in _REGIONS:
            session.add(
                Wilayah(
                    code=code,
                    name=name,
                    level=level,
                    parent=parent,
                    display=name,
                    search=name.replace(" ", "").lower(),
                    timezone="Asia/Jakarta",
                )
            )
            await session.flush()
        election_id = await _add_calendar(session)
        kpu = await _add_unit(session, election_id, UnitKind.KPU, "KPU Kota Bogor", "32.71", None)
        barat = await _add_unit(session, election_id, UnitKind.PPK, "PPK Bogor Barat", "32.71.04", kpu)
        utara = await _add_unit(session, election_id, UnitKind.PPK, "PPK Bogor Utara", "32.71.05", kpu)
        cilendek = await _add_unit(session, election_id, UnitKind.PPS, "PPS Cilendek Barat", "32.71.04.1008", barat)
        menteng = await _add_unit(session, election_id, UnitKind.PPS, "PPS Menteng", "32.71.04.1001", barat)
        bantarjati = await _add_unit(session, election_id, UnitKind.PPS, "PPS Bantarjati", "32.71.05.1001", utara)
        people = [
            await _add_person(session, "Sari", Role.EDITOR, cilendek, now),
            await _add_person(session, "Budi", Role.REVIEWER, barat, now),
            await _add_person(session, "Citra", Role.EDITOR, utara, now),
            await _add_person(session, "Dewi", Role.REVIEWER, kpu, now),
            await _add_person(session, "Rina", Role.ADMIN, kpu, now),
            await _add_person(session, "Vino", Role.VIEWER, kpu, now),
        ]
    users = {user.name.lower(): user for user, _actor in people}
    sari, budi, citra, dewi, rina, vino = (actor for _user, actor in people)
    return Cast(
        election_id, kpu, barat, utara, cilendek, menteng, bantarjati, sari, budi, citra, dewi, rina, vino, users
    )


async def _add_calendar(session: WriteSession) -> int:
    election = Election(
        code="pilkada-2024",
        name="Pilkada 2024",
        voting_stage="PYL-07",
        quiet_stage="TNG-01",
        embargo_stage="",
        opens="07:00",
        closes="13:00",
        variables={"tautan_cek_dpt": "cekdptonline.kpu.go.id"},
    )
    session.add(election)
    await session.flush()
    election_id = id_of(election)
    for code, name, kind, starts_on, ends_on in _STAGES:
        session.add(
            Tahapan(election_id=election_id, code=code, name=name, kind=kind, starts_on=starts_on, ends_on=ends_on)
        )
    await session.flush()
    return election_id


async def _add_unit(
    session: WriteSession, election_id: int, kind: UnitKind, name: str, code: str, above: Unit | None
) -> Unit:
    unit = Unit(
        election_id=election_id,
        kind=kind,
        name=name,
        wilayah_code=code,
        parent_id=above.id if above else None,
        timezone="Asia/Jakarta",
    )
    session.add(unit)
    await session.flush()
    unit.path = f"{above.path if above else '/'}{unit.id}/"
    await session.flush()
    return unit


async def _add_person(session: WriteSession, name: str, role: Role, unit: Unit, now: datetime) -> tuple[User, Actor]:
    user = User(email=f"{name.lower()}@kpu.test", name=name, created_at=now)
    session.add(user)
    await session.flush()
    session.add(Membership(user_id=id_of(user), unit_id=id_of(unit), role=role))
    await session.flush()
    return user, Actor(id_of(user), name, (Grant(id_of(unit), UnitKind(unit.kind), unit.path, role),))
