"""What every page behind a signed link does alike: not indexed, step after step, a code by mail."""

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

from flask import Blueprint, Response, make_response, redirect, render_template, url_for

from portal.access import public
from portal.links import CODE_MINUTES, SignedLink
from portal.mail import Addressee, queue_mail


def private_page(template: str, status: int = 200, **context: Any) -> Response:
    """A page that no search engine keeps: its address is a secret."""
    response = make_response(render_template(template, **context), status)
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response


def to_step(step: str, token: str) -> Response:
    """On to another page of the same link, by GET. step: an endpoint; ``.name`` is one of this blueprint."""
    return make_response(redirect(url_for(step, token=token), 303))


def mail_code(
    link: SignedLink,
    template: str,
    *,
    about: Any,
    owner: Any,
    language: str,
    words: Mapping[str, Any],
    name: str = "",
) -> None:
    """A fresh code leaves to the address that got the link. Raises Refused after three within the hour.

    name: of who reads it, where no contact has this address.
    """
    mail = queue_mail(
        Addressee(link.recipient, name) if name else link.recipient,
        template,
        about=about,
        owner=owner,
        language=language,
        urgent=True,
        code=link.sent_code(),
        minutes=CODE_MINUTES,
        **words,
    )
    link.code_leaves_with(mail)


def serve(bp: Blueprint, why: str, method: str, rule: str, act: Callable[..., Response]) -> None:
    """Let ``act(token, ...)`` answer at a rule of the blueprint, to anybody; why: see :func:`public`."""

    @public(why)
    @wraps(act)
    def view(**arguments: Any) -> Response:
        return act(**arguments)

    bp.add_url_rule(rule, act.__name__, view, methods=[method])
