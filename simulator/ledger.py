"""The ledger file: every post, upload, container, spent call and fault, in SQLite, so that it outlives a restart."""

import contextlib
import hashlib
import itertools
import json
import os
import pathlib
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

_SCHEMA = """
CREATE TABLE IF NOT EXISTS accounts(
  platform TEXT NOT NULL, id TEXT NOT NULL, handle TEXT NOT NULL, seen_at REAL NOT NULL, PRIMARY KEY(platform, id));
CREATE TABLE IF NOT EXISTS posts(
  n INTEGER PRIMARY KEY AUTOINCREMENT, platform TEXT NOT NULL, account_id TEXT NOT NULL, account TEXT NOT NULL,
  remote_id TEXT NOT NULL, text TEXT NOT NULL, media TEXT NOT NULL, extra TEXT NOT NULL, public INTEGER NOT NULL,
  created_at REAL NOT NULL, visible_at REAL NOT NULL, deleted_at REAL, UNIQUE(platform, remote_id));
CREATE INDEX IF NOT EXISTS posts_by_account ON posts(platform, account_id, created_at);
CREATE TABLE IF NOT EXISTS objects(
  platform TEXT NOT NULL, remote_id TEXT NOT NULL, kind TEXT NOT NULL, account_id TEXT NOT NULL, body TEXT NOT NULL,
  created_at REAL NOT NULL, PRIMARY KEY(platform, remote_id));
CREATE INDEX IF NOT EXISTS objects_by_account ON objects(platform, account_id, kind, created_at);
CREATE TABLE IF NOT EXISTS windows(bucket TEXT PRIMARY KEY, used INTEGER NOT NULL, resets_at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS requests(
  platform TEXT NOT NULL, endpoint TEXT NOT NULL, status INTEGER NOT NULL, n INTEGER NOT NULL,
  PRIMARY KEY(platform, endpoint, status));
CREATE TABLE IF NOT EXISTS faults(
  id INTEGER PRIMARY KEY AUTOINCREMENT, platform TEXT NOT NULL, kind TEXT NOT NULL, account TEXT, probability REAL,
  remaining INTEGER, params TEXT NOT NULL, fired INTEGER NOT NULL DEFAULT 0);
"""
_TABLES = ("accounts", "posts", "objects", "windows", "requests", "faults")


@dataclass(frozen=True, slots=True)
class Picture:
    sha256: str
    mime: str
    width: int
    height: int
    size: int
    alt_text: str = ""
    remote_id: str = ""


@dataclass(frozen=True, slots=True)
class Post:
    platform: str
    account_id: str
    account: str
    remote_id: str
    text: str
    created_at: float
    visible_at: float
    media: tuple[Picture, ...] = ()
    extra: dict[str, Any] = field(default_factory=dict)
    public: bool = True
    deleted_at: float | None = None
    n: int = 0


@dataclass(frozen=True, slots=True)
class Thing:
    """An upload, photo or container: what is not yet a post."""

    remote_id: str
    kind: str
    account_id: str
    body: dict[str, Any]
    created_at: float


