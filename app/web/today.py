"""What a person finds on the first page: what is ready to publish, what is stuck, what the month still lacks, who is silent."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from app.accounts.models import Unit
from app.accounts.rules import Act, Actor, UnitKind
from app.bootstrap import Kentongan
from app.content.values import write_date
from app.kit.errors import Forbidden
from app.posts.rules import PostState, Reviewer
from app.posts.store import PostFilter
from app.posts.suggesting import Suggestion
from app.publishing.read_store import Filter
from app.publishing.rules import State
from app.web import words
from app.web.frame import Frame
from app.web.queue import TABS
from app.web.sight import units_by_id, units_seen
from app.web.words import Moment, moment

ATTENTION = TABS[0].states
SHOWN = 5
OUT = (State.PUBLISHED, State.WITHDRAWN)
_HEAD = 150


@dataclass(frozen=True)
class Fact:
    value: int
    word: str
    href: str


@dataclass(frozen=True)
class Ready:
    """A post that lacks only a tap; `asks` true: something must be filled in first."""

    template_id: int
    title: str
    about: str
    head: str
    rest: str
    poster: str
    alt: str
    button: str
    asks: bool


@dataclass(frozen=True)
class Waiting:
    """A post that waits for a reviewer."""

    id: int
    unit: str
    text: str
    when: Moment | None


async def ready(house: Kentongan, actor: Actor, frame: Frame) -> list[Ready] | None:
    """None: this person does not write for one unit of its own (a KPU sends to many by broadcast)."""
    if frame.unit_id is None or frame.kind is UnitKind.KPU or not actor.paths(Act.WRITE):
        return None
    try:
        offered = await house.suggesting.today(actor, frame.unit_id)
    except Forbidden:  # a viewer here, a writer elsewhere
        return None
    return [_ready(one, frame) for one in offered]


def _ready(one: Suggestion, frame: Frame) -> Ready:
    head, rest = split(one.text)
    platforms = ", ".join(words.platform_name(platform) for platform in one.platforms)
    clock = words.clock(one.at, frame.zone)
    if one.missing:
        button = "Lengkapi isiannya"
    elif one.reviewer is not Reviewer.NOBODY:
        button = "Kirim untuk ditinjau"
    else:
        button = "Terbitkan" if one.is_now else f"Jadwalkan {clock}"
    return Ready(
        one.template_id, one.title, f"{one.stage} · {platforms}", head, rest,
        f"/poster/{frame.unit_id}.webp?{urlencode({'judul': one.title})}", f"Poster {frame.unit}: {one.title}", button,
        bool(one.missing),
    )  # fmt: skip


def split(text: str) -> tuple[str, str]:
    """The beginning, which is read at once, and the rest; cut between words."""
    if len(text) <= _HEAD * 1.3:
        return text, ""
    cut = max(text.rfind(" ", 0, _HEAD), text.rfind("\n", 0, _HEAD), 40)
    return text[:cut].rstrip(), text[cut:].lstrip()


def needs(counts: Mapping[str, int]) -> list[Fact]:
    """Only what is there: an empty list means nobody has to do anything."""
    href = "/antrean?tab=perhatian"
    facts = [Fact(counts.get(state, 0), words.STATES[state].word, href) for state in ATTENTION]
    facts.append(Fact(counts.get(State.WAITING, 0), "Menunggu", "/antrean?tab=menunggu"))
    return [fact for fact in facts if fact.value]


async def day(house: Kentongan, actor: Actor, zone: str) -> list[Fact]:
    """Deliveries promised for today in `zone`."""
    midnight = _midnight(house, zone)
    found = Counter(
        await house.publishing.counts(actor, Filter(due_from=midnight, due_before=midnight + timedelta(days=1)))
    )
    tasks = await house.publishing.count_tasks(actor, Filter())
    return [
        Fact(sum(found[state] for state in OUT), "terbit", "/antrean?tab=terbit"),
        Fact(found[State.DUE] + found[State.SENDING] + found[State.WAITING], "akan terbit", "/antrean?tab=terjadwal"),
        Fact(sum(found[state] for state in ATTENTION) + tasks, "perlu perhatian", "/antrean?tab=perhatian"),
    ]


async def month_gaps(house: Kentongan, actor: Actor, zone: str) -> tuple[int, list[Fact]]:
    """How many posts are out this month, and what its report still lacks."""
    first = _midnight(house, zone).replace(day=1)
    found = Counter(await house.publishing.counts(actor, Filter(due_from=first, due_before=house.clock.now())))
    gaps = [
        Fact(found[State.MANUAL], "tugas unggah belum ditandai terbit", "/tugas"),
        Fact(found[State.UNSURE], "kiriman belum pasti terbit", "/antrean?tab=perhatian"),
        Fact(found[State.STOPPED] + found[State.MISSED], "kiriman gagal atau kedaluwarsa", "/antrean?tab=perhatian"),
    ]
    return sum(found[state] for state in OUT), [gap for gap in gaps if gap.value]


async def in_review(house: Kentongan, actor: Actor) -> list[Waiting]:
    """The newest of what waits, for those who may review."""
    if not actor.paths(Act.REVIEW):
        return []
    found = await house.posts.list(actor, PostFilter(state=PostState.IN_REVIEW), limit=SHOWN)
    units = await units_by_id(house, actor, [post.unit_id for post in found.rows])
    shown = []
    for post in found.rows:
        unit = units[post.unit_id]
        text = str(post.variants[0]["text"]) if post.variants else post.text or ""
        when = moment(post.due_at, unit.timezone) if post.due_at else None
        shown.append(Waiting(post.id, unit.name, " ".join(text.split()), when))
    return shown


@dataclass(frozen=True)
class Silence:
    """Units that have published nothing since Monday, as a text for their chat group; `count` of `total`."""

    count: int
    total: int
    text: str


async def silence(house: Kentongan, actor: Actor, zone: str) -> Silence | None:
    """None for those who see one unit only."""
    units = {unit.id: unit for unit in await units_seen(house, actor) if unit.kind != UnitKind.KPU}
    if len(units) < 2:
        return None
    midnight = _midnight(house, zone)
    monday = midnight - timedelta(days=midnight.weekday())
    heard = await house.publishing.units_heard(actor, Filter(states=OUT, due_from=monday))
    silent = [unit for unit_id, unit in units.items() if unit_id not in heard]
    period = f"{write_date(monday.date())} s.d. {write_date(midnight.date())}"
    return Silence(len(silent), len(units), _said(silent, units, period, house.settings.base_url))


def _said(silent: Sequence[Unit], units: Mapping[int | None, Unit], period: str, base_url: str) -> str:
    groups: dict[str, list[str]] = {}
    for unit in silent:
        above = units.get(unit.parent_id)
        groups.setdefault(above.name if above else "", []).append(unit.name)
    lines = [f"{above}: {', '.join(names)}" if above else ", ".join(names) for above, names in groups.items()]
    return "\n".join(
        [
            f"Belum unggah pekan ini ({period}):",
            *lines,
            "",
            f"Teks dan gambar sudah siap di {base_url}/dasbor, tinggal terbitkan.",
        ]
    )


def _midnight(house: Kentongan, zone: str) -> datetime:
    local = house.clock.now().astimezone(ZoneInfo(zone))
    return datetime.combine(local.date(), time(), ZoneInfo(zone))
