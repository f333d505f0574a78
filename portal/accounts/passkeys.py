"""Passkeys: what the browser is asked for, and what its answer must be (Web Authentication, level 3).

The relying party is the host of PUBLIC_URL. The user is always verified by the device itself. A challenge is
kept with the session, or with the sign-in that is half open, and is worth one answer.
"""

import hashlib
import json
import secrets as random_source
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from flask import current_app
from sqlalchemy import select
from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url, parse_client_data_json
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from portal import clock
from portal.accounts.factors import Challenged, Passkey, passkeys_of
from portal.canonical import canonical_json
from portal.db import EVERYTHING, commits, db, scope, writing
from portal.errors import Refused
from portal.wording import N_

_NONCE = 16  # bytes before the hash of what is ordered
LONGEST_ANSWER = 20_000  # characters of JSON
_STALE = N_("La demande n'est plus valable : recommencez avec votre clé d'accès.")
_WRONG = N_("Cette clé d'accès n'a pas été reconnue.")


class CountWentBack(Refused):
    """The counter of a passkey did not rise: there may be a copy of it."""


@dataclass(frozen=True, slots=True)
class Assertion:
    """What a passkey signed, as it can be verified again by anybody. Bytes are base64url."""

    credential_id: str
    public_key: str
    client_data: str
    authenticator_data: str
    signature: str
    rp_id: str
    origin: str

    def as_details(self) -> dict[str, str]:
        return {name: getattr(self, name) for name in self.__slots__}


def relying_party() -> tuple[str, str]:
    """Its id, which is a host, and the origin of its pages."""
    parts = urlsplit(str(current_app.config["PUBLIC_URL"]))
    return parts.hostname or "", f"{parts.scheme}://{parts.netloc}"


def can_be_used() -> bool:
    """Has the portal a name? A passkey belongs to one, and never to an IP address."""
    try:
        ip_address(relying_party()[0])
    except ValueError:
        return True
    return False


def hash_of(order: Any) -> bytes:
    """SHA-256 of what is ordered, in its one writing."""
    return hashlib.sha256(canonical_json(order)).digest()


@commits
def new_challenge(row: Challenged, order: Any = None) -> bytes:
    """16 random bytes and, where something is ordered, the hash of that; the one before is worth nothing."""
    challenge = random_source.token_bytes(_NONCE if order is not None else 32)
    if order is not None:
        challenge += hash_of(order)
    key, kind = row.id, type(row)
    db.session.rollback()  # nothing is changed before somebody has proved who she is
    with writing(), scope(EVERYTHING):
        change = db.update(kind).where(kind.id == key).values(challenge=bytes_to_base64url(challenge))
        db.session.execute(change)
        db.session.commit()
    return challenge


def _take_challenge(row: Challenged) -> bytes:
    if row.challenge is None:
        raise Refused(_STALE)
    challenge, row.challenge = base64url_to_bytes(row.challenge), None
    return challenge


def creation_options(user: Any, challenge: bytes) -> str:
    """For ``navigator.credentials.create``, as JSON."""
    rp_id, _origin = relying_party()
    options = generate_registration_options(
        rp_id=rp_id,
        rp_name=rp_id,
        user_id=user.person.uid.encode(),
        user_name=user.email,
        user_display_name=user.name,
        challenge=challenge,
        exclude_credentials=_descriptors(passkeys_of(user)),
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.PREFERRED,
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
    )
    return options_to_json(options)


