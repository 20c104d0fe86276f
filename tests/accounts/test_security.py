"""Proving who one is: each way in, and each way that must stay shut."""

from dataclasses import replace
from datetime import datetime, timedelta

import pyotp
import pytest
from sqlalchemy import text

from app.accounts.proofs import Entered, HalfWay, Wrong
from app.accounts.rules import Actor, EnrolFirst, ProveFirst
from app.accounts.security import SecurityService
from app.accounts.service import PeopleService
from app.kit.db import Database
from app.kit.errors import BadInput, Forbidden, NotFound, Unauthenticated
from app.kit.seal import Seal
from tests.support.cast import Cast, id_of, make_cast

GOOD = "pohon biru sungai tenang"
UNIX = 1_730_430_000.0


class Moment:
    """A clock that a test moves: the house's and the phones' real one alike."""

    def __init__(self, now: datetime) -> None:
        self.at, self.unix = now, UNIX

    def now(self) -> datetime:
        return self.at

    def real(self) -> float:
        return self.unix

    def pass_by(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)
        self.unix += seconds


@pytest.fixture
def moment(now: datetime) -> Moment:
    return Moment(now)


@pytest.fixture
async def cast(db: Database, now: datetime) -> Cast:
    return await make_cast(db, now)


@pytest.fixture
def people(db: Database, moment: Moment) -> PeopleService:
    return PeopleService(db, moment.now, needs_factor=True)


@pytest.fixture
def safe(db: Database, moment: Moment, people: PeopleService) -> SecurityService:
    return SecurityService(db, Seal(("uji",)), moment.now, people, links_suffice=False, unix=moment.real)


async def screen(people: PeopleService, actor: Actor) -> str:
    link = await people.make_link(actor.user_id, purpose="login", hours=1)
    return await people.use_link(link, device="uji")


async def with_app(people: PeopleService, safe: SecurityService, actor: Actor) -> tuple[str, str, list[str]]:
    """A screen, the phone's secret, and the recovery codes."""
    secret = await screen(people, actor)
    me = await people.actor_by_session(secret, enrolling=True)
    totp = await safe.begin_totp(me)
    assert (await safe.begin_totp(me)).secret == totp.secret, "a reloaded page keeps what the phone has read"
    codes = await safe.confirm_totp(me, secret, pyotp.TOTP(totp.secret).at(int(safe.unix())))
    return secret, totp.secret, list(codes)


def email_of(cast: Cast, name: str) -> str:
    return cast.users[name].email


async def test_a_password_opens_the_door_of_who_needs_no_more(
    people: PeopleService, safe: SecurityService, cast: Cast
) -> None:
    secret = await screen(people, cast.sari)
    await safe.set_password(await people.actor_by_session(secret), secret, GOOD)
    entry = await safe.enter_by_password(f"  {email_of(cast, 'sari').upper()} ", GOOD, device="Firefox")
    assert isinstance(entry, Entered)
    assert (await people.actor_by_session(entry.session)).user_id == cast.sari.user_id


async def test_nobody_learns_who_exists(people: PeopleService, safe: SecurityService, cast: Cast) -> None:
    secret = await screen(people, cast.sari)
    await safe.set_password(await people.actor_by_session(secret), secret, GOOD)
    await people.set_active(cast.vino.user_id, active=False, by="uji")
    said = set()
    for email in (
        email_of(cast, "sari"),
        email_of(cast, "citra"),
        email_of(cast, "vino"),
        "tiada@kpu.test",
        "",
        "x" * 300,
    ):
        with pytest.raises(Wrong) as refused:
            await safe.enter_by_password(email, "bukan yang benar", device="")
        said.add(refused.value.message)
    assert len(said) == 1


@pytest.mark.parametrize(
    "weak",
    ["tujuh88", "a" * 20, "password1234", "abcabcabcabcabc", "sarisarisari1", "x" * 129, "sandi\x00panjang sekali"],
)
async def test_a_weak_password_is_refused_and_never_quoted(
    people: PeopleService, safe: SecurityService, cast: Cast, weak: str
) -> None:
    secret = await screen(people, cast.sari)
    with pytest.raises(BadInput) as refused:
        await safe.set_password(await people.actor_by_session(secret), secret, weak)
    assert weak not in refused.value.message


