"""The one matrix of role, unit and route; a route that is not in it fails."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from io import BytesIO
from itertools import count
from typing import Any

import httpx2
import pytest
from fastapi.routing import iter_route_contexts
from PIL import Image
from sqlalchemy import text
from sqlmodel import col, select

from app.accounts.models import Unit
from app.accounts.rules import Act, Actor, Grant, Role, UnitKind
from app.activities.rules import Said
from app.content.drafts import Draft
from app.evidence.rules import Sought
from app.posts.broadcasts import BroadcastInput
from app.posts.rules import Timing
from app.posts.series import SeriesInput
from app.posts.series_rules import Schedule
from app.posts.service import PostInput, PostView
from app.posts.store import PostFilter
from app.publishing.models import Incident
from app.publishing.takeovers import Alarm
from app.tahapan.service import StageEdit
from app.web import assets
from app.wilayah.models import Wilayah
from tests.api.answers import SHEET
from tests.api.calls import Call
from tests.api.matrix import COLUMNS, ROUTES
from tests.conftest import NOW
from tests.support.cast import id_of
from tests.support.client import Site, open_site, token_for
from tests.support.databases import fresh_database
from tests.support.house import settings_for, still_at

PLACES = (("ppk_barat", ""), ("ppk_utara", " di utara"), ("kpu", " KPU"))
SOON = Timing(at=NOW + timedelta(hours=2))


@dataclass
class World:
    """The cast's site with a person for every column, and makers of what is asked for."""

    site: Site
    people: dict[str, Actor]
    tokens: dict[str, str]
    cookies: dict[str, str] = field(default_factory=dict)
    last_spare: int = 0
    numbers: Any = field(default_factory=lambda: count(1))

    async def post(self, *, review: bool) -> PostView:
        cast, text_ = self.site.cast, f"Posko nomor {next(self.numbers)} buka."
        wanted = PostInput(id_of(cast.cilendek), text=text_, timing=SOON if review else None)
        return await self.site.house.posts.create(cast.sari, wanted)

    async def telephone(self) -> int:
        """In review, with a hint of the guard."""
        cast, text_ = self.site.cast, f"Tulis ke posko{next(self.numbers)}@contoh.example."
        wanted = PostInput(id_of(cast.cilendek), text=text_, timing=SOON)
        return (await self.site.house.posts.create(cast.sari, wanted)).id

    async def delivery(self, state: str) -> int:
        """One of an approved post of Sari's."""
        post = await self.post(review=True)
        fresh = await self.site.house.posts.approve(self.site.cast.dewi, post.id)
        identity = fresh.deliveries[0].id
        async with self.site.house.db.write() as session:
            await session.run(text("UPDATE delivery SET state = :s WHERE id = :id"), {"s": state, "id": identity})
        return identity

    async def wished(self) -> int:
        """One that is out and is to be taken down."""
        identity = await self.delivery("published")
        await self.site.house.withdrawing.withdraw(self.site.cast.dewi, identity, reason="uji")
        return identity

    async def complaint(self) -> int:
        """About a post of Sari's that is out, at PPK Bogor Barat."""
        identity = await self.delivery("published")
        view = await self.site.house.complaints.open(self.site.cast.budi, Sought(text="uji"), [identity])
        return view.row.id or 0

    async def spare(self) -> int:
        """A PPS beneath PPK Bogor Barat that nothing else is about."""
        cast, number = self.site.cast, next(self.numbers)
        code = f"32.71.04.{2000 + number}"
        async with self.site.house.db.write() as session:
            session.add(
                Wilayah(code=code, name=f"Uji {number}", level="kelurahan", parent="32.71.04", map_version="uji")
            )
            await session.flush()
            unit = Unit(
                election_id=cast.ppk_barat.election_id, kind="pps", name=f"PPS Uji {number}", wilayah_code=code,
                parent_id=cast.ppk_barat.id, timezone="Asia/Jakarta",
            )  # fmt: skip
            session.add(unit)
            await session.flush()
            unit.path = f"{cast.ppk_barat.path}{unit.id}/"
            self.last_spare = id_of(unit)
        return self.last_spare

    async def helper(self) -> int:
        """Somebody at the last spare unit."""
        email = f"bantu{next(self.numbers)}@kpu.test"
        user = await self.site.house.people.add_user(email=email, name="x", unit_id=self.last_spare, role="viewer", by="uji")  # fmt: skip
        return user.id or 0

    async def template(self) -> int:
        draft = Draft(
            f"templat-{next(self.numbers)}", "Kabar", ("*",), ("ppk", "pps"), {("id", "short"): "Halo {{ nama_unit }}"}
        )
        made = await self.site.house.templates.add(self.site.cast.budi, draft, unit_id=id_of(self.site.cast.ppk_barat))
        return made.id

    async def sundanese(self) -> int:
        """A template with words that no native speaker has read."""
        texts = {("id", "short"): "Halo {{ nama_unit }}", ("su", "short"): "Halo {{ nama_unit }}"}
        draft = Draft(f"templat-{next(self.numbers)}", "Kabar", ("*",), ("ppk", "pps"), texts)
        made = await self.site.house.templates.add(self.site.cast.budi, draft, unit_id=id_of(self.site.cast.ppk_barat))
        return made.id

    async def broadcast(self) -> int:
        wanted = BroadcastInput(await self.template(), ("pps",), None, None, ("x",), SOON)
        return (await self.site.house.broadcasts.create(self.site.cast.budi, wanted)).id or 0

    async def suggestion(self) -> int:
        """Sari's part of a suggested broadcast, not answered."""
        house, cast = self.site.house, self.site.cast
        wanted = BroadcastInput(
            await self.template(), ("pps",), None, [id_of(cast.cilendek)], ("x",), SOON, mode="suggested"
        )
        made = await house.broadcasts.create(cast.budi, wanted)
        return (await house.posts.list(cast.budi, PostFilter(broadcast_id=made.id), limit=1)).rows[0].id

    async def channel(self, environment: str = "practice") -> int:
        made = await self.site.house.channels.add(
            self.site.cast.rina, unit_id=id_of(self.site.cast.cilendek), platform="x", environment=environment,
            handle=f"kanal{next(self.numbers)}",
        )  # fmt: skip
        return made.id or 0

    async def media(self) -> int:
        cast = self.site.cast
        row = await self.site.house.media.upload(
            cast.sari, unit_id=id_of(cast.cilendek), data=photo(), alt_text="Pasar."
        )
        return row.id or 0

    async def design(self) -> int:
        cast = self.site.cast
        view = await self.site.house.designs.add(cast.budi, title="Kabar", body=SHEET, unit_id=id_of(cast.ppk_barat))
        return view.id

    async def token(self) -> int:
        """Of the admin at PPK Bogor Barat, for himself."""
        cast = self.site.cast
        _token, view = await self.site.house.people.issue_token(
            self.people["admin"], unit_id=id_of(cast.cilendek), scopes=None, days=1, name="x"
        )
        return view.id or 0

    async def rejected(self) -> int:
        post = await self.post(review=True)
        return (await self.site.house.posts.reject(self.site.cast.budi, post.id, reason="x")).id

    async def held(self) -> int:
        """In review, and held by its reviewer."""
        post = await self.post(review=True)
        await self.site.house.discussing.hold(self.site.cast.budi, post.id, reason="uji")
        return post.id

    async def pause(self) -> int:
        """Over one unit; ended before, so that the next one may begin."""
        house, cast = self.site.house, self.site.cast
        for row in await house.pauses.list(cast.rina, running=True):
            await house.pauses.resume(cast.rina, row.id or 0)
        row, _in_flight = await house.pauses.pause(cast.rina, id_of(cast.cilendek), reason="uji")
        return row.id or 0

    async def webhook(self) -> int:
        house, cast = self.site.house, self.site.cast
        address, wanted = "https://contoh.go.id/masuk", ["delivery.published"]
        return (await house.webhooks.create(cast.rina, id_of(cast.cilendek), address, wanted))[0].id or 0

    async def training(self) -> int:
        """A class at PPK Bogor Barat."""
        unit = id_of(self.site.cast.ppk_barat)
        return (await self.site.house.training.begin(self.site.cast.rina, unit_id=unit, name="Uji", hours=1)).id

    async def incident(self) -> int:
        """One that goes on."""
        db, now = self.site.house.db, self.site.house.clock.now()
        row = Incident(platform="x", environment="practice", reason="uji", channels=5, began_at=now, probe_at=now)
        async with db.write() as session:
            known = (await session.exec(select(Incident).where(col(Incident.ended_at).is_(None)))).first()
            session.add(known or row)
            await session.flush()
            return (known or row).id or 0

    async def hacked(self) -> int:
        channel = await self.channel()
        await self.site.house.takeovers.raise_alarm(self.site.cast.rina, channel, Alarm(people=[]))
        return channel

    async def series(self) -> int:
        wanted = SeriesInput(await self.template(), Schedule("PYL-07", time(9), days_before=(7,)), ("x",), ("pps",))
        return (await self.site.house.series.create(self.site.cast.budi, wanted)).id or 0

    async def revision(self) -> int:
        """A stage renamed in its own place: no post is touched."""
        house, rina = self.site.house, self.site.cast.rina
        within = await house.units.elections(rina, Act.CALENDAR)
        row = await house.tahapan.add(
            f"UJI-{next(self.numbers)}", {"name": "Uji", "kind": "peristiwa"}, by="uji", within=within
        )
        days: StageEdit = {"starts_on": date(2024, 12, 1), "ends_on": date(2024, 12, 1)}
        view = await house.revising.revise(rina, row.id or 0, days, reason="uji", dry_run=False, within=within)
        return view.revision_id or 0

    async def activity(self) -> int:
        said = Said(id_of(self.site.cast.cilendek), "sosialisasi_rw", date(2024, 11, 1), rw=4)
        return (await self.site.house.activities.create(self.site.cast.sari, said)).id

    async def called_off(self) -> int:
        broadcast_id = await self.broadcast()
        await self.site.house.broadcasts.cancel(self.site.cast.dewi, broadcast_id, reason="Uji.")
        return broadcast_id

    async def make(self, what: str) -> int | str:
        makers: dict[str, Callable[[], Awaitable[int]]] = {
            "webhook": self.webhook, "template": self.template, "broadcast": self.broadcast, "channel": self.channel, "media": self.media, "design": self.design,
            "token": self.token, "rejected": self.rejected, "manual_channel": lambda: self.channel("manual"),
            "activity": self.activity, "telephone": self.telephone, "suggestion": self.suggestion, "pause": self.pause, "incident": self.incident, "hacked": self.hacked,
            "series": self.series, "wished": self.wished, "revision": self.revision, "held": self.held,
            "sundanese": self.sundanese, "complaint": self.complaint,
            "training": self.training, "called_off": self.called_off, "spare": self.spare, "helper": self.helper,
        }  # fmt: skip
        fixed = {
            "unit": id_of(self.site.cast.cilendek),
            "closed_page": "32.71.99",
            "tahapan": 1,
            "election": self.site.cast.election_id,
            "lang": "su",
            "sari": self.site.cast.sari.user_id,
            "budi": self.site.cast.budi.user_id,
            "ppk": id_of(self.site.cast.ppk_barat),
            "kpu": id_of(self.site.cast.kpu),
            "foreign_notice": 999_999,
            "foreign_connection": 999_999,
            "stylesheet": assets.address("app.css").rpartition("/")[2],
            "secret": "x" * 43,
            "foreign_upload": "x" * 32,
            "step": "sandi",
            "csv": "csv",
        }
        if " " in what:
            return " ".join([str(await self.make(one)) for one in what.split()])
        if what in fixed:
            return fixed[what]
        if what in {"draft", "in_review"}:
            return (await self.post(review=what == "in_review")).id
        return await makers[what]() if what in makers else await self.delivery(what)

    async def cookie(self, who: str) -> str:
        if who not in self.cookies:
            link = await self.site.house.people.make_link(self.people[who].user_id, purpose="login", hours=1)
            self.cookies[who] = await self.site.house.people.use_link(link, device="uji")
        return self.cookies[who]

    async def fill(self, value: Any) -> Any:
        """`{unit}` and the like, at any depth."""
        if isinstance(value, dict):
            return {name: await self.fill(inner) for name, inner in value.items()}
        if isinstance(value, list):
            return [await self.fill(inner) for inner in value]
        match value:
            case "{unit}" | "{template}" | "{in_review}":
                return await self.make(value[1:-1])
            case "{ppk}":
                return id_of(self.site.cast.ppk_barat)
            case "{soon}":
                return (NOW + timedelta(hours=2)).isoformat()
            case "{local}":
                return "2024-11-01T15:00"
            case "{email}" | "{code}" | "{key}" | "{handle}":
                return f"baru{next(self.numbers)}" + ("@kpu.test" if "mail" in value else "")
        return value