def request_options(passkeys: list[Passkey], challenge: bytes) -> str:
    """For ``navigator.credentials.get``, as JSON."""
    options = generate_authentication_options(
        rp_id=relying_party()[0],
        challenge=challenge,
        allow_credentials=_descriptors(passkeys),
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return options_to_json(options)


def _descriptors(passkeys: list[Passkey]) -> list[PublicKeyCredentialDescriptor]:
    return [PublicKeyCredentialDescriptor(id=base64url_to_bytes(each.credential_id)) for each in passkeys]


def _read(answer: str) -> dict[str, Any]:
    """The answer as JSON, made at an address of this portal. Raises Refused otherwise."""
    try:
        found = json.loads(answer[:LONGEST_ANSWER])
        client = parse_client_data_json(base64url_to_bytes(found["response"]["clientDataJSON"]))
    except (ValueError, KeyError, TypeError, AttributeError, WebAuthnException) as wrong:
        raise Refused(_WRONG, field="passkey") from wrong
    origin = relying_party()[1]
    if client.origin != origin:
        raise Refused(
            N_("Une clé d'accès ne sert qu'à l'adresse du portail : ouvrez %(url)s."),
            field="passkey",
            url=origin,
        )
    return dict(found)


def add_passkey(user: Any, answer: str, row: Challenged, name: str) -> Passkey:
    """Raises Refused for what this portal did not ask for, or whose device did not verify the person."""
    challenge, found = _take_challenge(row), _read(answer)
    rp_id, origin = relying_party()
    try:
        made = verify_registration_response(
            credential=found,
            expected_challenge=challenge,
            expected_rp_id=rp_id,
            expected_origin=origin,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, TypeError, KeyError) as wrong:
        raise Refused(_WRONG, field="passkey") from wrong
    passkey = Passkey(
        person_id=user.person_id,
        name=name,
        credential_id=bytes_to_base64url(made.credential_id),
        public_key=bytes_to_base64url(made.credential_public_key),
        sign_count=made.sign_count,
    )
    db.session.add(passkey)
    return passkey


def check_passkey(user: Any, answer: str, row: Challenged, order: Any = None) -> Assertion:
    """The proof that one of the person's passkeys signed this challenge, and this order where there is one.

    Raises Refused otherwise, CountWentBack for a counter that did not rise.
    """
    challenge, found = _take_challenge(row), _read(answer)
    if order is not None and challenge[_NONCE:] != hash_of(order):
        raise Refused(_STALE, field="passkey")
    passkey = _passkey_of(user, str(found.get("rawId") or found.get("id")))
    rp_id, origin = relying_party()
    signed = found["response"]
    try:
        seen = verify_authentication_response(
            credential=found,
            expected_challenge=challenge,
            expected_rp_id=rp_id,
            expected_origin=origin,
            credential_public_key=base64url_to_bytes(passkey.public_key),
            credential_current_sign_count=0,
            require_user_verification=True,
        )
        assertion = Assertion(
            passkey.credential_id,
            passkey.public_key,
            str(signed["clientDataJSON"]),
            str(signed["authenticatorData"]),
            str(signed["signature"]),
            rp_id,
            origin,
        )
    except (WebAuthnException, ValueError, TypeError, KeyError) as wrong:
        raise Refused(_WRONG, field="passkey") from wrong
    _count_on(passkey, seen.new_sign_count)
    return assertion


def _passkey_of(user: Any, credential_id: str) -> Passkey:
    query = select(Passkey).where(Passkey.person_id == user.person_id, Passkey.credential_id == credential_id)
    locked = query.with_for_update().execution_options(populate_existing=True)
    passkey = db.session.scalars(locked).one_or_none()
    if passkey is None:
        raise Refused(_WRONG, field="passkey")
    return passkey


def _count_on(passkey: Passkey, count: int) -> None:
    """A device that counts must count upwards; many do not count at all and say zero."""
    if (count or passkey.sign_count) and count <= passkey.sign_count:
        raise CountWentBack(
            N_("Le compteur de cette clé d'accès a reculé : elle est peut-être copiée. Retirez-la."),
            field="passkey",
        )
    now: datetime = clock.now()
    passkey.sign_count, passkey.last_used_at = count, now


def is_signed(order: Any, kept: dict[str, str]) -> bool:
    """Does a kept assertion prove that its passkey signed this very order?

    kept: what :meth:`Assertion.as_details` wrote. Needs no row: a passkey may have been removed since.
    """
    try:
        client_data = base64url_to_bytes(kept["client_data"])
        challenge = base64url_to_bytes(json.loads(client_data)["challenge"])
        if challenge[_NONCE:] != hash_of(order):
            return False
        response = {
            "clientDataJSON": kept["client_data"],
            "authenticatorData": kept["authenticator_data"],
            "signature": kept["signature"],
        }
        verify_authentication_response(
            credential={
                "id": kept["credential_id"],
                "rawId": kept["credential_id"],
                "type": "public-key",
                "response": response,
            },
            expected_challenge=challenge,
            expected_rp_id=kept["rp_id"],
            expected_origin=kept["origin"],
            credential_public_key=base64url_to_bytes(kept["public_key"]),
            credential_current_sign_count=0,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, TypeError, KeyError):
        return False
    return True
