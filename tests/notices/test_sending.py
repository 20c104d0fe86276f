"""Out of the house, through a real mail server and a Telegram on loopback."""

import logging
from dataclasses import replace
from datetime import timedelta

import pytest
from pydantic import ValidationError

from app.accounts.rules import Act
from app.kit.errors import BadInput, Forbidden
from app.notices import store
from app.notices.mail import Mailer
from app.notices.service import NoticesService
from app.notices.telegram import Telegram
from app.platforms.contract import Refused
from app.settings import Settings
from tests.conftest import NOW
from tests.notices.conftest import Place, together
from tests.notices.servers import TOKEN, MailServer, mail_server, telegram_server

SENDER = "Kentongan <kabar@kpu.test>"
CANARY = "burung-kenari-4711"


def mailer(server: MailServer, login: str = "") -> Mailer:
    return Mailer.from_url(f"smtp://{login}127.0.0.1:{server.port}", SENDER)


async def refuse(place: Place, times: int = 1) -> None:
    """So many posts of Sari's that X refuses."""
    for _ in range(times):
        await place.post()
    await place.fail("x", Refused("Teks terlalu panjang."))


async def with_chat(place: Place, service: NoticesService, who: str = "sari", chat: str = "1001") -> None:
    await service.set_preferences(getattr(place.cast, who), mail=False, telegram=True, telegram_chat=chat)


async def test_a_failure_arrives_as_one_mail_each_with_a_link(place: Place) -> None:
    await refuse(place)
    async with mail_server() as server:
        service = place.at(NOW, mailer(server))
        await service.spread()
        assert await service.send_waiting() == 2
        assert await service.send_waiting() == 0
    assert sorted(str(mail["To"]) for mail in server.inbox) == ["budi@kpu.test", "sari@kpu.test"]
    mail = server.inbox[0]
    link = (await place.notices())[0].link
    assert mail["Subject"] == "[Latihan] Unggahan PPS Cilendek Barat ditolak X"
    assert (mail["From"], mail["Auto-Submitted"]) == (SENDER, "auto-generated")
    assert f"Buka: https://kentongan.test{link}" in mail.get_content()
    assert "Teks terlalu panjang." in mail.get_content()


async def test_many_failures_at_once_fill_one_mail_not_a_mailbox(place: Place) -> None:
    await refuse(place, times=7)
    async with mail_server() as server:
        service = place.at(NOW, mailer(server))
        await service.spread()
        assert await service.send_waiting() == 14
    assert [str(mail["Subject"]) for mail in server.inbox] == ["7 kabar dari Kentongan"] * 2
    assert server.inbox[0].get_content().count("Buka: https://kentongan.test/antrean/") == 7


async def test_a_mail_server_that_is_away_delays_and_loses_nothing(place: Place) -> None:
    await refuse(place)
    async with mail_server() as server:
        nowhere = place.at(NOW, Mailer.from_url("smtp://127.0.0.1:1", SENDER))
        await nowhere.spread()
        assert await nowhere.send_waiting() == 0
        row = (await place.sendings())[0]
        assert (row.state, row.attempts) == ("waiting", 1)
        assert NOW + timedelta(seconds=25) < row.act_at < NOW + timedelta(seconds=60)
        server.refuse = "451 4.3.0 try later"
        assert await place.at(NOW + timedelta(seconds=10), mailer(server)).send_waiting() == 0
        assert (await place.sendings())[0].attempts == 1
        assert await place.at(NOW + timedelta(minutes=2), mailer(server)).send_waiting() == 0
        assert [row.attempts for row in await place.sendings()] == [2, 2]
        server.refuse = ""
        assert await place.at(NOW + timedelta(minutes=20), mailer(server)).send_waiting() == 2
    assert len(server.inbox) == 2
    assert {(row.state, row.error) for row in await place.sendings()} == {("sent", "")}


