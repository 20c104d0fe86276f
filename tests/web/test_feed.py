"""The calendar as a feed: a secret address of one's own, read without a log-in, ended at once."""

import re
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar

from app.bootstrap import Kentongan
from app.kit.logs import redact
from app.publishing.rules import State
from app.web.feed import Said, write_feed
from tests.conftest import NOW
from tests.support.cast import Cast
from tests.web.conftest import Browse, a_post

BASE = "http://ktg.test"


async def test_a_stranger_with_the_address_reads_the_calendar_until_it_is_taken_back(
    browse: Browse, house: Kentongan, cast: Cast
) -> None:
    post, sari, stranger = await a_post(house, cast), await browse(cast.sari), await browse(None)
    made = (await sari.post("/kalender/umpan")).text
    found = re.search(r"/umpan/[\w-]+\.ics", made)
    assert found is not None
    feed = await stranger.get(found[0])
    assert feed.headers["content-type"].startswith("text/calendar")
    events = {str(event["uid"]).split("@")[0]: event for event in Calendar.from_ical(feed.content).walk("VEVENT")}
    event = events[f"unggahan-{post.id}"]
    assert post.due_at is not None
    assert event["dtstart"].dt == post.due_at.replace(microsecond=0)
    assert "PPS Cilendek Barat" in event["summary"]
    assert f"/unggahan/{post.id}" in event["url"]
    assert any(uid.startswith("tahapan-") for uid in events)
    assert found[0] not in redact(f"path={found[0]}")
    again = re.search(r"/umpan/[\w-]+\.ics", (await sari.post("/kalender/umpan")).text)
    assert again is not None
    assert (await stranger.get(found[0])).status_code == 404
    assert (await stranger.get(again[0])).status_code == 200
    await sari.post("/kalender/umpan/cabut")
    assert (await stranger.get(again[0])).status_code == 404


async def test_the_feed_holds_only_what_its_person_may_see(browse: Browse, house: Kentongan, cast: Cast) -> None:
    post, citra = await a_post(house, cast), await browse(cast.citra)
    found = re.search(r"/umpan/[\w-]+\.ics", (await citra.post("/kalender/umpan")).text)
    assert found is not None
    assert f"unggahan-{post.id}@" not in (await (await browse(None)).get(found[0])).text


@given(st.text(max_size=300), st.text(max_size=40))
def test_any_text_becomes_a_calendar_that_reads_back(text: str, unit: str) -> None:
    row: Any = SimpleNamespace(
        unit_name=unit, text=text, due_at=NOW, platform="x", state=State.DUE, broadcast_id=None, post_id=1
    )
    body = write_feed("Uji", [Said("unggahan-1", "/unggahan/1", [row])], None, base_url=BASE, now=NOW)
    assert all(len(line) <= 75 for line in body.split(b"\r\n"))
    (event,) = Calendar.from_ical(body).walk("VEVENT")
    assert event["dtend"].dt - event["dtstart"].dt == timedelta(minutes=15)
