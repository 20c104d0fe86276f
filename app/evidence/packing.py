"""Evidence of posts as one ZIP that can be checked without this program: words, pictures, approvers, tries, and the chain."""

import asyncio
import hashlib
import json
import os
import tempfile
import zipfile
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from app.accounts.rules import Act, Actor
from app.accounts.unit_store import unit as find_unit
from app.audit.service import record
from app.content.media import MediaService
from app.evidence import history_store, offline, rules, store
from app.evidence.history import said
from app.kit.db import Database, ReadSession
from app.kit.errors import BadInput, NotFound, Problem

MOST_POSTS = 5_000
MOST_LINKS = 200_000
"""Links of the chain that one ZIP takes along in an unbroken row; a longer row keeps only the events of its posts."""
_ABOUT = """Bukti unggahan dari Kentongan

bukti.json     unggahan: teks, penyetuju, setiap kiriman dengan pesan yang dibekukan, percobaan, dan penghapusannya
media/         gambar dan video persis seperti dikirim ke platform
rantai.jsonl   bagian rantai jejak audit; setiap baris menyambung ke baris sebelumnya
manifest.json  sidik SHA-256 setiap berkas
periksa.py     memeriksa semuanya tanpa jaringan:  python3 periksa.py

Nama orang diganti nomor dan perannya; surel, NIK, dan nomor telepon dalam catatan disamarkan. Peristiwa yang disamarkan tidak
memuat isinya ("said"), tetapi sidiknya tetap menyambung dalam rantai. Peristiwa di antaranya yang bukan tentang unggahan ini hanya
memuat sidiknya. Cocokkan sidik terakhir dengan kepala rantai harian yang diumumkan untuk memastikan rantai tidak dibuat ulang.
"""


@dataclass(frozen=True)
class Pack:
    """A ZIP in a temporary place; whoever takes it removes it."""

    path: Path
    name: str
    sha256: str
    bytes: int
    posts: int
    deliveries: int


@dataclass(frozen=True)
class EvidenceService:
    db: Database
    media: MediaService
    now: Callable[[], datetime]

    async def of_post(self, actor: Actor, post_id: int) -> Pack:
        """Raises NotFound, Forbidden."""
        async with self.db.read() as session:
            await self._must_review(session, actor, [post_id])
        return await self._take(actor, [post_id], f"bukti-unggahan-{post_id}", {"posts": [post_id]}, f"post:{post_id}")

    async def of_period(self, actor: Actor, start: datetime, end: datetime, *, unit_id: int | None = None) -> Pack:
        """Of all posts of which something was due from `start` until before `end`, of a unit and those beneath it.

        Raises NotFound, Forbidden, BadInput.
        """
        actor.must(Act.REVIEW)
        if not start < end:
            raise BadInput("Akhir periode harus sesudah awalnya.", Problem("to", "harus sesudah awalnya"))
        async with self.db.read() as session:
            under = None
            if unit_id is not None:
                found = await find_unit(session, unit_id, paths=actor.paths(Act.READ))
                if found is None:
                    raise NotFound("Unit itu tidak ditemukan.")
                actor.must(Act.REVIEW, found.path)
                under = found.path
            paths = actor.paths(Act.REVIEW)
            ids = await store.posts_between(session, paths, start, end, under=under, limit=MOST_POSTS + 1)
        if len(ids) > MOST_POSTS:
            raise BadInput(
                f"Lebih dari {MOST_POSTS} unggahan. Perpendek periodenya atau pilih satu unit.",
                Problem("from", "periodenya terlalu panjang"),
            )
        detail = {"from": start.isoformat(), "to": end.isoformat(), "unit_id": unit_id or actor.grants[0].unit_id}
        subject = f"unit:{detail['unit_id']}"
        return await self._take(actor, ids, f"bukti-{start:%Y%m%d}-{end:%Y%m%d}", detail, subject)

    async def freeze(self, actor: Actor, post_ids: Sequence[int], name: str) -> Pack:
        """Like `of_post`, for several at once and without a record of its own: whoever freezes writes one."""
        async with self.db.read() as session:
            await self._must_review(session, actor, post_ids)
        return await self._pack(post_ids, name, {"posts": list(post_ids)})

    async def _must_review(self, session: ReadSession, actor: Actor, post_ids: Sequence[int]) -> None:
        seen = await store.posts(session, actor.paths(Act.READ), post_ids)
        if len(seen) != len(set(post_ids)):
            raise NotFound("Unggahan ini tidak ada, atau bukan milik unit Anda.")
        if len(await store.posts(session, actor.paths(Act.REVIEW), post_ids)) != len(seen):
            actor.must(Act.REVIEW, "-")

    async def _take(self, actor: Actor, ids: Sequence[int], name: str, wanted: Mapping[str, Any], subject: str) -> Pack:
        pack = await self._pack(ids, name, wanted)
        async with self.db.write() as session:
            detail = {"sha256": pack.sha256, "count": pack.posts, **wanted}
            await record(
                session, at=self.now(), actor=actor.label, action="evidence.export", subject=subject, detail=detail
            )
        return pack

    async def _pack(self, ids: Sequence[int], name: str, wanted: Mapping[str, Any]) -> Pack:
        async with self.db.read() as session:
            evidence = await _evidence(session, ids)
            links = await _chain(session, ids)
        files = await self._files(evidence)
        head = {"made_at": self.now().isoformat(), "wanted": dict(wanted)}
        return await asyncio.to_thread(_write, name, head | evidence, links, files)

    async def _files(self, evidence: Mapping[str, Any]) -> dict[str, Path]:
        """Pictures and videos as they went to each platform, by their place in the ZIP."""
        found: dict[str, Path] = {}
        for delivery in (delivery for post in evidence["posts"] for delivery in post["deliveries"]):
            message, names = delivery["message"], []
            shown = [(each["media_id"], delivery["platform"]) for each in message.get("pictures", ())]
            shown += [(message["video"]["media_id"], "")] if message.get("video") else []
            for media_id, platform in shown:
                path = await self._file(media_id, platform)
                name = f"media/{path.name}" if path else f"hilang: {media_id}"
                names.append(name)
                found |= {name: path} if path else {}
            delivery["files"] = names
        return found

    async def _file(self, media_id: int, platform: str) -> Path | None:
        """None: there is no such file any more, which the evidence then says."""
        try:
            return await self.media.ensure_file(media_id, platform)
        except NotFound:
            return None


