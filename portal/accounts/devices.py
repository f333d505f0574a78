"""The devices on which somebody has signed in before: a signed cookie that says whose they are."""

import hashlib
import secrets as random_source
from typing import Any

from flask import Response, current_app, request
from itsdangerous import BadSignature, URLSafeSerializer

_PEOPLE = 8  # who share a device
_KEPT_SECONDS = 180 * 86_400


def _cookie() -> str:
    return "__Host-device" if current_app.config["SECURE_COOKIES"] else "device"


def _signer() -> URLSafeSerializer:
    config = current_app.config
    keys = [*reversed(config["SECRET_KEY_FALLBACKS"] or []), config["SECRET_KEY"]]
    return URLSafeSerializer(keys, salt="device", signer_kwargs={"digest_method": hashlib.sha256})


def _content() -> tuple[str, list[str]]:
    """Its random name and the people who have signed in on it; nothing for a cookie that is not ours."""
    try:
        name, people = _signer().loads(request.cookies.get(_cookie(), ""))
    except (BadSignature, ValueError, TypeError):
        return "", []
    return str(name), [str(uid) for uid in people]


def known_device(user: Any) -> str:
    """The name of this device, if this person has signed in on it before; else ""."""
    name, people = _content()
    return name if user is not None and user.person.uid in people else ""


def remember_device(response: Response, user: Any) -> None:
    name, people = _content()
    hers = user.person.uid
    others = [uid for uid in people if uid != hers][-(_PEOPLE - 1) :]
    people = [*others, hers]
    response.set_cookie(
        _cookie(),
        str(_signer().dumps([name or random_source.token_urlsafe(16), people])),
        max_age=_KEPT_SECONDS,
        secure=current_app.config["SECURE_COOKIES"],
        httponly=True,
        samesite="Lax",
        path="/",
    )