class Ledger:
    """Opened on first use. Its calls take microseconds and never await, so one connection serves the event loop."""

    def __init__(self, folder: pathlib.Path) -> None:
        self.folder = folder
        self._db: sqlite3.Connection | None = None
        self._ticks = itertools.count(os.getpid() % 1000)
        self.listeners: list[Callable[[str, Post], None]] = []
        """Told of every post that is added, edited or removed."""

    @property
    def db(self) -> sqlite3.Connection:
        if self._db is None:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(
                self.folder / "simulator.db", isolation_level=None, check_same_thread=False, timeout=10
            )
            self._db.row_factory = sqlite3.Row
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=NORMAL")
            self._db.executescript(_SCHEMA)
        return self._db

    def close(self) -> None:
        if self._db is not None:
            self._db.close()
            self._db = None

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """Never await inside: another request of this process would write into the same transaction."""
        self.db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self.db.execute("ROLLBACK")
            raise
        self.db.execute("COMMIT")

    def reset(self) -> None:
        with self.transaction():
            for table in _TABLES:
                self.db.execute(f"DELETE FROM {table}")
        for file in self._media_folder().iterdir():
            file.unlink(missing_ok=True)

    def next_number(self) -> int:
        """Real microseconds since 2024, with a tick: grows, and two processes do not meet."""
        return int((time.time() - 1_704_067_200) * 1000) * 1000 + next(self._ticks) % 1000

    def next_post_number(self) -> int:
        """The `n` of the next post: true only within a transaction."""
        row = self.db.execute("SELECT seq FROM sqlite_sequence WHERE name='posts'").fetchone()
        return (int(row["seq"]) if row else 0) + 1

    def meet(self, platform: str, account_id: str, handle: str, now: float) -> None:
        if self.find_handle(platform, account_id) is None:
            self.db.execute("INSERT OR IGNORE INTO accounts VALUES(?,?,?,?)", (platform, account_id, handle, now))

    def find_handle(self, platform: str, account_id: str) -> str | None:
        row = self.db.execute(
            "SELECT handle FROM accounts WHERE platform=? AND id=?", (platform, account_id)
        ).fetchone()
        return row["handle"] if row else None

    def add_post(self, post: Post) -> None:
        self.db.execute(
            "INSERT INTO posts(platform, account_id, account, remote_id, text, media, extra, public, created_at,"
            " visible_at, deleted_at) VALUES(?,?,?,?,?,?,?,?,?,?,?)",
            (
                post.platform, post.account_id, post.account, post.remote_id, post.text,
                json.dumps([asdict(picture) for picture in post.media]), json.dumps(post.extra), post.public,
                post.created_at, post.visible_at, post.deleted_at,
            ),
        )  # fmt: skip
        self._tell("added", post)

    def find_post(self, platform: str, remote_id: str) -> Post | None:
        """Deleted and lagging ones too: the caller judges."""
        row = self.db.execute("SELECT * FROM posts WHERE platform=? AND remote_id=?", (platform, remote_id)).fetchone()
        return _post(row) if row else None

    def has_text(self, platform: str, account_id: str, text: str, since: float) -> bool:
        row = self.db.execute(
            "SELECT 1 FROM posts WHERE platform=? AND account_id=? AND created_at>? AND text=? AND deleted_at IS NULL"
            " AND public LIMIT 1",
            (platform, account_id, since, text),
        ).fetchone()
        return row is not None

    def list_posts(
        self, platform: str, account_id: str, *, seen_at: float, since: float, until: float, hidden: bool = False
    ) -> list[Post]:
        """What the account's own list shows at `seen_at`, newest first; `hidden` ones too where it shows those."""
        rows = self.db.execute(
            "SELECT * FROM posts WHERE platform=? AND account_id=? AND created_at>=? AND created_at<=?"
            " AND visible_at<=? AND (public OR ?) AND deleted_at IS NULL ORDER BY created_at DESC, n DESC LIMIT 3200",
            (platform, account_id, since, until, seen_at, hidden),
        )
        return [_post(row) for row in rows]

    def public_posts(self, *, platform: str = "", account: str = "", everything: bool = False) -> Iterator[Post]:
        """What the public sees, oldest first, no read lag."""
        rows = self.db.execute(
            "SELECT * FROM posts WHERE public AND (?='' OR platform=?) AND (?='' OR account=?)"
            " AND (? OR deleted_at IS NULL) ORDER BY n",
            (platform, platform, account, account, everything),
        )
        return map(_post, rows)

    def wall_posts(self, *, platform: str, account: str, before: int, limit: int) -> list[Post]:
        rows = self.db.execute(
            "SELECT * FROM posts WHERE public AND deleted_at IS NULL AND (?='' OR platform=?) AND (?='' OR account=?)"
            " AND (?=0 OR n<?) ORDER BY n DESC LIMIT ?",
            (platform, platform, account, account, before, before, limit),
        )
        return [_post(row) for row in rows]

    def edit_post(self, platform: str, remote_id: str, *, text: str, extra: Mapping[str, Any]) -> None:
        self.db.execute(
            "UPDATE posts SET text=?, extra=? WHERE platform=? AND remote_id=?",
            (text, json.dumps(extra), platform, remote_id),
        )
        self._tell("edited", self.find_post(platform, remote_id))

    def forget_post(self, platform: str, remote_id: str) -> None:
        """Makes room for a new post under the id of a deleted one."""
        self.db.execute("DELETE FROM posts WHERE platform=? AND remote_id=?", (platform, remote_id))

    def delete_post(self, platform: str, remote_id: str, now: float) -> bool:
        """True when it stood until now."""
        done = self.db.execute(
            "UPDATE posts SET deleted_at=? WHERE platform=? AND remote_id=? AND deleted_at IS NULL",
            (now, platform, remote_id),
        )
        if done.rowcount > 0:
            self._tell("removed", self.find_post(platform, remote_id))
        return done.rowcount > 0

    def _tell(self, what: str, post: Post | None) -> None:
        if post is not None:
            for listener in self.listeners:
                listener(what, post)

    def count_posts(self, platform: str, account_id: str, since: float) -> int:
        row = self.db.execute(
            "SELECT count(*) FROM posts WHERE platform=? AND account_id=? AND created_at>? AND public",
            (platform, account_id, since),
        ).fetchone()
        return int(row[0])

    def put_thing(self, platform: str, thing: Thing) -> None:
        """Adds it, or writes its new body."""
        self.db.execute(
            "INSERT INTO objects VALUES(?,?,?,?,?,?) ON CONFLICT DO UPDATE SET body=excluded.body",
            (platform, thing.remote_id, thing.kind, thing.account_id, json.dumps(thing.body), thing.created_at),
        )

    def find_thing(self, platform: str, remote_id: str, kinds: Sequence[str]) -> Thing | None:
        row = self.db.execute(
            "SELECT * FROM objects WHERE platform=? AND remote_id=?", (platform, remote_id)
        ).fetchone()
        if row is None or row["kind"] not in kinds:
            return None
        return Thing(
            remote_id=row["remote_id"], kind=row["kind"], account_id=row["account_id"], body=json.loads(row["body"]),
            created_at=row["created_at"],
        )  # fmt: skip

    def count_things(self, platform: str, account_id: str, kind: str, since: float) -> int:
        row = self.db.execute(
            "SELECT count(*) FROM objects WHERE platform=? AND account_id=? AND kind=? AND created_at>?",
            (platform, account_id, kind, since),
        ).fetchone()
        return int(row[0])

    def spend(self, bucket: str, *, length: float, now: float, amount: int = 1) -> tuple[int, float]:
        """Counts a call (or its points) into a fixed window of `length` seconds; returns (used, resets_at)."""
        row = self.db.execute(
            "INSERT INTO windows VALUES(:bucket,:amount,:ends) ON CONFLICT(bucket) DO UPDATE SET"
            " used=CASE WHEN resets_at<=:now THEN :amount ELSE used+:amount END,"
            " resets_at=CASE WHEN resets_at<=:now THEN :ends ELSE resets_at END RETURNING used, resets_at",
            {"bucket": bucket, "amount": amount, "ends": now + length, "now": now},
        ).fetchone()
        return int(row["used"]), float(row["resets_at"])

    def used(self, bucket: str) -> int:
        """What an open window has counted so far."""
        row = self.db.execute("SELECT used FROM windows WHERE bucket=?", (bucket,)).fetchone()
        return int(row["used"]) if row else 0

    def find_window(self, bucket: str, now: float) -> float | None:
        """When an open window closes."""
        row = self.db.execute("SELECT resets_at FROM windows WHERE bucket=? AND resets_at>?", (bucket, now)).fetchone()
        return float(row["resets_at"]) if row else None

    def clear_windows(self, prefix: str) -> None:
        self.db.execute("DELETE FROM windows WHERE substr(bucket, 1, ?)=?", (len(prefix), prefix))

    def count_request(self, platform: str, endpoint: str, status: int) -> None:
        self.db.execute(
            "INSERT INTO requests VALUES(?,?,?,1) ON CONFLICT DO UPDATE SET n=n+1", (platform, endpoint, status)
        )

    def request_counts(self, platform: str = "") -> list[dict[str, Any]]:
        rows = self.db.execute(
            "SELECT platform, endpoint, status, n AS count FROM requests WHERE ?='' OR platform=? ORDER BY 1, 2, 3",
            (platform, platform),
        )
        return [dict(row) for row in rows]

    def _media_folder(self) -> pathlib.Path:
        folder = self.folder / "media"
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def keep_bytes(self, content: bytes) -> str:
        """Returns the SHA-256 under which `media_file` finds it."""
        digest = hashlib.sha256(content).hexdigest()
        target = self._media_folder() / digest
        if not target.exists():
            draft = target.with_suffix(f".{os.getpid()}.{next(self._ticks)}")
            draft.write_bytes(content)
            draft.replace(target)
        return digest

    def media_file(self, digest: str) -> pathlib.Path:
        return self._media_folder() / digest


def _post(row: sqlite3.Row) -> Post:
    return Post(
        platform=row["platform"], account_id=row["account_id"], account=row["account"], remote_id=row["remote_id"],
        text=row["text"], created_at=row["created_at"], visible_at=row["visible_at"],
        media=tuple(Picture(**picture) for picture in json.loads(row["media"])), extra=json.loads(row["extra"]),
        public=bool(row["public"]), deleted_at=row["deleted_at"], n=row["n"],
    )  # fmt: skip