async def test_a_new_password_ends_every_other_screen(people: PeopleService, safe: SecurityService, cast: Cast) -> None:
    one, other = await screen(people, cast.sari), await screen(people, cast.sari)
    await safe.set_password(await people.actor_by_session(one), one, GOOD)
    assert (await people.actor_by_session(one)).is_proved
    with pytest.raises(Unauthenticated):
        await people.actor_by_session(other)


async def test_who_approves_or_manages_sets_up_a_second_factor_first(
    people: PeopleService, safe: SecurityService, cast: Cast
) -> None:
    for actor in (cast.budi, cast.dewi, cast.rina):
        secret = await screen(people, actor)
        with pytest.raises(EnrolFirst):
            await people.actor_by_session(secret)
    for actor in (cast.sari, cast.vino):
        assert await people.actor_by_session(await screen(people, actor))
    secret, _totp, codes = await with_app(people, safe, cast.budi)
    assert (await people.actor_by_session(secret)).user_id == cast.budi.user_id
    assert len(set(codes)) == 10


async def test_a_training_asks_nobody(db: Database, moment: Moment, cast: Cast) -> None:
    easy = PeopleService(db, moment.now)
    assert await easy.actor_by_session(await screen(easy, cast.rina))


async def test_digits_finish_a_log_in_once(
    people: PeopleService, safe: SecurityService, cast: Cast, moment: Moment
) -> None:
    _secret, totp, _codes = await with_app(people, safe, cast.budi)
    link = await people.make_link(cast.budi.user_id, purpose="login", hours=1)
    entry = await safe.enter_by_link(link, device="")
    assert isinstance(entry, HalfWay)
    with pytest.raises(Unauthenticated):
        await safe.enter_by_link(link, device="")
    digits = pyotp.TOTP(totp).at(int(moment.unix))
    with pytest.raises(Wrong):
        await safe.finish(entry.step, digits, device="")  # the digits that confirmed it have been used
    moment.pass_by(30)
    fresh = pyotp.TOTP(totp).at(int(moment.unix))
    assert await safe.finish(entry.step, f"{fresh[:3]} {fresh[3:]}", device="")
    for step in (entry.step, "x" * 43):
        with pytest.raises(Wrong):
            await safe.finish(step, fresh, device="")


async def test_five_wrong_digits_end_the_step(
    people: PeopleService, safe: SecurityService, cast: Cast, moment: Moment
) -> None:
    _secret, totp, codes = await with_app(people, safe, cast.budi)
    entry = await safe.enter_by_link(await people.make_link(cast.budi.user_id, purpose="login", hours=1), device="")
    assert isinstance(entry, HalfWay)
    moment.pass_by(60)
    right = pyotp.TOTP(totp).at(int(moment.unix))
    for _ in range(5):
        with pytest.raises(Wrong):
            await safe.finish(entry.step, f"{(int(right) + 7) % 1_000_000:06}", device="")
    for proof in (right, codes[0]):
        with pytest.raises(Wrong):
            await safe.finish(entry.step, proof, device="")


async def test_a_recovery_code_stands_in_for_the_phone_once(
    people: PeopleService, safe: SecurityService, cast: Cast
) -> None:
    _secret, _totp, codes = await with_app(people, safe, cast.budi)
    for attempt in range(2):
        entry = await safe.enter_by_link(await people.make_link(cast.budi.user_id, purpose="login", hours=1), device="")
        assert isinstance(entry, HalfWay)
        if attempt == 0:
            assert await safe.finish(entry.step, codes[3].lower().replace("-", " "), device="")
        else:
            with pytest.raises(Wrong):
                await safe.finish(entry.step, codes[3], device="")
    assert (await safe.overview(cast.budi)).codes_left == 9


