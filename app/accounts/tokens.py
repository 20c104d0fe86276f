"""How secrets that open doors are made, recognised and turned into the hash that alone is stored."""

import hashlib
import re
import secrets
import string
import zlib

PREFIX = "ktg_"
_LETTERS = string.digits + string.ascii_uppercase + string.ascii_lowercase
_BODY, _SUM = 32, 6
_FORM = re.compile(rf"{PREFIX}[0-9A-Za-z]{{{_BODY + _SUM}}}")


def new_token() -> str:
    """`ktg_`, 32 random base62 characters, 6 of checksum: a typing error is seen without a database."""
    text = PREFIX + "".join(secrets.choice(_LETTERS) for _ in range(_BODY))
    return text + checksum(text)


def is_token(text: str) -> bool:
    """Could we have made this? Any single changed character says no: CRC32 sees every error burst up to 32 bits."""
    return bool(_FORM.fullmatch(text)) and checksum(text[:-_SUM]) == text[-_SUM:]


def checksum(text: str) -> str:
    number, letters = zlib.crc32(text.encode()), ""
    for _ in range(_SUM):
        number, rest = divmod(number, len(_LETTERS))
        letters = _LETTERS[rest] + letters
    return letters


def hint(token: str) -> str:
    """What a list may show, so that its owner knows which token is which."""
    return token[:8]


def new_secret() -> str:
    """32 random bytes for a link or a session, safe in an address."""
    return secrets.token_urlsafe(32)


def hash_of(secret: str) -> str:
    """SHA-256 is enough here: these secrets are random, so there is nothing to guess and nothing to slow down."""
    return hashlib.sha256(secret.encode()).hexdigest()
