"""The weekly recap by mail: on Monday, once a week, with its PDF, to whoever wants it."""

from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from app.kit.clock import Clock
from app.notices.mail import Mailer
from app.reports.mailing import RecapMailService
from tests.engagement.conftest import Place
from tests.notices.servers import MailServer, mail_server
from tests.support.house import still_at

SENDER = "Kentongan <kabar@kpu.test>"
MONDAY = datetime(2024, 11, 11, 7, 0, tzinfo=ZoneInfo("Asia/Jakarta"))
H, D = timedelta(hours=1), timedelta(days=1)


def at(place: Place, moment: datetime, server: MailServer | None) -> RecapMailService:
    mailer = Mailer.from_url(f"smtp://127.0.0.1:{server.port}", SENDER) if server else None
    return replace(place.house.recap_mail, clock=Clock.parse(still_at(moment)), mailer=mailer)


@pytest.fixture(autouse=True)
async def no_wishes(place: Place) -> None:
    async with place.house.db.write() as session:
        await session.run(text("DELETE FROM recap_wish"))


async def test_the_recap_of_the_week_that_is_over_arrives_once_on_monday(place: Place) -> None:
    async with mail_server() as server:
        wish = await at(place, MONDAY - 3 * D, server).set_wish(place.cast.dewi, weekly=True)
        assert (wish.weekly, wish.missing) == (True, "")
        assert await at(place, MONDAY - 3 * D, server).send_due() == 0, "last week's is over: this one's end is awaited"
        assert await at(place, MONDAY - 2 * H, server).send_due() == 0, "nobody reads before six"
        assert await at(place, MONDAY, server).send_due() == 1
        assert await at(place, MONDAY + D, server).send_due() == 0
    (mail,) = server.inbox
    assert str(mail["To"]) == wish.address
    assert "Rekap mingguan" in str(mail["Subject"])
    (file,) = mail.iter_attachments()
    assert file.get_content_type() == "application/pdf"
    assert file.get_content().startswith(b"%PDF")
    assert "periode=2024-W45" in mail.get_body().get_content()  # type: ignore[union-attr]


async def test_a_server_that_is_away_is_tried_again_and_who_does_not_want_it_gets_none(place: Place) -> None:
    async with mail_server() as server:
        await at(place, MONDAY - 3 * D, server).set_wish(place.cast.dewi, weekly=True)
        server.refuse = "451 try later"
        assert await at(place, MONDAY, server).send_due() == 0
        server.refuse = ""
        assert await at(place, MONDAY, server).send_due() == 0, "it has to wait a little"
        assert await at(place, MONDAY + H, server).send_due() == 1
        await at(place, MONDAY + H, server).set_wish(place.cast.dewi, weekly=False)
        assert await at(place, MONDAY + 7 * D, server).send_due() == 0
    assert (await at(place, MONDAY, None).wish(place.cast.dewi)).missing
