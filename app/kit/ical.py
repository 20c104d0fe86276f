"""Calendars that other programs read (RFC 5545); lines are folded and texts escaped by the library."""

from datetime import date, datetime, timedelta

from icalendar import Calendar, Event


def calendar(name: str) -> Calendar:
    """An empty one; `name` is what the reader's program shows."""
    made = Calendar()
    made.add("prodid", "-//Kentongan//Kalender//ID")
    made.add("version", "2.0")
    made.add("x-wr-calname", name)
    made.add("refresh-interval", timedelta(hours=1))
    return made


def event(uid: str, summary: str, now: datetime) -> Event:
    """`now`: when it was written down (UTC)."""
    made = Event()
    made.add("uid", uid)
    made.add("dtstamp", now)
    made.add("summary", summary)
    return made


def whole_days(uid: str, summary: str, first: date, last: date, now: datetime) -> Event:
    """From `first` to `last`, both included, during which nobody is busy."""
    made = event(uid, summary, now)
    made.add("dtstart", first)
    made.add("dtend", last + timedelta(days=1))
    made.add("transp", "TRANSPARENT")
    return made