def photo() -> bytes:
    out = BytesIO()
    Image.new("RGB", (20, 20), "purple").save(out, "PNG")
    return out.getvalue()


FILES: dict[str, Callable[[], tuple[str, bytes, str]]] = {
    "{photo}": lambda: ("a.png", photo(), "image/png"),
    "{calendar}": lambda: (
        "a.csv",
        b"code,name_id,kind,start,end,source,certainty,parent,scope,note\nX,X,psu,,,,,,daerah_psu,\n",
        "text/csv",
    ),
    "{table}": lambda: ("a.csv", b"unit,platform,akun,teks\n32.71.04.1008,x,a,Halo\n", "text/csv"),
}


@pytest.fixture(scope="module")
async def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    """On SQLite: which rows are seen is the same query on both, and each room's own tests run it on both."""
    folder = tmp_path_factory.mktemp("matrix")
    with fresh_database(request, "sqlite", folder) as url:
        async with open_site(settings_for(folder, url, rate_logins=0), still_at(NOW)) as site:
            people = await _people(site)
            tokens = {name: await token_for(site.house, actor) for name, actor in people.items()}
            yield World(site, people, tokens)


async def _people(site: Site) -> dict[str, Actor]:
    found = {}
    for place, suffix in PLACES:
        unit = getattr(site.cast, place)
        for role in Role:
            email = f"{role}-{place.replace('_', '-')}@kpu.test"
            user = await site.house.people.add_user(email=email, name=role, unit_id=id_of(unit), role=role, by="uji")
            grant = Grant(id_of(unit), UnitKind(unit.kind), unit.path, role)
            found[f"{role}{suffix}"] = Actor(id_of(user), role, (grant,))
    return {name: actor for name, actor in found.items() if name in COLUMNS}


