"""On X every unit must speak in its own words: which texts are too much alike, and what is done about it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from app.accounts.speaker import Speaker
from app.channels.models import Channel
from app.content import similarity
from app.content.guard import Finding, Level
from app.content.price import Price, price_of
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


@dataclass(frozen=True, slots=True)
class Voice:
    """What one unit would say on X and through which channels. `is_all`: it says nothing elsewhere."""

    unit_id: int
    name: str
    text: str
    due_at: datetime | None
    environment: str
    channels: tuple[int | None, ...]
    price: Price
    is_all: bool
    waits: bool


def voices_of(items: Sequence[Item]) -> list[Voice]:
    """Of those that speak on X."""
    return [_voice(item.plan, own, item.waits) for item in items if (own := _channels(item.plan))]


async def heard_by(session: ReadSession, voices: Sequence[Voice]) -> list[tuple[int, str]]:
    """Channel and text of what others say on X around these moments; nothing where none of them speaks there."""
    moments = [voice.due_at for voice in voices if voice.due_at]
    return await _said(session, min(moments), voices[0].environment) if moments else []


async def heard(session: ReadSession, plans: Sequence[Plan]) -> list[tuple[int, str]]:
    """As `heard_by`, of plans."""
    return await heard_by(session, [_voice(plan, own) for plan in plans if (own := _channels(plan))])


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


async def echoes(session: ReadSession, posts: Sequence[Post], *, environment: str) -> dict[str, set[int]]:
    """By its bare words, the channels that say a text around these posts' moments."""
    at = min((post.due_at for post in posts if post.due_at), default=None)
    found: dict[str, set[int]] = {}
    for channel, text in await _said(session, at, environment) if at else []:
        found.setdefault(similarity.normalised(text), set()).add(channel)
    return found


def echoed(post: Post, said: Mapping[str, set[int]]) -> str | None:
    """As `repeats`, for one of many: the words of its X text where another channel says just these, else None."""
    text = next((v["text"] for v in post.content.get("variants", ()) if v["platform"] == OWN_WORDS), None)
    if text is None or not said.get(similarity.normalised(text), set()) - set(post.content.get("channels", ())):
        return None
    return f"Tidak dapat disetujui: teks X ini sama dengan {_OTHERS}. {_ADVICE}"


def tell_apart(items: Sequence[Item], said: Sequence[tuple[int, str]]) -> tuple[list[Item], list[tuple[Speaker, str]]]:
    """The posts of one broadcast beside each other and what was said before.

    Where a text repeats another, that unit's X channel is left out and the reason named; nothing left: the whole post is.
    """
    speaking = [place for place, item in enumerate(items) if _channels(item.plan)]
    kept: dict[int, Item | None] = dict(enumerate(items))
    problems = []
    for number, found in compare(voices_of(items), said).items():
        place = speaking[number]
        item = items[place]
        if found.level is Level.BLOCK:
            problems.append((item.plan.speaker, found.sentence))
            kept[place] = without(item)
        else:
            kept[place] = replace(item, plan=replace(item.plan, findings=[*item.plan.findings, found]))
    return [item for item in kept.values() if item is not None], problems


def compare(voices: Sequence[Voice], said: Sequence[tuple[int, str]]) -> dict[int, Finding]:
    """By the place of the voice: what it repeats of an earlier one, or of what was said before."""
    own = {channel for voice in voices for channel in voice.channels}
    before = [text for channel, text in said if channel not in own]
    nears = similarity.siblings([*before, *(voice.text for voice in voices)])
    found = {}
    for number, voice in enumerate(voices):
        if near := nears.get(len(before) + number):
            other = near.other - len(before)
            found[number] = _finding(voice.text, near, voices[other].name if other >= 0 else _OTHERS)
    return found


def _voice(plan: Plan, own: Sequence[Channel], waits: bool = False) -> Voice:
    text = plan.text_for(OWN_WORDS).text
    return Voice(
        plan.speaker.unit_id, plan.speaker.name, text, plan.due_at, own[0].environment,
        tuple(channel.id for channel in own), price_of((OWN_WORDS, channel.environment, text) for channel in own),
        len(own) == len(plan.channels), waits,
    )  # fmt: skip


def _channels(plan: Plan) -> list[Channel]:
    return [channel for channel in plan.channels if _is_ours(channel)]


def _is_ours(channel: Channel) -> bool:
    return channel.platform == OWN_WORDS


async def _said(session: ReadSession, at: datetime, environment: str) -> list[tuple[int, str]]:
    return await echo_store.said_around(
        session, OWN_WORDS, at, within=WINDOW, environment=environment, limit=MOST_COMPARED
    )


def without(item: Item) -> Item | None:
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
