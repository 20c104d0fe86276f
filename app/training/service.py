"""A one-day training on the simulator: one link for each unit, steps that show by themselves, and a clean slate afterwards."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from app.accounts import unit_store
from app.accounts.entering import open_session
from app.accounts.models import Unit
from app.accounts.proofs import Way
from app.accounts.rules import Act, Actor, Grant, UnitKind
from app.accounts.service import PeopleService, managed_unit
from app.audit.service import record
from app.kit.db import Database, ReadSession, WriteSession
from app.kit.errors import BadInput, Conflict, NotFound, Problem, Unauthenticated
from app.kit.seal import Seal
from app.training import reset_store, rules, store, wall
from app.training.models import Trainee, TrainingClass, TrainingTick
from app.training.rules import STEPS, Step

SHOWN = 50
_PURPOSE = "kelas"
_LIVE = (
    "Sudah ada akun sungguhan di pemasangan ini, jadi kelas latihan tidak dapat dijalankan di sini. "
    "Jalankan latihan di komputer lain: kentongan demo --class NAMA."
)


@dataclass(frozen=True)
class ClassView:
    """`is_open`: its links still let people in."""

    id: int
    unit_id: int
    unit_name: str
    name: str
    begun_at: datetime
    ends_at: datetime
    closed_at: datetime | None
    is_open: bool


@dataclass(frozen=True)
class BoardRow:
    """A unit of the class and what it has done; `joined_at` None: nobody has come in yet."""

    unit_id: int
    name: str
    kind: UnitKind
    done: frozenset[str]
    joined_at: datetime | None

    @property
    def steps(self) -> Sequence[Step]:
        return STEPS[self.kind]

    @property
    def count(self) -> int:
        return sum(step.key in self.done for step in self.steps)

    @property
    def is_complete(self) -> bool:
        return self.count == len(self.steps)


@dataclass(frozen=True)
class Board:
    view: ClassView
    rows: Sequence[BoardRow]
    screens: int
    """Phones that are logged in now."""

    @property
    def joined(self) -> int:
        return sum(row.joined_at is not None for row in self.rows)

    @property
    def complete(self) -> int:
        return sum(row.is_complete for row in self.rows)


@dataclass(frozen=True)
class Ticket:
    """What is printed for one unit; `path` is the secret way in."""

    unit_name: str
    kind: UnitKind
    path: str


@dataclass(frozen=True)
class Exercise:
    """A trainee's own steps."""

    view: ClassView
    row: BoardRow


@dataclass(frozen=True)
class Emptied:
    """What a reset took away; `is_wall_clear` False: the simulator still shows it."""

    posts: int
    is_wall_clear: bool