async def test_a_mailbox_that_does_not_exist_is_given_up_and_the_others_arrive(place: Place) -> None:
    await refuse(place)
    async with mail_server() as server:
        server.refuse_to = "sari@kpu.test"
        service = place.at(NOW, mailer(server))
        await service.spread()
        assert await service.send_waiting() == 1
    found = {row.state: row.error for row in await place.sendings()}
    assert found == {"sent": "", "failed": "Alamat surel ditolak peladen (550). Periksa alamatnya."}
    assert [str(mail["To"]) for mail in server.inbox] == ["budi@kpu.test"]


async def test_after_three_days_a_mail_is_given_up_but_its_notice_stays(place: Place) -> None:
    await refuse(place)
    async with mail_server() as server:
        await place.at(NOW, mailer(server)).spread()
        later = place.at(NOW + timedelta(days=4), mailer(server))
        await refuse(place)
        await later.spread()
        assert await later.send_waiting() == 2
    assert [row.state for row in await place.sendings()] == ["failed", "failed", "sent", "sent"]
    assert await place.house.notices.unread_count(place.cast.sari) == 2


async def test_racing_senders_send_each_mail_once(place: Place) -> None:
    await refuse(place, times=9)
    async with mail_server() as server:
        service = place.at(NOW, mailer(server))
        await service.spread()
        sent = await together(*(service.send_waiting(limit=4) for _ in range(6)))
        while more := await service.send_waiting(limit=4):
            sent.append(more)
    assert sum(sent) == 18
    links = [line for mail in server.inbox for line in mail.get_content().splitlines() if line.startswith("Buka:")]
    assert (len(links), len(set(links))) == (18, 9)


async def test_what_a_dead_worker_took_is_sent_once_its_lease_is_over(place: Place) -> None:
    await refuse(place)
    async with mail_server() as server:
        await place.at(NOW, mailer(server)).spread()
        async with place.house.db.write() as session:
            ends_at = NOW + timedelta(minutes=5)
            await store.take_sendings(session, ways=["mail"], now=NOW, lease_ends_at=ends_at, limit=9)
        assert await place.at(NOW, mailer(server)).send_waiting() == 0
        assert await place.at(NOW + timedelta(minutes=6), mailer(server)).send_waiting() == 2


async def test_nothing_is_kept_for_a_way_that_is_not_set_up(place: Place) -> None:
    await refuse(place)
    service = place.at(NOW)
    assert await service.spread() == 2
    assert (await place.sendings(), await service.send_waiting()) == ([], 0)
    assert [sentence.split(". ")[1] for sentence in service.missing()] == [
        "Isi KENTONGAN_SMTP_URL dan KENTONGAN_MAIL_FROM, lalu mulai ulang.",
        "Isi KENTONGAN_TELEGRAM_BOT_TOKEN, lalu mulai ulang.",
    ]


async def test_telegram_brings_it_to_those_who_gave_a_chat(place: Place) -> None:
    await refuse(place)
    async with telegram_server() as server:
        service = place.at(NOW, Telegram(server.address, TOKEN))
        await with_chat(place, service)
        await service.spread()
        assert await service.send_waiting() == 1
    (message,) = server.taken
    assert message["chat_id"] == "1001"
    assert message["text"].startswith("[Latihan] Unggahan PPS Cilendek Barat ditolak X")
    assert "Buka: https://kentongan.test/antrean/" in message["text"]


async def test_telegrams_wish_to_wait_is_granted_for_everybody(place: Place) -> None:
    await refuse(place)
    async with telegram_server() as server:
        service = place.at(NOW, Telegram(server.address, TOKEN))
        await with_chat(place, service)
        await with_chat(place, service, "budi", "1002")
        await service.spread()
        server.answer = (429, {"ok": False, "error_code": 429, "parameters": {"retry_after": 600}})
        assert await service.send_waiting(limit=1) == 0
        assert min(row.act_at for row in await place.sendings()) >= NOW + timedelta(seconds=599)
        server.answer = None
        later = place.at(NOW + timedelta(minutes=11), Telegram(server.address, TOKEN))
        assert await later.send_waiting() == 2


