"""Who may do what, where. The one policy of the house."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from app.kit.errors import Forbidden


class ProveFirst(Forbidden):
    """Allowed, once the person has proved again who they are."""

    kind = "prove-first"


class EnrolFirst(Forbidden):
    """Allowed, once the person has set up a second factor."""

    kind = "second-factor-needed"


class Role(StrEnum):
    VIEWER = "viewer"
    EDITOR = "editor"
    REVIEWER = "reviewer"
    ADMIN = "admin"


class Act(StrEnum):
    """What a grant may allow; the same words are the scopes of an API token."""

    READ = "read"
    WRITE = "write"  # posts, media, a unit's own variables
    REVIEW = "review"  # approve and reject, resolve what is unsure
    BROADCAST = "broadcast"  # one template to many units
    TEMPLATES = "templates"  # templates of one's unit and those beneath
    CALENDAR = "calendar"  # stages; only from a KPU
    MANAGE = "manage"  # channels, people, tokens


class UnitKind(StrEnum):
    KPU = "kpu"
    PPK = "ppk"
    PPS = "pps"


_WRITER = frozenset({Act.READ, Act.WRITE})
_REVIEWER = _WRITER | {Act.REVIEW, Act.BROADCAST, Act.TEMPLATES, Act.CALENDAR}
MAY: dict[Role, frozenset[Act]] = {
    Role.VIEWER: frozenset({Act.READ}),
    Role.EDITOR: _WRITER,
    Role.REVIEWER: _REVIEWER,
    Role.ADMIN: _REVIEWER | {Act.MANAGE},
}

_AFTERWARDS = frozenset({Act.READ, Act.REVIEW})
"""What may still be done where the body's term is over: look, and answer complaints."""

# What each act is called where it is refused.
_SAY = {
    Act.READ: "melihat ini",
    Act.WRITE: "menulis untuk unit ini",
    Act.REVIEW: "meninjau unggahan unit ini",
    Act.BROADCAST: "mengirim siaran ke unit ini",
    Act.TEMPLATES: "mengubah templat ini",
    Act.CALENDAR: "mengubah kalender tahapan",
    Act.MANAGE: "mengatur akun dan orang di unit ini",
}


@dataclass(frozen=True)
class Grant:
    """A role at a unit, valid there and beneath. `path` is the unit's path."""

    unit_id: int
    kind: UnitKind
    path: str
    role: Role


@dataclass(frozen=True)
class Actor:
    """Who is asking. `scopes` None: a person at a screen, unnarrowed; else an API token's scopes.

    `is_proved`: has shown lately that it is really them; a screen left open has not.
    """

    user_id: int
    name: str
    grants: tuple[Grant, ...]
    scopes: frozenset[Act] | None = None
    is_proved: bool = True
    over: tuple[str, ...] = ()
    """Paths of bodies whose term is over: they are read, and answered for, but nothing new is said there."""

    @property
    def label(self) -> str:
        """How the audit record names a person: by number, since names change."""
        return f"user:{self.user_id}"

    def paths(self, act: Act) -> tuple[str, ...]:
        """Path prefixes under which this actor may `act`; empty: nowhere. Put them inside the query."""
        if self.scopes is not None and act not in self.scopes:
            return ()
        return tuple(grant.path for grant in self.grants if _allows(grant, act))

    def may(self, act: Act, path: str) -> bool:
        """May this actor `act` on the unit with this path?"""
        return any(path.startswith(prefix) for prefix in self.paths(act)) and not self._is_over(act, path)

    def _is_over(self, act: Act, path: str) -> bool:
        return act not in _AFTERWARDS and any(path.startswith(ended) for ended in self.over)

    def is_archived(self, path: str) -> bool:
        """Whether the body with this path is over."""
        return self._is_over(Act.WRITE, path)

    def must(self, act: Act, path: str | None = None) -> None:
        """Raises Forbidden unless the actor may `act` on `path`, or anywhere at all when no path is given."""
        if path is not None and self._is_over(act, path):
            raise Forbidden("Masa tugas unit ini sudah berakhir. Isinya hanya dapat dibaca.")
        if not (self.paths(act) if path is None else self.may(act, path)):
            raise Forbidden(f"Peran Anda belum boleh {_SAY[act]}. Minta admin unit di atas Anda.")

    def must_prove(self) -> None:
        """Before accounts, tokens and roles are changed; raises ProveFirst for a screen that was opened a while ago."""
        if not self.is_proved:
            raise ProveFirst("Buktikan dulu bahwa ini Anda: hal ini mengubah akun, token, atau peran.")


def must_enrol(grants: Iterable[Grant], *, has_factor: bool) -> bool:
    """Who approves or manages needs a second factor."""
    return not has_factor and any(MAY[grant.role] & {Act.REVIEW, Act.MANAGE} for grant in grants)


def may_reset(actor: Actor, theirs: Iterable[Grant]) -> bool:
    """A lost phone is replaced by the parent unit: whoever manages above every place of that person; at the root, its admin."""
    return all(_is_above(actor, grant.path) for grant in theirs)


def _is_above(actor: Actor, path: str) -> bool:
    is_root = path.count("/") == 2
    return any(path.startswith(prefix) and (prefix != path or is_root) for prefix in actor.paths(Act.MANAGE))


def _allows(grant: Grant, act: Act) -> bool:
    if act is Act.CALENDAR and grant.kind is not UnitKind.KPU:
        return False
    return act in MAY[grant.role]
