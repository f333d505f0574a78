"""What every answer has in common: headers, body limits, cross-site refusals, error pages, assets."""

import json
import secrets as random_source
from collections.abc import Callable
from typing import Any
from urllib.parse import SplitResult, urlsplit

import structlog
from flask import (
    Flask,
    Response,
    abort,
    current_app,
    g,
    jsonify,
    make_response,
    render_template,
    request,
    url_for,
)
from flask_babel import gettext as _
from flask_login import AnonymousUserMixin
from flask_wtf.csrf import CSRFError, CSRFProtect
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import HTTPException, SecurityError
from werkzeug.middleware.proxy_fix import ProxyFix

from portal import htmx
from portal.access import may
from portal.config import ROOT
from portal.db import AWAY, db, let_go
from portal.errors import Unavailable
from portal.links import BadLink, LinkProblem
from portal.panels import related_to

log = structlog.get_logger()
_RETRY_AFTER = 5  # seconds
csrf = CSRFProtect()
_SPEAKERS: dict[str, Callable[..., Response]] = {}

CSP = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        "object-src 'none'",
        "manifest-src 'self'",
    )
)


def init_app(app: Flask) -> None:
    csrf.init_app(app)
    app.after_request(harden)
    app.before_request(refuse_foreign_sites)
    app.before_request(refuse_control_characters)
    app.register_error_handler(HTTPException, answer_http_error)
    app.register_error_handler(CSRFError, answer_expired_form)
    app.register_error_handler(BadLink, answer_bad_link)
    app.register_error_handler(Exception, answer_bug)
    for away in AWAY:
        app.register_error_handler(away, answer_busy)
    app.register_error_handler(Unavailable, answer_busy)
    app.jinja_env.globals.update(may=may, asset=asset, csp_htmx=HTMX_CONFIG, related_to=related_to)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    if app.config["PROXY_COUNT"]:
        count = int(app.config["PROXY_COUNT"])
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=count, x_proto=count)  # type: ignore[method-assign]
    app.extensions["assets"] = _asset_versions()


_NEVER_USED = "camera=(), geolocation=(), microphone=(), payment=(), usb=()"
HTMX_CONFIG = json.dumps(
    {
        "includeIndicatorStyles": False,
        "allowEval": False,
        "allowScriptTags": False,
        "selfRequestsOnly": True,
        "historyCacheSize": 0,  # no page, hence no IBAN, is kept in the browser's storage
        "refreshOnHistoryMiss": True,
        "timeout": 15000,
        "defaultSettleDelay": 0,  # what came in listens at once: no key pressed meanwhile is lost
        "responseHandling": [
            {"code": "204", "swap": False},
            {"code": "[23]..", "swap": True},
            {"code": "409", "swap": True, "error": False},
            {"code": "422", "swap": True, "error": False},
            {"code": "[45]..", "swap": False, "error": True},
        ],
    }
)