@dataclass
class TrainingService:
    db: Database
    people: PeopleService
    seal: Seal
    simulator: str
    now: Callable[[], datetime]
    is_training: bool = False
    """Whether this installation is nothing but a training, open or not."""

    async def begin(self, actor: Actor, *, unit_id: int, name: str, hours: int) -> ClassView:
        """Raises NotFound, Forbidden, BadInput, and Conflict where a live account is joined."""
        actor.must_prove()
        title, lasts, now = rules.read_name(name), timedelta(hours=rules.read_hours(hours)), self.now()
        async with self.db.write() as session:
            unit = await managed_unit(session, actor, unit_id)
            await _must_be_practice(session)
            units = await unit_store.units_in(session, [unit.path])
            if len(units) > rules.MOST_UNITS:
                raise BadInput(
                    f"Satu kelas paling banyak {rules.MOST_UNITS} unit. Buat kelas untuk satu kota atau satu kecamatan.",
                    Problem("unit_id", "terlalu banyak unit"),
                )
            await store.add_by_hand(session, units, now=now)
            klass = TrainingClass(
                unit_id=unit_id, name=title, created_by=actor.user_id, created_at=now, begun_at=now, ends_at=now + lasts
            )
            session.add(klass)
            await session.flush()
            await self._note(session, actor, "training.begin", klass, {"name": title})
            return self._view(klass, unit)

    async def list(self, actor: Actor) -> Sequence[ClassView]:
        """Those of the units that the actor manages, the newest first."""
        async with self.db.read() as session:
            found = await store.classes_in(session, actor.paths(Act.MANAGE), limit=SHOWN)
        return [self._view(klass, unit) for klass, unit in found]

    async def board(self, actor: Actor, class_id: int) -> Board:
        """Every unit of the class with its steps; raises NotFound, Forbidden."""
        async with self.db.read() as session:
            klass, unit = await self._managed(session, actor, class_id)
            units = await unit_store.units_in(session, [unit.path])
            sat = {one.unit_id: one for one in await store.trainees_of(session, class_id)}
            done = await store.done_steps(session, klass)
            screens = await store.count_screens(session, class_id, now=self.now())
        rows = [_row(one, done, sat.get(one.id or 0), klass) for one in sorted(units, key=_in_order)]
        return Board(self._view(klass, unit), rows, screens)

    async def sheet(self, actor: Actor, class_id: int) -> Sequence[Ticket]:
        """One ticket for each unit, for the trainer to print. Raises Conflict once the class is over."""
        async with self.db.read() as session:
            klass, unit = await self._managed(session, actor, class_id)
            units = await unit_store.units_in(session, [unit.path])
        self._must_be_open(klass)
        return [
            Ticket(one.name, UnitKind(one.kind), f"/latihan/masuk/{self._secret(klass, one.id or 0)}")
            for one in sorted(units, key=_in_order)
        ]

    async def reset(self, actor: Actor, class_id: int) -> Emptied:
        """Takes away all that the class has written, logs its people out, and lets its steps begin anew.

        Raises Conflict where a live account is joined, or while something of it is being sent.
        """
        actor.must_prove()
        async with self.db.write() as session:
            klass, _unit = await self._managed(session, actor, class_id, lock=True)
            await _must_be_practice(session)
            written = await reset_store.written_by(session, class_id)
            if written.under_way:
                raise Conflict(f"{written.under_way} kiriman kelas ini sedang dikirim. Tunggu sebentar, lalu ulangi.")
            await reset_store.take_away(session, class_id, written)
            await store.end_sessions(session, class_id, now=self.now())
            klass.begun_at = self.now()
            session.add(klass)
            await self._note(session, actor, "training.reset", klass, {"posts": len(written.posts)})
        return Emptied(len(written.posts), await wall.clear(self.simulator, written.remote_ids))

    async def close(self, actor: Actor, class_id: int) -> ClassView:
        """Its links open nothing any more and everybody is logged out; what was written stays until a reset."""
        actor.must_prove()
        async with self.db.write() as session:
            klass, unit = await self._managed(session, actor, class_id, lock=True)
            if klass.closed_at is None:
                klass.closed_at = self.now()
                session.add(klass)
                await store.end_sessions(session, class_id, now=self.now())
                await self._note(session, actor, "training.close", klass)
            return self._view(klass, unit)

    async def look(self, secret: str) -> tuple[ClassView, str]:
        """The class and the unit of a link, letting nobody in; raises like `join`."""
        async with self.db.read() as session:
            klass, top, unit = await self._behind(session, secret)
            return self._view(klass, top), unit.name

    async def join(self, secret: str, *, device: str) -> str:
        """The secret of a new session of the unit's trainee. Any number of phones may come in by one link.

        Raises Unauthenticated for a link that is wrong or over, Conflict where a live account is joined.
        """
        async with self.db.read() as session:
            await self._behind(session, secret)
        async with self.db.write() as session:
            klass, _top, unit = await self._behind(session, secret, lock=True)
            await _must_be_practice(session)
            now, unit_id = self.now(), unit.id or 0
            sat = next((one for one in await store.trainees_of(session, klass.id or 0) if one.unit_id == unit_id), None)
            if sat is None:
                user_id = await self._seat(session, klass, unit)
                sat = Trainee(user_id=user_id, class_id=klass.id or 0, unit_id=unit_id, joined_at=now)
            sat.joined_at = now
            session.add(sat)
            return await open_session(session, sat.user_id, device=device, way=Way.LINK, proves=False, now=now)

    async def exercise(self, actor: Actor) -> Exercise | None:
        """The steps of whoever came in by a class's link; None for everybody else."""
        async with self.db.read() as session:
            sat = await store.trainee(session, actor.user_id)
            found = await store.class_with_unit(session, sat.class_id) if sat else None
            if sat is None or found is None:
                return None
            klass, top = found
            unit = (await unit_store.units_in(session, ["/"], ids=[sat.unit_id]))[0]
            done = await store.done_steps(session, klass)
        return Exercise(self._view(klass, top), _row(unit, done, sat, klass))

    async def tick(self, actor: Actor, step: str) -> None:
        """A step that the program cannot see; raises NotFound for who sits in no class, BadInput for another step."""
        found = await self.exercise(actor)
        if found is None:
            raise NotFound("Anda tidak sedang mengikuti kelas latihan.")
        key = rules.read_tick(found.row.kind, step)
        if key in found.row.done:
            return
        async with self.db.write() as session:
            await session.merge(
                TrainingTick(class_id=found.view.id, unit_id=found.row.unit_id, step=str(key), at=self.now())
            )

    async def on_channel_state(self, session: WriteSession, channel_id: int, state: str) -> None:
        """No live account beside a class: raises Conflict, which undoes the change. Hung on ChannelService.on_state."""
        if state == "closed" or not await store.is_live(session, channel_id):
            return
        if self.is_training:
            raise Conflict("Pemasangan ini dipakai untuk latihan, jadi akun sungguhan tidak dapat dihubungkan di sini.")
        if await store.any_open(session, now=self.now()):
            raise Conflict("Kelas latihan masih berjalan. Selesaikan dulu kelasnya, baru hubungkan akun sungguhan.")

    async def _seat(self, session: WriteSession, klass: TrainingClass, unit: Unit) -> int:
        """The class's own person at this unit, whose role ends with the class."""
        name, kind = f"Peserta {unit.name}", UnitKind(unit.kind)
        email = f"kelas-{klass.id}.unit-{unit.id}@latihan.invalid"
        at = Grant(unit.id or 0, kind, unit.path, rules.ROLES[kind])
        user = await self.people.join(session, email=email, name=name, at=at, by="sistem")
        ends_on = klass.ends_at.astimezone(ZoneInfo(unit.timezone)).date()
        await store.end_role_on(session, user.id or 0, at.unit_id, ends_on)
        return user.id or 0

    async def _behind(
        self, session: ReadSession, secret: str, *, lock: bool = False
    ) -> tuple[TrainingClass, Unit, Unit]:
        """Class, its unit, and the unit of the link."""
        apart = rules.taken_apart(secret)
        found = await store.class_with_unit(session, apart[0], lock=lock) if apart else None
        if apart is None or found is None or not self.seal.check(_PURPOSE, _signed(found[0], apart[1]), apart[2]):
            raise Unauthenticated(
                "Tautan latihan ini tidak dikenal. Pindai lagi kode QR unit Anda, atau minta pelatih."
            )
        klass, top = found
        if not self._is_open(klass):
            raise Unauthenticated("Kelas latihan ini sudah selesai. Tanyakan kode QR yang baru kepada pelatih.")
        units = await unit_store.units_in(session, [top.path], ids=[apart[1]])
        if not units:
            raise Unauthenticated("Unit pada tautan ini tidak ada lagi. Tanyakan kode QR yang baru kepada pelatih.")
        return klass, top, units[0]

    async def _managed(
        self, session: ReadSession, actor: Actor, class_id: int, *, lock: bool = False
    ) -> tuple[TrainingClass, Unit]:
        found = await store.class_with_unit(session, class_id, lock=lock)
        if found is None or not actor.may(Act.READ, found[1].path):
            raise NotFound("Kelas latihan ini tidak ada, atau di luar wilayah Anda.")
        actor.must(Act.MANAGE, found[1].path)
        return found

    def _secret(self, klass: TrainingClass, unit_id: int) -> str:
        return rules.written(klass.id or 0, unit_id, self.seal.sign(_PURPOSE, _signed(klass, unit_id)))

    def _is_open(self, klass: TrainingClass) -> bool:
        return klass.closed_at is None and klass.ends_at > self.now()

    def _must_be_open(self, klass: TrainingClass) -> None:
        if not self._is_open(klass):
            raise Conflict("Kelas ini sudah selesai. Buat kelas baru untuk mencetak kode QR.")

    def _view(self, klass: TrainingClass, unit: Unit) -> ClassView:
        return ClassView(
            klass.id or 0, unit.id or 0, unit.name, klass.name, klass.begun_at, klass.ends_at, klass.closed_at, self._is_open(klass)
        )  # fmt: skip

    async def _note(
        self,
        session: WriteSession,
        actor: Actor,
        action: str,
        klass: TrainingClass,
        detail: Mapping[str, object] | None = None,
    ) -> None:
        told = {"class": klass.id, **(detail or {})}
        await record(
            session, at=self.now(), actor=actor.label, action=action, subject=f"unit:{klass.unit_id}", detail=told
        )


async def _must_be_practice(session: ReadSession) -> None:
    if await store.any_live(session):
        raise Conflict(_LIVE)


def _signed(klass: TrainingClass, unit_id: int) -> str:
    return f"{klass.id}:{unit_id}:{klass.created_at.isoformat()}"


def _row(unit: Unit, done: Mapping[int, set[str]], sat: Trainee | None, klass: TrainingClass) -> BoardRow:
    joined = sat.joined_at if sat and sat.joined_at >= klass.begun_at else None
    return BoardRow(unit.id or 0, unit.name, UnitKind(unit.kind), frozenset(done.get(unit.id or 0, ())), joined)


def _in_order(unit: Unit) -> tuple[str, str]:
    """KPU, each PPK, its PPS: as the codes are written."""
    return (unit.wilayah_code, unit.name)