async def _evidence(session: ReadSession, ids: Sequence[int]) -> dict[str, Any]:
    """Everything as plain JSON, without the names of people."""
    posts = await store.posts(session, ["/"], ids)
    deliveries = await store.deliveries(session, [post["id"] for post in posts])
    numbers = [row["id"] for row in deliveries]
    attempts, wishes = await store.attempts(session, numbers), await store.wishes(session, numbers)
    people = {post[name] for post in posts for name in ("created_by", "approved_by") if post[name]}
    people |= {wish["asked_by"] for wish in wishes if wish["asked_by"]}
    roles = await store.roles(session, sorted(people))
    tried, wished, sent = _by(attempts, "delivery_id"), _by(wishes, "delivery_id"), _by(deliveries, "post_id")
    for row in deliveries:
        row["attempts"] = [rules.hidden(one) for one in tried[row["id"]]]
        row["withdrawal"] = next((rules.hidden(one) for one in wished[row["id"]]), None)
    for post in posts:
        post["deliveries"] = sent[post["id"]]
        post["timing"], post["reason"] = rules.hidden(post["timing"]), rules.hide_personal(post["reason"])
    return {
        "people": {f"user:{number}": roles.get(number, "tidak bertugas lagi") for number in sorted(people)},
        "posts": posts,
    }


def _by(rows: Sequence[dict[str, Any]], name: str) -> dict[int, list[dict[str, Any]]]:
    found: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        found[row[name]].append(row)
    return found


async def _chain(session: ReadSession, ids: Sequence[int]) -> list[dict[str, Any]]:
    """Links in their order. Those about the posts say what was done; where that names a person's data, only the link stays."""
    events = {row["seq"]: row for row in await history_store.events_of_posts(session, ids)}
    span = rules.gaps(list(events), longest=MOST_LINKS)
    links = [
        {name: row[name] for name in ("seq", "prev_hash", "hash")}
        for row in (await history_store.links_between(session, *span) if span else events.values())
    ]
    for link in links:
        event = events.get(link["seq"])
        if event is not None and rules.hidden(event["detail"]) == event["detail"]:
            link["said"] = said(event)
        elif event is not None:
            link["hidden"] = rules.hidden(said(event))
    return links


def _write(
    name: str, evidence: Mapping[str, Any], links: Sequence[Mapping[str, Any]], files: Mapping[str, Path]
) -> Pack:
    texts = {
        "BACA.txt": _ABOUT,
        "bukti.json": json.dumps(evidence, default=_plain, ensure_ascii=False, indent=1),
        "rantai.jsonl": "".join(json.dumps(link, ensure_ascii=False) + "\n" for link in links),
        "periksa.py": Path(offline.__file__).read_text("utf-8"),
    }
    handle, place = tempfile.mkstemp(prefix="kentongan-bukti-", suffix=".zip")
    os.close(handle)
    path = Path(place)
    try:
        _fill(path, texts, files)
        digest = _digest(path)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    sent = sum(len(post["deliveries"]) for post in evidence["posts"])
    return Pack(path, f"{name}.zip", digest, path.stat().st_size, len(evidence["posts"]), sent)


def _fill(path: Path, texts: Mapping[str, str], files: Mapping[str, Path]) -> None:
    manifest = {part: hashlib.sha256(text.encode()).hexdigest() for part, text in texts.items()}
    manifest |= {part: _digest(source) for part, source in files.items()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
        for part, text in texts.items():
            out.writestr(part, text)
        for part, source in files.items():
            out.write(source, part, zipfile.ZIP_STORED)
        out.writestr("manifest.json", json.dumps({"files": manifest}, indent=1))


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _plain(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
