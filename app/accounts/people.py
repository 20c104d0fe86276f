"""What is said about people and their tokens, and which of it may be asked for; no database."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from app.accounts.models import ApiToken, User
from app.accounts.rules import Act, Actor, Grant, Role
from app.kit.errors import BadInput, Forbidden, Problem
from app.kit.paging import decode

_EMAIL = re.compile(r"[^@\s<>\"(),:;\\]+@[^@\s<>\"(),:;\\]+\.[^@\s.<>\"(),:;\\]{2,}")
INVITATION_HOURS = 72
MAX_EMAIL, MAX_NAME, MAX_DEVICE, MAX_TOKEN_DAYS = 254, 120, 200, 730


class Purpose(StrEnum):
    """Why a one-time link was made."""

    LOGIN = "login"
    INVITE = "invite"
    SETUP = "setup"


@dataclass(frozen=True)
class Me:
    """The person asking, with the grants as they count for this very request (an API token narrows them)."""

    user: User
    memberships: tuple[Grant, ...]


@dataclass(frozen=True)
class Held:
    """One role of a person at one unit."""

    unit_id: int
    role: str
    is_deputy: bool = False
    ends_on: date | None = None


@dataclass(frozen=True)
class Person:
    """A person as an admin sees them: only the roles inside the admin's own reach."""

    id: int
    name: str
    email: str
    is_active: bool
    memberships: tuple[Held, ...]


@dataclass(frozen=True)
class Invited:
    """`link` is a one-time secret, or None when the person also works where the inviter has no say."""

    person: Person
    link: str | None


@dataclass(frozen=True)
class TokenView:
    """All that is ever shown of a token again."""

    id: int
    user_id: int
    unit_id: int
    name: str
    hint: str
    scopes: tuple[str, ...]
    created_at: datetime
    expires_at: datetime
    seen_at: datetime | None
    revoked_at: datetime | None


def read_email(text: str) -> str:
    """One spelling per mailbox; raises BadInput for what cannot be an address."""
    email = unicodedata.normalize("NFC", text).strip().lower()
    if len(email) > MAX_EMAIL or not email.isprintable() or not _EMAIL.fullmatch(email):
        raise BadInput("Alamat surel belum benar; contoh: nama@contoh.go.id.", Problem("email", "bukan alamat surel"))
    return email


def read_name(text: str) -> str:
    name = " ".join(text.split())
    if not 0 < len(name) <= MAX_NAME or not name.isprintable():
        raise BadInput(f"Nama wajib diisi, paling panjang {MAX_NAME} huruf.", Problem("name", "wajib diisi"))
    return name


def read_role(text: str) -> Role:
    try:
        return Role(text)
    except ValueError:
        known = ", ".join(Role)
        raise BadInput(f"Peran {text!r} tidak dikenal. Pilih: {known}.", Problem("role", f"pilih: {known}")) from None


def read_scopes(scopes: Sequence[Act] | None, *, held: frozenset[Act] | None = None) -> list[str]:
    """The scopes to store, None asking for all; raises for nothing, the unknown, or more than `held`."""
    known = ", ".join(Act)
    try:
        wanted = frozenset(Act(scope) for scope in scopes) if scopes is not None else held or frozenset(Act)
    except ValueError as error:
        raise BadInput(f"Lingkup token tidak dikenal. Pilih: {known}.", Problem("scopes", f"pilih: {known}")) from error
    if not wanted:
        raise BadInput("Token perlu paling sedikit satu lingkup.", Problem("scopes", f"pilih: {known}"))
    if held is not None and not wanted <= held:
        raise Forbidden("Token tidak dapat membuat token lain yang boleh lebih banyak daripada dirinya.")
    return sorted(wanted)


def tidy(text: str, longest: int) -> str:
    """One line of printable letters; control characters reach neither logs nor the database."""
    return " ".join("".join(letter for letter in text if letter.isprintable()).split())[:longest]


def read_days(days: int) -> int:
    if not 1 <= days <= MAX_TOKEN_DAYS:
        raise BadInput(
            f"Masa berlaku token 1 sampai {MAX_TOKEN_DAYS} hari.", Problem("days", f"1 sampai {MAX_TOKEN_DAYS}")
        )
    return days


def after_id(cursor: str | None) -> int:
    """The id after which a page ordered by id goes on; raises BadInput for a cursor that is not ours."""
    last = decode(cursor)[0] if cursor else 0
    if not isinstance(last, int) or not 0 <= last < 2**31:
        raise BadInput(
            "Penanda halaman tidak dikenal. Mulai lagi dari halaman pertama.", Problem("cursor", "tidak dikenal")
        )
    return last


def narrow(grants: Iterable[Grant], to: Grant) -> tuple[Grant, ...]:
    """What is left of `grants` inside the unit of `to`: those from above shrink to it, others go or stay whole."""
    left = []
    for grant in grants:
        if to.path.startswith(grant.path):
            left.append(Grant(to.unit_id, to.kind, to.path, grant.role))
        elif grant.path.startswith(to.path):
            left.append(grant)
    return tuple(left)


def must_hold(actor: Actor, offered: Grant) -> None:
    """Nobody gives away more than they hold; raises Forbidden."""
    newcomer = Actor(0, "", (offered,))
    for act in Act:
        if newcomer.may(act, offered.path):
            actor.must(act, offered.path)


def token_view(key: ApiToken) -> TokenView:
    assert key.id is not None
    return TokenView(
        id=key.id,
        user_id=key.user_id,
        unit_id=key.unit_id,
        name=key.name,
        hint=key.hint,
        scopes=tuple(key.scopes),
        created_at=key.created_at,
        expires_at=key.expires_at,
        seen_at=key.seen_at,
        revoked_at=key.revoked_at,
    )
