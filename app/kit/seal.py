"""How secrets are kept and how an address proves that we made it."""

import base64
import hashlib
import hmac
import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet


class Unreadable(Exception):
    """Sealed with a key that is no longer configured, or altered."""


@dataclass(frozen=True)
class Seal:
    """`keys[0]` seals; all of them open, so a key can be rotated without losing anything."""

    keys: tuple[str, ...]

    def __post_init__(self) -> None:
        if not self.keys:
            raise ValueError("at least one secret key is needed")

    def seal(self, secret: Mapping[str, str]) -> str:
        return self._box.encrypt(json.dumps(dict(secret)).encode()).decode()

    def open(self, sealed: str) -> dict[str, str]:
        try:
            opened: dict[str, str] = json.loads(self._box.decrypt(sealed.encode()))
        except InvalidToken as error:
            raise Unreadable("no configured key opens this") from error
        return opened

    def opens(self, sealed: str) -> bool:
        """Is it sealed with one of these keys?"""
        try:
            self._box.decrypt(sealed.encode())
        except InvalidToken:
            return False
        return True

    def rotate(self, sealed: str) -> str:
        """The same secret, sealed with the first key; raises Unreadable."""
        try:
            return self._box.rotate(sealed.encode()).decode()
        except InvalidToken as error:
            raise Unreadable("no configured key opens this") from error

    def sign(self, purpose: str, value: str) -> str:
        """A short signature of `value`; `purpose` keeps one kind of signature from serving as another."""
        return self._mac(self.keys[0], purpose, value)

    def check(self, purpose: str, value: str, signature: str) -> bool:
        return any(hmac.compare_digest(self._mac(key, purpose, value), signature) for key in self.keys)

    @cached_property
    def _box(self) -> MultiFernet:
        return MultiFernet([Fernet(_fernet_key(key)) for key in self.keys])

    @staticmethod
    def _mac(key: str, purpose: str, value: str) -> str:
        digest = hmac.new(f"{purpose}\n{key}".encode(), value.encode(), hashlib.sha256).digest()
        return base64.urlsafe_b64encode(digest[:18]).decode()


def _fernet_key(key: str) -> bytes:
    # An operator may set any long string; Fernet wants 32 bytes of url-safe base64.
    return base64.urlsafe_b64encode(hashlib.sha256(key.encode()).digest())


def keys_in(folder: Path) -> tuple[str, ...]:
    """The keys of an installation that was given none: made once, kept in `folder/keys` readable by its owner alone."""
    path = folder / "keys"
    folder.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return read_keys(folder)
    with os.fdopen(handle, "w") as file:
        file.write(secrets.token_urlsafe(32) + "\n")
    return read_keys(folder)


def read_keys(folder: Path) -> tuple[str, ...]:
    return tuple((folder / "keys").read_text().split())
