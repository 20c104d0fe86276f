"""The formats of WebAuthn, through py_webauthn: what a browser is asked, and whether its answer holds. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)


class DoesNotHold(ValueError):
    """The answer is no answer to what was asked, or was signed by another key, or for another site."""


@dataclass(frozen=True)
class Question:
    """`challenge` in base64url, to be kept; `options` as JSON for the browser's own API."""

    challenge: str
    options: str


@dataclass(frozen=True)
class Key:
    """A new key: its id in base64url, its public half, and how often it says it has signed."""

    id: str
    public: bytes
    count: int


@dataclass(frozen=True)
class Site:
    """For whom keys are good: a host name, and the origin that a browser names."""

    host: str
    origin: str


def ask_for_key(host: str, *, email: str, name: str, handle: bytes, known: Sequence[str]) -> Question:
    """`handle`, 1 to 64 bytes, lies readable on the device; `known`, ids in base64url, are not made again."""
    options = generate_registration_options(
        rp_id=host,
        rp_name="Kentongan",
        user_name=email,
        user_display_name=name,
        user_id=handle,
        exclude_credentials=[PublicKeyCredentialDescriptor(id=base64url_to_bytes(key)) for key in known],
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
        ),
    )
    return Question(bytes_to_base64url(options.challenge), options_to_json(options))


def ask_for_signature(host: str) -> Question:
    """Names nobody: the device offers the keys that it has for this site."""
    options = generate_authentication_options(rp_id=host, user_verification=UserVerificationRequirement.REQUIRED)
    return Question(bytes_to_base64url(options.challenge), options_to_json(options))


def new_key(answer: Mapping[str, object], challenge: str, site: Site) -> Key:
    """Raises DoesNotHold."""
    try:
        found = verify_registration_response(
            credential=dict(answer),
            expected_challenge=base64url_to_bytes(challenge),
            expected_rp_id=site.host,
            expected_origin=site.origin,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError) as error:
        raise DoesNotHold from error
    return Key(bytes_to_base64url(found.credential_id), found.credential_public_key, found.sign_count)


def signed(answer: Mapping[str, object], challenge: str, site: Site, *, public: bytes, count: int) -> int:
    """How often the key has signed by now. Raises DoesNotHold, also for a count that went back."""
    try:
        found = verify_authentication_response(
            credential=dict(answer),
            expected_challenge=base64url_to_bytes(challenge),
            expected_rp_id=site.host,
            expected_origin=site.origin,
            credential_public_key=public,
            credential_current_sign_count=count,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError) as error:
        raise DoesNotHold from error
    return found.new_sign_count
