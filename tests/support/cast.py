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
        session.add_all(
            Wilayah(
                code=code,
                name=name,
                level=level,
                parent=parent,
                display=name,
                search=name.replace(" ", "").lower(),
                timezone="Asia/Jakarta",
            )
            for code, name, level, parent in _REGIONS
        )
        election_id = await _add_calendar(session)
        kpu = _unit(election_id, UnitKind.KPU, "KPU Kota Bogor", "32.71", None)
        await _add_units(session, None, kpu)
        barat = _unit(election_id, UnitKind.PPK, "PPK Bogor Barat", "32.71.04", kpu)
        utara = _unit(election_id, UnitKind.PPK, "PPK Bogor Utara", "32.71.05", kpu)
        await _add_units(session, kpu, barat, utara)
        cilendek = _unit(election_id, UnitKind.PPS, "PPS Cilendek Barat", "32.71.04.1008", barat)
        menteng = _unit(election_id, UnitKind.PPS, "PPS Menteng", "32.71.04.1001", barat)
        await _add_units(session, barat, cilendek, menteng)
        bantarjati = _unit(election_id, UnitKind.PPS, "PPS Bantarjati", "32.71.05.1001", utara)
        await _add_units(session, utara, bantarjati)
        people = await _add_people(
            session,
            now,
            ("Sari", Role.EDITOR, cilendek),
            ("Budi", Role.REVIEWER, barat),
            ("Citra", Role.EDITOR, utara),
            ("Dewi", Role.REVIEWER, kpu),
            ("Rina", Role.ADMIN, kpu),
            ("Vino", Role.VIEWER, kpu),
        )
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
    session.add_all(
        Tahapan(election_id=election_id, code=code, name=name, kind=kind, starts_on=starts_on, ends_on=ends_on)
        for code, name, kind, starts_on, ends_on in _STAGES
    )
    return election_id


def _unit(election_id: int, kind: UnitKind, name: str, code: str, above: Unit | None) -> Unit:
    return Unit(
        election_id=election_id,
        kind=kind,
        name=name,
        wilayah_code=code,
        parent_id=above.id if above else None,
        timezone="Asia/Jakarta",
    )


async def _add_units(session: WriteSession, above: Unit | None, *units: Unit) -> None:
    session.add_all(units)
    await session.flush()
    for unit in units:
        unit.path = f"{above.path if above else '/'}{unit.id}/"


async def _add_people(
    session: WriteSession, now: datetime, *people: tuple[str, Role, Unit]
) -> list[tuple[User, Actor]]:
    users = [User(email=f"{name.lower()}@kpu.test", name=name, created_at=now) for name, _role, _unit in people]
    session.add_all(users)
    await session.flush()
    found = []
    for user, (name, role, unit) in zip(users, people, strict=True):
        session.add(Membership(user_id=id_of(user), unit_id=id_of(unit), role=role))
        found.append((user, Actor(id_of(user), name, (Grant(id_of(unit), UnitKind(unit.kind), unit.path, role),))))
    await session.flush()
    return found