def routes_of(site: Site) -> set[str]:
    found = set()
    for route in iter_route_contexts(site.app.routes):
        methods = set(route.methods or {"*"}) - {"HEAD"}
        found |= {f"{method} {route.path}" for method in methods}
    return found


async def test_every_route_is_in_the_matrix_and_the_matrix_names_no_other(world: World) -> None:
    assert routes_of(world.site) - set(ROUTES) == set(), "new routes: say who may use them"
    assert set(ROUTES) - routes_of(world.site) == set(), "routes that are no more"


@pytest.mark.parametrize("route", ROUTES)
async def test_everybody_gets_the_answer_the_matrix_says(world: World, route: str) -> None:
    call = ROUTES[route]
    expected = dict(zip(COLUMNS, call.expected.replace("|", "").split(), strict=True))
    found, made = {}, None
    for who in COLUMNS:
        if made is None and call.made:
            made = await world.make(call.made)
        answer = await _ask(world, who, route, call, made)
        found[who] = str(answer.status_code)
        if answer.status_code < 400 and not route.startswith("GET"):
            made = None
    assert found == expected


async def _ask(world: World, who: str, route: str, call: Call, made: int | str | None) -> httpx2.Response:
    method, _, path = route.partition(" ")
    headers = dict(call.headers)
    if who != "nobody" and path.startswith("/api/"):
        headers["Authorization"] = f"Bearer {world.tokens[who]}"
    elif who != "nobody":
        headers["Cookie"] = f"ktg_session={await world.cookie(who)}"
    options: dict[str, Any] = {"headers": headers}
    if call.json is not None:
        options["json"] = await world.fill(dict(call.json))
    if call.form is not None:
        filled = await world.fill(dict(call.form))
        if file := filled.pop("file", None):
            options["files"] = {"berkas" if path == "/tahapan/impor" else "file": FILES[file]()}
        options["data"] = {name: str(value) for name, value in filled.items()}
    places = str(made).split()
    address = re.sub(r"\{\w+\}", lambda _: places.pop(0) if len(places) > 1 else places[0], path) + call.query
    answer = await world.site.client.request("GET" if method == "*" else method, address, **options)
    if path == "/keluar":
        world.cookies.pop(who, None)
    return answer


