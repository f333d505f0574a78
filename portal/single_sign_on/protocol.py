"""What is said between the portal and a directory: discovery, code, token, and what the token must hold.

Source: OpenID Connect Core 1.0 (3.1), Discovery 1.0 (4.3), RFC 7636 (PKCE), RFC 8176 (amr).
"""

import json
from base64 import b64encode
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import quote, urlencode

from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from flask_babel import gettext as _
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from portal import clock
from portal.errors import Refused
from portal.public_places import ask_for, checked_address

ALGORITHMS = [
    "RS256",
    "PS256",
    "ES256",
    "RS384",
    "ES384",
    "RS512",
    "ES512",
    "EdDSA",
]  # none that a shared secret signs
_FRESH = 300  # seconds since she signed in there, where that is asked
_LEEWAY = 60  # seconds that two clocks may differ
_MOST = 256 * 1024  # bytes of an answer
_STRONG = {"mfa", "otp", "hwk", "swk", "fpt", "face", "sc", "pop"}  # of RFC 8176: more than a password


@dataclass(frozen=True, slots=True)
class Said:
    """What a directory says of itself."""

    authorize_url: str
    token_url: str
    keys_url: str


@dataclass(frozen=True, slots=True)
class Attempt:
    """What was sent with the person, and has to come back with her."""

    state: str
    nonce: str
    verifier: str


def discover(issuer: str) -> Said:
    """Raises Refused for an address inside the network, and for an answer that is none of that issuer."""
    address = checked_address(issuer, field="issuer")
    found = _asked("GET", f"{address}/.well-known/openid-configuration")
    if str(found.get("issuer", "")).rstrip("/") != address:
        raise Refused(_("À cette adresse répond un autre annuaire."), field="issuer")
    names = ("authorization_endpoint", "token_endpoint", "jwks_uri")
    if not all(isinstance(found.get(name), str) for name in names):
        raise Refused(_("Cet annuaire ne dit pas où l'on s'y connecte."), field="issuer")
    return Said(*(checked_address(found[name], field="issuer") for name in names))


def way_there(directory: Any, attempt: Attempt, back: str, *, again: bool = False) -> str:
    """The address of the directory's sign-in page. again: she has to show who she is once more."""
    more = {"prompt": "login", "max_age": "0"} if again else {}
    return prepare_grant_uri(
        directory.authorize_url,
        directory.client_id,
        "code",
        redirect_uri=back,
        scope="openid email profile",
        state=attempt.state,
        nonce=attempt.nonce,
        code_challenge=create_s256_code_challenge(attempt.verifier),
        code_challenge_method="S256",
        **more,
    )


def redeem(directory: Any, attempt: Attempt, code: str, back: str, *, again: bool = False) -> dict[str, Any]:
    """The claims of who comes back with this code. Raises Refused when they are not to be trusted."""
    owner = f"{quote(directory.client_id, safe='')}:{quote(directory.secret or '', safe='')}"
    sent = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": back,
        "code_verifier": attempt.verifier,
    }
    headers = {
        "Authorization": f"Basic {b64encode(owner.encode()).decode()}",
        "Content-Type": "application/x-www-form-urlencoded",
        "Accept": "application/json",
    }
    found = _asked("POST", directory.token_url, body=urlencode(sent).encode(), headers=headers)
    return read_token(
        str(found.get("id_token", "")),
        _asked("GET", directory.keys_url),
        issuer=directory.issuer,
        client_id=directory.client_id,
        nonce=attempt.nonce,
        again=again,
    )


def read_token(
    token: str, keys: dict[str, Any], *, issuer: str, client_id: str, nonce: str, again: bool = False
) -> dict[str, Any]:
    """The claims of an ID token.

    Raises Refused for another issuer, audience or nonce, a wrong clock, another key.
    again: signed in within the last five minutes.
    """
    options = {"iss": {"values": [issuer, f"{issuer}/"]}, "aud": {"value": client_id}}
    more = {"nonce": nonce, "client_id": client_id, "max_age": _FRESH if again else None}
    try:
        signed = jwt.decode(token, KeySet.import_key_set(cast(Any, keys)), algorithms=ALGORITHMS)
        claims = CodeIDToken(signed.claims, signed.header, options, more)
        claims.validate(now=int(clock.now().timestamp()), leeway=_LEEWAY)
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise Refused(
            _("La réponse de l'annuaire n'est pas recevable (%(why)s).", why=type(error).__name__)
        ) from error
    if again and clock.now().timestamp() - float(claims["auth_time"]) > _FRESH + _LEEWAY:
        raise Refused(_("L'annuaire ne vous a pas demandé qui vous êtes."))
    return dict(claims)


def is_strong(claims: dict[str, Any]) -> bool:
    """Did the directory ask for more than a password?"""
    said = claims.get("amr")
    return isinstance(said, list) and bool(_STRONG & set(map(str, said)))


def _asked(method: str, address: str, **sent: Any) -> dict[str, Any]:
    status, body = ask_for(method, address, most_bytes=_MOST, **sent)
    try:
        found = json.loads(body) if status == "200" else None
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise Refused(_("L'annuaire ne répond pas comme prévu (%(status)s).", status=status), field="issuer")
    return found
