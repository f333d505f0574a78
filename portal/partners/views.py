"""The door of the interface: who shows which token, what it may, how often; and what an answer says of it."""

from flask import Response, current_app, g, request
from flask_smorest import Blueprint

from portal.access import granted
from portal.accounts.floods import count_in_lots, count_within, left_of
from portal.db import AWAY, EVERYTHING, db, let_go, scope, set_scope, writing
from portal.errors import PortalError
from portal.partners.problems import speak, told
from portal.partners.reading import Parser
from portal.partners.scopes import scope_for
from portal.partners.tokens import PartnerToken, acting_as, find_token, note_use
from portal.web import csrf, speaks_below
from portal.wording import N_

ADDRESS = "/api/partner"
WINDOW = 60  # seconds in which a token makes so many calls as PARTNER_CALLS
GUESSES, WITHIN = 60, 600  # unknown tokens from one address; seconds


class Partners(Blueprint):
    """A blueprint of flask-smorest that reads with the parser of this interface."""

    ARGUMENTS_PARSER = Parser()


bp = Partners("partner", __name__, url_prefix=f"{ADDRESS}/v1")
csrf.exempt(bp)  # no cookie takes part: the token is the only credential
speaks_below(f"{ADDRESS}/", speak)


def most_calls() -> int:
    """Of one token in a window."""
    return int(current_app.config["PARTNER_CALLS"])


class NoToken(PortalError):
    code, status = "no_token", 401


class NotInScope(PortalError):
    code, status = "not_in_scope", 403


class Flood(PortalError):
    code, status = "too_many", 429

    def __init__(self, retry_after: int) -> None:
        super().__init__(N_("Trop de demandes : réessayez plus tard."))
        self.retry_after = retry_after


@bp.before_request
def let_in() -> None:
    """From here on the person of the token acts, whatever cookie came along; then what her token may."""
    g.pop("sign_in", None)
    g.actor = None
    set_scope(None)
    token = _token()
    g.partner_token = (token.id, token.last_used_at)
    g.pace = f"partner:{token.uid}"
    scopes, actor = token.scopes, acting_as(token)
    if wait := count_in_lots(g.pace, most=most_calls(), seconds=WINDOW):
        raise Flood(wait)
    g.actor = actor
    set_scope(actor.org_path)
    _check(scopes)


def _token() -> PartnerToken:
    """Raises NoToken; for an address that only guesses, Flood."""
    scheme, _space, secret = request.headers.get("Authorization", "").partition(" ")
    with scope(EVERYTHING):
        if scheme.lower() == "bearer" and (found := find_token(secret.strip())):
            return found
        db.session.rollback()
        with writing():
            wait = count_within(f"partner:{request.remote_addr}", most=GUESSES, seconds=WITHIN)
        if wait:
            raise Flood(wait)
    raise NoToken(N_("Il manque un jeton valable, dans l'en-tête Authorization."))


def _check(scopes: list[str]) -> None:
    """Raises NotInScope: a token may no more than what it was made for, nor than its person may today."""
    view = current_app.view_functions[request.endpoint or ""]
    permission = getattr(view, "permission", None)
    if permission is None:
        return
    wanted = scope_for(permission)
    if wanted.name not in scopes or not granted(g.actor, permission):
        raise NotInScope(
            N_("Il faut le droit « %(scope)s », à ce jeton et à sa personne."), scope=wanted.name
        )


@bp.errorhandler(PortalError)
def refuse(error: PortalError) -> Response:
    let_go()
    response = told(error)
    if error.status == 401:
        response.headers["WWW-Authenticate"] = 'Bearer realm="partner"'
    return response


@bp.after_request
def say_pace(response: Response) -> Response:
    """RateLimit of draft-ietf-httpapi-ratelimit-headers, and how the language was chosen."""
    response.headers["Vary"] = "Accept-Language, Authorization"
    if pace := g.get("pace"):
        left, seconds = left_of(pace, most=most_calls(), seconds=WINDOW)
        response.headers["RateLimit-Policy"] = f'"token";q={most_calls()};w={WINDOW}'
        response.headers["RateLimit"] = f'"token";r={left};t={seconds}'
    return response


@bp.after_request
def note(response: Response) -> Response:
    """When the token last served, and from where."""
    used = g.get("partner_token")
    if used is None:
        return response
    try:
        note_use(used[0], used[1], request.remote_addr or "")
    except AWAY:
        let_go()
    return response