async def test_an_editor_of_one_kecamatan_sees_nothing_of_another(world: World) -> None:
    """Every list, read by Bogor Utara after Bogor Barat has been busy."""
    for what in ("draft", "in_review", "due", "broadcast", "channel", "media", "template"):
        await world.make(what)
    beneath = {id_of(unit) for unit in (world.site.cast.ppk_utara, world.site.cast.bantarjati)}
    headers = {"Authorization": f"Bearer {world.tokens['editor di utara']}"}
    for path in ("posts", "deliveries", "channels", "units", "broadcasts", "templates"):
        answer = await world.site.client.get(f"/api/v1/{path}?limit=200", headers=headers)
        key = "id" if path == "units" else "unit_id"
        # What the KPU keeps for everybody is no secret of another kecamatan's.
        shared = {id_of(world.site.cast.kpu)} if path == "templates" else set()
        assert {row.get(key) for row in answer.json()["data"]} <= beneath | shared, path
    for group_by in ("unit", "kecamatan"):
        rows = (await world.site.client.get(f"/api/v1/engagement?group_by={group_by}", headers=headers)).json()["data"]
        assert all(row["key"] in {"32.71.05", *map(str, beneath)} for row in rows)


async def test_a_token_never_reaches_beyond_its_scopes(world: World) -> None:
    """An admin's token that may only read gets the viewer's answers."""
    found, expected = {}, {}
    token, _view = await world.site.house.people.issue_token(
        world.people["admin KPU"],
        unit_id=id_of(world.site.cast.kpu),
        scopes=["read"],
        days=1,
        name="baca",  # type: ignore[list-item]
    )
    for route, call in ROUTES.items():
        method, _, path = route.partition(" ")
        if not path.startswith("/api/v1/") or method == "GET" or path.endswith("openapi.json"):
            continue
        made = await world.make(call.made) if call.made else None
        kept, world.tokens["admin KPU"] = world.tokens["admin KPU"], token
        answer = await _ask(world, "admin KPU", route, call, made)
        world.tokens["admin KPU"] = kept
        viewer = dict(zip(COLUMNS, call.expected.replace("|", "").split(), strict=True))["viewer KPU"]
        found[route], expected[route] = str(answer.status_code), call.narrow or viewer
    assert found == expected
