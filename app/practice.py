"""Sets up a training: the city with its calendar moved forward, a cast of people, practice channels, a token, a first broadcast."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from app.accounts import unit_store
from app.accounts.loading import SHIPPED, load_city
from app.accounts.models import Unit
from app.accounts.rules import Role
from app.bootstrap import Kentongan
from app.content.loading import load_templates
from app.posts.broadcasts import BroadcastInput, BroadcastView
from app.posts.rules import Timing
from app.reports.targets import load_targets
from app.tahapan.reading import read_election, read_stages
from app.tahapan.rules import weeks_until_about_a_month
from app.training.rules import read_name

PLATFORMS = ("x", "facebook", "instagram")
TOKEN_DAYS = 30
LINK_HOURS = 24
CLASS_HOURS = 12
FIRST_BROADCAST = timedelta(seconds=15)
FIRST_ADMIN = "admin@kentongan.invalid"

# Name, role, kind and region of the unit; the Divisi Sosdiklih's reviewer first.
CAST = (
    ("Dewi", Role.REVIEWER, "kpu", "32.71"),
    ("Rina", Role.ADMIN, "kpu", "32.71"),
    ("Gilang", Role.REVIEWER, "kpu", "32.71"),
    ("Budi", Role.REVIEWER, "ppk", "32.71.04"),
    ("Citra", Role.EDITOR, "ppk", "32.71.05"),
    ("Sari", Role.EDITOR, "pps", "32.71.04.1008"),
)


@dataclass(frozen=True)
class LoginLink:
    name: str
    role: Role
    secret: str


@dataclass(frozen=True)
class Practice:
    """What a trainer needs: links for the cast, a token of the city's admin. `is_new`: this was the first time."""

    links: Sequence[LoginLink]
    token: str
    channels: int
    shifted_weeks: int
    is_new: bool


async def load_reference(house: Kentongan, *, shifted: bool) -> int:
    """The city and its templates; answers by how many weeks the calendar is moved."""
    now = house.clock.now()
    voting_day = shipped_voting_day()
    weeks = weeks_until_about_a_month(voting_day, now.date()) if shifted and voting_day else 0
    report = await load_city(house.db, now=now, shift_weeks=weeks)
    await load_templates(house.db, now=now)
    await house.designs.load()
    await load_targets(house.db, house.tahapan)
    return report.shifted_weeks


def shipped_voting_day() -> date | None:
    """As the shipped calendar has it."""
    home = SHIPPED / "elections" / "pilkada-2024"
    voting_stage = read_election(home / "election.yaml").voting_stage
    return next((row.starts_on for row in read_stages(home / "stages.csv").rows if row.code == voting_stage), None)


async def first_admin_link(house: Kentongan, *, hours: float) -> str:
    """An empty installation gets its city with the real calendar, and an admin of its KPU who is let in by this secret."""
    await load_reference(house, shifted=False)
    async with house.db.read() as session:
        root = (await unit_store.units_in(session, ["/"], kinds=["kpu"]))[0]
    admin = await house.people.add_user(
        email=FIRST_ADMIN, name="Admin", unit_id=root.id or 0, role=Role.ADMIN, by="sistem"
    )
    return await house.people.make_link(admin.id or 0, purpose="setup", hours=hours)


async def set_up(house: Kentongan, *, shifted: bool = True) -> Practice:
    """Idempotent: people, channels and edits stay; links and the token are new each time, for only hashes are kept."""
    weeks = await load_reference(house, shifted=shifted)
    async with house.db.read() as session:
        units = await unit_store.units_in(session, ["/"])
    is_new = not await house.people.any_user()
    by_place = {(unit.kind, unit.wilayah_code): unit for unit in units}
    links, admin_id = [], 0
    for name, role, kind, code in CAST:
        unit = by_place[kind, code]
        user = await house.people.add_user(
            email=f"{name.lower()}@latihan.invalid", name=name, unit_id=unit.id or 0, role=role, by="sistem"
        )
        links.append(
            LoginLink(name, role, await house.people.make_link(user.id or 0, purpose="login", hours=LINK_HOURS))
        )
        if role is Role.ADMIN:
            admin_id = user.id or 0
    async with house.db.write() as session:
        added = await house.channels.add_practice(
            session, units=[(unit.id or 0, handle(unit)) for unit in units], platforms=PLATFORMS
        )
    root = by_place["kpu", "32.71"]
    token = await house.people.add_token(
        user_id=admin_id, unit_id=root.id or 0, scopes=None, days=TOKEN_DAYS, name="latihan"
    )
    return Practice(links, token, added, weeks, is_new)


async def hold_class(house: Kentongan, name: str) -> tuple[int, str]:
    """The open class of this name, or a new one for the whole city; its number, and the secret of its trainer's way in."""
    rina = await house.people.find_user_by_email("rina@latihan.invalid")
    assert rina is not None
    actor = await house.people.actor_of(rina.id or 0)
    title = read_name(name)
    found = next((one for one in await house.training.list(actor) if one.is_open and one.name == title), None)
    view = found or await house.training.begin(actor, unit_id=actor.grants[0].unit_id, name=title, hours=CLASS_HOURS)
    return view.id, await house.people.make_link(actor.user_id, purpose="login", hours=LINK_HOURS)


def handle(unit: Unit) -> str:
    """`PPS Cilendek Barat` speaks as pps.cilendekbarat; the code tells two of one name apart."""
    kind, _, name = unit.name.partition(" ")
    plain = "".join(letter for letter in name.lower() if letter.isascii() and letter.isalnum())
    return f"{kind.lower()}.{plain or unit.wilayah_code.replace('.', '')}"


async def first_broadcast(house: Kentongan) -> BroadcastView:
    """A countdown where voting day lies ahead, else the hoax check that fits any day; as the Divisi Sosdiklih would send it."""
    dewi = await house.people.find_user_by_email("dewi@latihan.invalid")
    assert dewi is not None
    actor = await house.people.actor_of(dewi.id or 0)
    async with house.db.read() as session:
        root = (await unit_store.units_in(session, ["/"], kinds=["kpu"]))[0]
        calendar = await house.tahapan.calendar(session, root.election_id)
    voting_day = calendar.voting_day()
    key = "hitung-mundur" if voting_day and voting_day > house.clock.now().date() else "saring-hoaks"
    template = next(t for t in (await house.templates.list(actor, limit=200, cursor=None)).rows if t.key == key)
    wanted = BroadcastInput(
        template.id,
        kinds=("ppk", "pps"),
        under=root.id,
        unit_ids=None,
        platforms=PLATFORMS,
        timing=Timing(at=house.clock.now() + FIRST_BROADCAST),
        environment="practice",
    )
    return await house.broadcasts.create(actor, wanted)
