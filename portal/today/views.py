"""A person's day for programs: JSON, and a calendar (iCalendar, RFC 5545) at a secret address."""

from datetime import date, datetime
from typing import Any

from flask import (
    Blueprint,
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
from flask_babel import force_locale
from flask_babel import gettext as _
from icalendar import Calendar, Event

from portal import clock, htmx
from portal.access import Permission, public, requires
from portal.db import db, set_scope
from portal.today.day import Line, day, waiting_for
from portal.today.models import CalendarFeed, drop_feed, make_feed
from portal.today.words import due_words

bp = Blueprint("today", __name__)
bp.add_app_template_filter(due_words)
bp.add_app_template_global(waiting_for)
IN_FILES = 100  # lines of each kind


@bp.get("/today.json")
@requires(Permission.HOME_READ)
def as_json() -> Response:
    """The same list as the home page, with more lines of each kind."""
    return jsonify(on=clock.today().isoformat(), todo=[_told(line) for line in day(IN_FILES).lines])


@bp.get("/today/news")
@requires(Permission.HOME_READ)
def news() -> Response:
    """Asked now and then by the home page: nothing (204), or a line that says what has changed."""
    new, gone = day().since(request.args.get("mark", ""))
    if not new and not gone:
        return Response(status=204)
    return make_response(render_template("today/_news.html", new=new, gone=gone))


def _told(line: Line) -> dict[str, Any]:
    todo = line.todo
    return {
        "kind": line.kind.name,
        "what": todo.what,
        "who": todo.who,
        "due": todo.due.isoformat() if todo.due else None,
        "amount_cents": todo.cents,
        "clauses": list(todo.why.clauses) if todo.why else [],
        "url": f"{current_app.config['PUBLIC_URL']}{todo.url}",
    }


@bp.get("/calendar")
@requires(Permission.HOME_READ)
def show_feed() -> Response:
    return make_response(render_template("today/calendar.html", feed=CalendarFeed.of(g.actor), address=None))


@bp.post("/calendar")
@requires(Permission.LIST_WORK)
def new_feed() -> Response:
    """The address is shown once; a calendar program keeps it."""
    token = make_feed(g.actor, with_names=request.form.get("names") == "yes")
    db.session.commit()
    address = current_app.config["PUBLIC_URL"] + url_for(".calendar", token=token)
    page = render_template("today/calendar.html", feed=CalendarFeed.of(g.actor), address=address)
    return make_response(page)


@bp.post("/calendar/drop")
@requires(Permission.LIST_WORK)
def end_feed() -> Response:
    drop_feed(g.actor)
    db.session.commit()
    return htmx.go(url_for(".show_feed"), toast=_("L'adresse ne répond plus."))


@bp.get("/calendar/<token>.ics")
@public("a calendar program has the secret address and no session")
def calendar(token: str) -> Response:
    """What is due on a day, for who has the address; nothing else opens with it."""
    feed = CalendarFeed.opened_by(token) or abort(404)
    g.actor = feed.user
    set_scope(feed.user.org_path)
    with force_locale(feed.user.language or "fr"):
        lines = [line for line in day(IN_FILES).lines if line.todo.due is not None]
        content = _calendar(lines, with_names=feed.with_names).to_ical()
    return Response(content, mimetype="text/calendar")


def _calendar(lines: list[Line], *, with_names: bool) -> Calendar:
    book = Calendar()
    book.add("prodid", "-//portal//today//FR")
    book.add("version", "2.0")
    book.add("x-wr-calname", _("Portail : à faire"))
    for line in lines:
        todo = line.todo
        event = Event()
        event.add("uid", f"{line.kind.name}-{todo.url.rpartition('/')[2]}@portal")
        event.add("dtstamp", clock.now())
        event.add("summary", f"{todo.what} · {todo.who}" if with_names else todo.what)
        due = todo.due
        event.add("dtstart", due if isinstance(due, datetime) else _day(due))
        event.add("url", f"{current_app.config['PUBLIC_URL']}{todo.url}")
        book.add_component(event)
    return book


def _day(value: Any) -> date:
    assert isinstance(value, date)
    return value