def harden(response: Response) -> Response:
    headers = response.headers
    headers.setdefault("Content-Security-Policy", CSP)
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Referrer-Policy"] = "same-origin"  # no-referrer would make every HTTPS form fail
    headers["Cross-Origin-Opener-Policy"] = "same-origin"
    headers["Cross-Origin-Resource-Policy"] = "same-origin"
    headers["Permissions-Policy"] = _NEVER_USED
    if current_app.config["SECURE_COOKIES"]:
        headers["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"
    if request.endpoint != "static":
        headers.setdefault("Cache-Control", "no-store")
    return response


def refuse_foreign_sites() -> None:
    """A form of another site never reaches a view, whatever token it carries (Fetch Metadata)."""
    if request.method in {"GET", "HEAD", "OPTIONS"}:
        return
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in {"same-origin", "none"}:
        abort(403)
    origin = request.headers.get("Origin")
    if origin and origin != "null" and urlsplit(origin).netloc != request.host:
        abort(403)


def refuse_control_characters() -> None:
    """NUL is no part of any text; PostgreSQL refuses it, so nothing of the kind goes further."""
    for values in (request.args, request.form):
        if any("\0" in text for pair in values.items(multi=True) for text in pair):
            abort(400)
    if "\0" in request.path:
        abort(400)


def answer_http_error(error: HTTPException) -> Response:
    status = error.code or 500
    if status < 400:
        return make_response(error.get_response())
    if (cause := getattr(error, "original_exception", None)) is not None:  # of what runs after the page
        return answer_busy(cause) if isinstance(cause, AWAY) else answer_bug(cause)
    let_go()
    if isinstance(error, SecurityError):  # a foreign Host: no page can be built for it
        return make_response("400\n", 400, {"Content-Type": "text/plain"})
    if (told := _for_machines(status, f"HTTP_{status}", message=error.name)) is not None:
        return _with_headers_of(error, told)
    if status == 401:
        return _ask_to_sign_in()
    answer = make_response(render_template("error.html", status=status, reference=None), status)
    return _with_headers_of(error, answer)


def _for_machines(status: int, code: str, **told: Any) -> Response | None:
    """The answer of an interface that no person reads; None on a page."""
    for prefix, speak in _SPEAKERS.items():
        if request.path.startswith(prefix):
            return speak(status, code, **told)
    return make_response(jsonify(error={"code": code, **told}), status) if g.get("json_api") else None


def speaks_below(prefix: str, speak: Callable[..., Response]) -> None:
    """Errors at addresses that begin so, also at those that do not exist, are answered by ``speak``.

    It takes the status and a code, and as keywords ``message`` or ``reference``.
    """
    _SPEAKERS[prefix] = speak


def _with_headers_of(error: HTTPException, answer: Response) -> Response:
    for name, value in error.get_headers():
        if name in {"Allow", "Retry-After"}:
            answer.headers[name] = value
    return answer


def _ask_to_sign_in() -> Response:
    where = request.full_path.rstrip("?") if request.method == "GET" else None
    if htmx.wants_fragment():
        current = urlsplit(request.headers.get("HX-Current-URL", ""))
        response = make_response("", 401)
        response.headers["HX-Redirect"] = url_for("accounts.login", expired=1, next=_path_of(current))
        return response
    response = make_response("", 303)
    response.headers["Location"] = url_for("accounts.login", next=where)
    return response


def _path_of(url: SplitResult) -> str | None:
    return f"{url.path}?{url.query}" if url.query else url.path or None


def answer_bad_link(error: BadLink) -> Response:
    let_go()
    status = 404 if error.problem == LinkProblem.UNKNOWN else 410
    return make_response(render_template("bad_link.html", problem=error.problem), status)


def answer_expired_form(error: CSRFError) -> Response:
    """The form is too old or comes from elsewhere: say so, and leave the typed text to the browser."""
    let_go()
    message = _("Le formulaire a expiré. Revenez en arrière : votre saisie y est encore, puis renvoyez.")
    told = _for_machines(400, "HTTP_400", message="Bad Request")
    return told or make_response(render_template("refused.html", message=message, back=None), 400)


def answer_busy(error: Exception) -> Response:
    """The database or a store is locked or away: nothing was changed, the person may come back."""
    let_go()
    _forget_who_asks()
    log.warning("busy", reason=type(error).__name__, endpoint=request.endpoint)
    told = _for_machines(503, "BUSY", reference=g.get("request_id"))
    response = told or make_response(render_template("busy.html", reference=g.get("request_id")), 503)
    response.headers["Retry-After"] = str(_RETRY_AFTER)
    return response


def _forget_who_asks() -> None:
    """Who asks is read from the database: nothing from here on may look there again."""
    g.actor, g._login_user = None, AnonymousUserMixin()
    g.pop("sign_in", None)


def answer_bug(error: Exception) -> Response:
    """Last resort: a reference number for the person, the trace for the log, nothing else."""
    if current_app.config["TESTING"] and not current_app.config.get("ANSWER_BUGS"):
        raise error
    try:
        db.session.rollback()
    except SQLAlchemyError:
        let_go()
        _forget_who_asks()
    reference = g.get("request_id") or random_source.token_hex(4)
    log.exception("unexpected error", reference=reference, endpoint=request.endpoint)
    told = _for_machines(500, "INTERNAL", reference=reference)
    return told or make_response(render_template("error.html", status=500, reference=reference), 500)


def _asset_versions() -> dict[str, str]:
    manifest = ROOT / "static" / "vendor" / "manifest.json"
    if not manifest.exists():
        raise RuntimeError(f"{manifest} manque : lancez « make assets ».")
    versions: dict[str, str] = json.loads(manifest.read_text())
    static = ROOT / "static"
    for path in [*static.glob("*.*"), *static.glob("css/*.css"), *static.glob("guide/*.png")]:
        versions[str(path.relative_to(static))] = f"{path.stat().st_mtime_ns:x}"
    return versions


def asset(name: str) -> str:
    """Address of a static file, with its version so that browsers may keep it for good."""
    return url_for("static", filename=name, v=current_app.extensions["assets"][name][:16])
