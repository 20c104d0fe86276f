"""Knows how people let an app in: consent, codes that live for seconds, tokens that end, refresh tokens that are spent."""

import base64
import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from simulator.accounts import Account, account_id, practice_token
from simulator.ledger import Ledger, Thing


@dataclass(frozen=True, slots=True)
class Habits:
    """What is each platform's own: seconds that codes and tokens live (None: for ever), and whether refreshing rotates.

    `kills`: a refresh token used twice ends every token of that consent (second-hand for X).
    """

    code_s: float = 600
    access_s: float | None = 3_600
    refresh_s: float | None = None
    rotates: bool = False
    kills: bool = False


@dataclass(frozen=True, slots=True)
class Consent:
    """What one person agreed to for one app; `pages` are handles where the platform lets one choose among several."""

    platform: str
    client_id: str
    redirect_uri: str
    handle: str
    scopes: tuple[str, ...]
    challenge: str = ""
    method: str = ""
    pages: tuple[str, ...] = ()
    family: str = ""


@dataclass(frozen=True, slots=True)
class Issued:
    """A pair of tokens; `refresh` is empty where the platform gives none."""

    consent: Consent
    access: str
    refresh: str
    lives_s: float | None


class Spent(Exception):
    """A code or token that opens nothing (any more)."""


class Desk:
    """Hands out and takes back what opens an account. Everything it knows stands in the ledger."""

    def __init__(self, ledger: Ledger, platform: str, habits: Habits) -> None:
        self._ledger, self._platform, self.habits = ledger, platform, habits

    def new_code(self, consent: Consent, *, now: float) -> str:
        code = secrets.token_urlsafe(24)
        born = replace(consent, family=secrets.token_hex(8))
        body = {"consent": _plain(born), "ends_at": now + self.habits.code_s}
        self._keep(f"code:{code}", "oauth_code", born.handle, body, now)
        return code

    def redeem(self, code: str, *, client_id: str, redirect_uri: str, verifier: str, now: float) -> Consent:
        """Raises Spent for a code that is unknown, used, too old, somebody else's, or without its proof."""
        found = self._find(f"code:{code}", "oauth_code")
        if found is None or found.body.get("used") or found.body["ends_at"] < now:
            raise Spent("code")
        found.body["used"] = True
        self._ledger.put_thing(self._platform, found)
        consent = _consent(found.body["consent"])
        if (client_id, redirect_uri) != (consent.client_id, consent.redirect_uri):
            raise Spent("redirect_uri")
        if consent.challenge and not _proves(verifier, consent):
            raise Spent("code_verifier")
        return consent

    def issue(self, consent: Consent, *, now: float, lives_s: float | None = -1, with_refresh: bool = True) -> Issued:
        """`lives_s` -1: the platform's usual span."""
        span = self.habits.access_s if lives_s == -1 else lives_s
        token_id = secrets.token_hex(8)
        body = {"consent": _plain(consent), "ends_at": None if span is None else now + span, "made_at": now}
        self._keep(f"token:{token_id}", "oauth_token", consent.handle, body, now)
        refresh = ""
        if with_refresh and self.habits.refresh_s is not None:
            refresh = f"simr_{self._platform}_{secrets.token_hex(16)}"
            ends_at = now + self.habits.refresh_s
            self._keep(f"refresh:{refresh}", "oauth_refresh", consent.handle, {**body, "ends_at": ends_at}, now)
        access = f"{practice_token(self._platform, consent.handle)}~{token_id}"
        return Issued(consent, access, refresh, span)

    def spend_refresh(self, refresh: str, *, client_id: str, now: float) -> Consent:
        """Raises Spent; where refresh tokens rotate, one that comes a second time may end the whole family."""
        found = self._find(f"refresh:{refresh}", "oauth_refresh")
        if found is None:
            raise Spent("refresh_token")
        consent = _consent(found.body["consent"])
        if found.body.get("used") and self.habits.kills:
            self.end_family(consent, now=now)
        is_dead = found.body.get("used") or found.body["ends_at"] < now or self._is_ended(consent)
        if is_dead or client_id != consent.client_id:
            raise Spent("refresh_token")
        if self.habits.rotates:
            found.body["used"] = True
            self._ledger.put_thing(self._platform, found)
        return consent

    def consent_of(self, token: str, *, now: float) -> Consent | None:
        """Of a living access token, or of a refresh token."""
        found = self._find(f"token:{token.rpartition('~')[2]}", "oauth_token")
        if found is not None and is_alive(self._ledger, self._platform, token.rpartition("~")[2], now=now):
            return _consent(found.body["consent"])
        found = self._find(f"refresh:{token}", "oauth_refresh")
        return _consent(found.body["consent"]) if found is not None else None

    def made_at(self, token: str) -> float:
        found = self._find(f"token:{token.rpartition('~')[2]}", "oauth_token")
        return float(found.body["made_at"]) if found else 0.0

    def prolong(self, token: str, *, now: float, lives_s: float) -> None:
        """The same token lives on (Instagram, Threads)."""
        found = self._find(f"token:{token.rpartition('~')[2]}", "oauth_token")
        if found is not None:
            found.body.update(ends_at=now + lives_s, made_at=now)
            self._ledger.put_thing(self._platform, found)

    def end_family(self, consent: Consent, *, now: float) -> None:
        self._keep(f"ended:{consent.family}", "oauth_ended", consent.handle, {}, now)

    def _is_ended(self, consent: Consent) -> bool:
        return self._find(f"ended:{consent.family}", "oauth_ended") is not None

    def _find(self, key: str, kind: str) -> Thing | None:
        return self._ledger.find_thing(self._platform, key, (kind,))

    def _keep(self, key: str, kind: str, handle: str, body: dict[str, Any], now: float) -> None:
        self._ledger.put_thing(self._platform, Thing(key, kind, account_id(self._platform, handle), body, now))


def is_alive(ledger: Ledger, platform: str, token_id: str, *, now: float) -> bool:
    """Whether a token that came out of a consent still opens its account."""
    found = ledger.find_thing(platform, f"token:{token_id}", ("oauth_token",))
    if found is None or (found.body["ends_at"] is not None and found.body["ends_at"] <= now):
        return False
    family = found.body["consent"]["family"]
    return ledger.find_thing(platform, f"ended:{family}", ("oauth_ended",)) is None


def may_speak(ledger: Ledger, account: Account, *, now: float) -> bool:
    """A hand-made practice token always may; one from a consent while it lives."""
    return not account.token_id or is_alive(ledger, account.platform, account.token_id, now=now)


def read_scopes(text: str) -> tuple[str, ...]:
    return tuple(part for part in text.replace(",", " ").split() if part)


def _proves(verifier: str, consent: Consent) -> bool:
    """S256 as RFC 7636 has it, TikTok's hexadecimal digest, or `plain`."""
    digest = hashlib.sha256(verifier.encode()).digest()
    if consent.method == "plain":
        return verifier == consent.challenge
    return consent.challenge in (base64.urlsafe_b64encode(digest).decode().rstrip("="), digest.hex())


def _plain(consent: Consent) -> dict[str, Any]:
    return {
        "platform": consent.platform, "client_id": consent.client_id, "redirect_uri": consent.redirect_uri,
        "handle": consent.handle, "scopes": list(consent.scopes), "challenge": consent.challenge,
        "method": consent.method, "pages": list(consent.pages), "family": consent.family,
    }  # fmt: skip


def _consent(body: dict[str, Any]) -> Consent:
    lists: dict[str, Sequence[str]] = {"scopes": tuple(body["scopes"]), "pages": tuple(body["pages"])}
    return Consent(**{**body, **lists})
