"""On X every unit must speak in its own words: which texts are too much alike, and what is done about it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from app.accounts.speaker import Speaker
from app.channels.models import Channel
from app.content import similarity
from app.content.guard import Finding, Level
from app.content.rules import pick_variant
from app.content.sandbox import names
from app.content.similarity import Near
from app.kit.db import ReadSession
from app.platforms.registry import TITLES
from app.posts import echo_store, store
from app.posts.models import Post
from app.posts.planning import Plan, Source, Trouble
from app.posts.writing import Item

OWN_WORDS = "x"
"""The platform whose developer guidelines forbid identical posts across accounts (22 August 2026) and bless local ones."""

WINDOW = timedelta(hours=24)
MOST_COMPARED = 400
"""The latest texts within the window that one post is compared with."""

_LOCAL = frozenset({"nama_unit", "wilayah", "kelurahan", "kecamatan", "rw", "jumlah_rw"})
_OTHERS = "unggahan akun lain dalam 24 jam"
_BASIS = "Pedoman pengembang X (22 Agustus 2026)"
_ADVICE = "X melarang teks yang sama dari banyak akun; sebut nama wilayah atau unit."


def lacks_local_words(source: Source, platforms: Sequence[str], speakers: Sequence[Speaker]) -> str | None:
    """Why this template may not go to several units on X, or None. What the author fills in is the same for all of them."""
    if OWN_WORDS not in platforms or len(speakers) < 2:
        return None
    text = pick_variant(source.texts, source.lang, OWN_WORDS)
    own = _LOCAL | {name for speaker in speakers[:50] for name in speaker.variables}
    if text is None or names(text) & own:
        return None
    return (
        "Teks X templat ini sama untuk semua unit. Tambahkan {{ wilayah }} atau {{ nama_unit }}, "
        "atau siarkan tanpa X: X melarang teks yang sama dari banyak akun."
    )


async def heard(session: ReadSession, plans: Sequence[Plan]) -> list[tuple[int, str]]:
    """Channel and text of what others say on X around these plans' moments; nothing where none of them speaks there."""
    speaking = [(plan.due_at, channel) for plan in plans for channel in _channels(plan) if plan.due_at]
    if not speaking:
        return []
    at = min(due for due, _ in speaking if due)
    environment = speaking[0][1].environment
    return await _said(session, at, environment)


def weigh(plan: Plan, said: Sequence[tuple[int, str]]) -> Plan:
    """One post beside what other channels said: the same words block, nearly the same are reminded of."""
    own = {channel.id for channel in _channels(plan)}
    if not own:
        return plan
    others = {place: text for place, (channel, text) in enumerate(said) if channel not in own}
    near = similarity.nearest(plan.text_for(OWN_WORDS).text, others)
    if near is None:
        return plan
    found = _finding(plan.text_for(OWN_WORDS).text, near, _OTHERS)
    troubles = [*plan.troubles, Trouble(f"text.{OWN_WORDS}", found.sentence)] if near.is_same else plan.troubles
    return replace(plan, findings=[*plan.findings, found], troubles=troubles)


async def repeats(session: ReadSession, post: Post) -> list[Finding]:
    """As `weigh`, for a post that is written down: what in it another channel has said meanwhile, word for word."""
    text = next((v["text"] for v in post.content.get("variants", ()) if v["platform"] == OWN_WORDS), None)
    own = set(post.content.get("channels", ()))
    if text is None or post.due_at is None:
        return []
    channels = [channel for channel in await store.open_channels(session, channel_ids=list(own)) if _is_ours(channel)]
    if not channels:
        return []
    said = await _said(session, post.due_at, channels[0].environment)
    others = {place: words for place, (channel, words) in enumerate(said) if channel not in own}
    near = similarity.nearest(text, others)
    return [_finding(text, near, _OTHERS)] if near is not None and near.is_same else []


def tell_apart(items: Sequence[Item], said: Sequence[tuple[int, str]]) -> tuple[list[Item], list[tuple[Speaker, str]]]:
    """The posts of one broadcast beside each other and what was said before.

    Where a text repeats another, that unit's X channel is left out and the reason named; nothing left: the whole post is.
    """
    speaking = [place for place, item in enumerate(items) if _channels(item.plan)]
    own = {channel.id for place in speaking for channel in _channels(items[place].plan)}
    before = [text for channel, text in said if channel not in own]
    texts = [items[place].plan.text_for(OWN_WORDS).text for place in speaking]
    nears = similarity.siblings([*before, *texts])
    kept: dict[int, Item | None] = dict(enumerate(items))
    problems = []
    for number, place in enumerate(speaking):
        near, item = nears.get(len(before) + number), items[place]
        if near is None:
            continue
        other = near.other - len(before)
        whose = items[speaking[other]].plan.speaker.name if other >= 0 else _OTHERS
        found = _finding(texts[number], near, whose)
        if near.is_same:
            problems.append((item.plan.speaker, found.sentence))
            kept[place] = _without(item)
        else:
            kept[place] = replace(item, plan=replace(item.plan, findings=[*item.plan.findings, found]))
    return [item for item in kept.values() if item is not None], problems


def _channels(plan: Plan) -> list[Channel]:
    return [channel for channel in plan.channels if _is_ours(channel)]


def _is_ours(channel: Channel) -> bool:
    return channel.platform == OWN_WORDS


async def _said(session: ReadSession, at: datetime, environment: str) -> list[tuple[int, str]]:
    return await echo_store.said_around(
        session, OWN_WORDS, at, within=WINDOW, environment=environment, limit=MOST_COMPARED
    )


def _without(item: Item) -> Item | None:
    plan = item.plan
    channels = [channel for channel in plan.channels if channel.platform != OWN_WORDS]
    variants = [variant for variant in plan.variants if variant.platform != OWN_WORDS]
    return replace(item, plan=replace(plan, channels=channels, variants=variants)) if channels else None


def _finding(text: str, near: Near, whose: str) -> Finding:
    span = (0, len(text))
    name = TITLES.get(OWN_WORDS, OWN_WORDS)
    if near.is_same:
        return Finding(
            "X01_teks_sama", Level.BLOCK, f"sama dengan {whose}. {_ADVICE}", span, f"Teks {name} berulang", _BASIS
        )
    share = f"{int(near.measure * 1000) / 10:.1f}".replace(".", ",")
    return Finding(
        "X02_teks_mirip", Level.REMIND, f"{share}% sama dengan {whose}. {_ADVICE}", span, f"Teks {name} mirip", _BASIS
    )