async def test_accounts_tokens_and_roles_ask_for_a_fresh_proof(
    people: PeopleService, safe: SecurityService, cast: Cast, moment: Moment
) -> None:
    secret, totp, _codes = await with_app(people, safe, cast.rina)
    moment.pass_by(16 * 60)
    rina = await people.actor_by_session(secret)
    assert not rina.is_proved
    for wrong in (
        people.invite(rina, email="a@kpu.test", name="A", unit_id=id_of(cast.cilendek), role="viewer"),
        people.issue_token(rina, unit_id=id_of(cast.kpu), scopes=None, days=1),
        safe.reset(rina, cast.sari.user_id),
        safe.set_password(rina, secret, GOOD),
        safe.begin_totp(rina),
        safe.renew_codes(rina),
        safe.remove_factor(rina, 1),
    ):
        with pytest.raises(ProveFirst):
            await wrong
    with pytest.raises(Wrong):
        await safe.prove(rina, secret, password="salah")
    await safe.prove(rina, secret, code=pyotp.TOTP(totp).at(int(moment.unix)))
    assert (await people.actor_by_session(secret)).is_proved


async def test_a_screen_that_was_open_before_must_prove_itself_too(
    people: PeopleService, safe: SecurityService, cast: Cast
) -> None:
    old = await screen(people, cast.rina)
    await with_app(people, safe, cast.rina)
    assert not (await people.actor_by_session(old)).is_proved


async def test_a_lost_phone_is_replaced_from_above_alone(
    people: PeopleService, safe: SecurityService, cast: Cast, db: Database
) -> None:
    secret, _totp, _codes = await with_app(people, safe, cast.budi)
    peer = await people.add_user(
        email="peer@kpu.test", name="Peer", unit_id=id_of(cast.ppk_barat), role="admin", by="uji"
    )
    for who, kind in ((await people.actor_of(id_of(peer)), Forbidden), (cast.citra, NotFound), (cast.budi, NotFound)):
        with pytest.raises(kind):
            await safe.reset(who, cast.budi.user_id)
    with pytest.raises(Forbidden):
        await safe.reset(cast.rina, cast.rina.user_id)
    old_link = await people.make_link(cast.budi.user_id, purpose="login", hours=1)
    link = await safe.reset(cast.rina, cast.budi.user_id)
    for dead in (people.actor_by_session(secret), people.use_link(old_link, device="")):
        with pytest.raises(Unauthenticated):
            await dead
    assert isinstance(await safe.enter_by_link(link, device=""), Entered)
    overview = await safe.overview(cast.budi)
    assert (overview.has_proof, overview.codes_left) == (False, 0)


async def test_one_sees_and_ends_only_ones_own_screens(
    people: PeopleService, safe: SecurityService, cast: Cast
) -> None:
    here, there = await screen(people, cast.sari), await screen(people, cast.sari)
    await screen(people, cast.citra)
    screens = (await safe.overview(cast.sari, here)).screens
    assert [one.is_this for one in screens].count(True) == 1
    assert len(screens) == 2
    other = next(one for one in screens if not one.is_this)
    with pytest.raises(NotFound):
        await safe.end_screen(cast.citra, other.id)
    await safe.end_screen(cast.sari, other.id)
    with pytest.raises(Unauthenticated):
        await people.actor_by_session(there)
    with pytest.raises(Forbidden):
        await safe.end_screen(replace(cast.sari, scopes=frozenset()), other.id)


async def test_nothing_that_proves_somebody_lies_readable(
    people: PeopleService, safe: SecurityService, cast: Cast, db: Database
) -> None:
    secret, totp, codes = await with_app(people, safe, cast.rina)
    await safe.set_password(await people.actor_by_session(secret), secret, GOOD)
    stored = ""
    async with db.read() as session:
        for table in (
            "password",
            "factor",
            "recovery_code",
            "login_step",
            "login_session",
            "audit_event",
            "user_account",
        ):
            stored += repr((await session.run(text(f"SELECT * FROM {table}"))).all())
    assert "$argon2id$" in stored
    for hidden in (GOOD, totp, *codes, *(code.replace("-", "") for code in codes), secret):
        assert hidden not in stored


async def test_half_log_ins_are_swept(people: PeopleService, safe: SecurityService, cast: Cast, moment: Moment) -> None:
    await with_app(people, safe, cast.budi)
    await safe.enter_by_link(await people.make_link(cast.budi.user_id, purpose="login", hours=1), device="")
    assert await safe.sweep() == 0
    moment.pass_by(601)
    assert await safe.sweep() == 1