@pytest.mark.parametrize(
    ("status", "state"), [(400, "failed"), (403, "failed"), (401, "waiting"), (500, "waiting"), (302, "waiting")]
)
async def test_only_what_the_reader_must_mend_is_given_up(place: Place, status: int, state: str) -> None:
    await refuse(place)
    async with telegram_server() as server:
        server.answer = (status, {"ok": False, "description": f"Bad bot{TOKEN}"})
        service = place.at(NOW, Telegram(server.address, TOKEN))
        await with_chat(place, service)
        await service.spread()
        assert await service.send_waiting() == 0
    (row,) = await place.sendings()
    assert row.state == state
    assert row.error
    assert TOKEN not in row.error


async def test_no_secret_reaches_errors_or_logs(
    place: Place, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    await refuse(place)
    async with mail_server(with_login=True) as server:
        server.wrong_password = True
        refused = mailer(server, f"kabar:{CANARY}@")
        bot = Telegram("http://127.0.0.1:1", CANARY)
        service = place.at(NOW, refused, bot)
        await service.set_preferences(place.cast.sari, mail=True, telegram=True, telegram_chat="1001")
        await service.spread()
        assert await service.send_waiting() == 0
        assert set(server.passwords) == {CANARY.encode()}
        await place.at(NOW + timedelta(hours=1), refused, Telegram("bukan alamat", CANARY)).send_waiting()
    said = "".join(row.error for row in await place.sendings()) + repr((refused, bot))
    shown = capfd.readouterr()
    assert "KENTONGAN_SMTP_URL" in said
    assert "Telegram tidak dapat dihubungi" in said
    assert CANARY not in said + shown.out + shown.err + caplog.text


async def test_a_password_never_travels_in_the_clear_to_a_foreign_host(place: Place) -> None:
    async with mail_server(with_login=True) as server:
        plain = Mailer("127.0.0.1", server.port, SENDER, username="kabar", password=CANARY)
        foreign = Mailer("mail.kpu.test", server.port, SENDER, username="kabar", password=CANARY)
        assert (plain.start_tls, foreign.start_tls) == (None, True)


async def test_a_person_chooses_how_to_hear(place: Place) -> None:
    async with mail_server() as server:
        service, sari = place.at(NOW, mailer(server)), place.cast.sari
        before = await service.preferences(sari)
        assert (before.mail, before.mail_address, before.telegram) == (True, "sari@kpu.test", False)
        await refuse(place)
        await service.spread()
        after = await service.set_preferences(sari, mail=False, telegram=False)
        assert (after.mail, len(after.missing)) == (False, 1)
        assert await service.send_waiting() == 1
        await refuse(place)
        await service.spread()
        assert await service.send_waiting() == 1
    assert [str(mail["To"]) for mail in server.inbox] == ["budi@kpu.test"] * 2
    with pytest.raises(BadInput):
        await service.set_preferences(sari, mail=True, telegram=True, telegram_chat="bukan")
    with pytest.raises(Forbidden):
        await service.set_preferences(replace(sari, scopes=frozenset({Act.READ})), mail=True, telegram=False)


@pytest.mark.parametrize(
    "given",
    [
        {"smtp_url": "http://kpu.test", "mail_from": SENDER},
        {"smtp_url": f"smtp://kabar:{CANARY}@"},
        {"smtp_url": f"smtp://kabar:{CANARY}@kpu.test"},
    ],
)
def test_settings_that_cannot_send_are_refused_without_repeating_the_password(given: dict[str, str]) -> None:
    with pytest.raises(ValidationError) as refusal:
        Settings(**given)  # type: ignore[arg-type]
    assert CANARY not in str(refusal.value)


@pytest.mark.parametrize(
    ("url", "port", "use_tls", "password"),
    [
        ("smtp://a:b%40c@kpu.test", 587, False, "b@c"),
        ("smtps://a:b@kpu.test", 465, True, "b"),
        ("smtp://kpu.test:25", 25, False, None),
    ],
)
def test_the_address_of_a_mail_server_is_read(url: str, port: int, use_tls: bool, password: str | None) -> None:
    found = Mailer.from_url(url, SENDER)
    assert (found.host, found.port, found.use_tls, found.password) == ("kpu.test", port, use_tls, password)
