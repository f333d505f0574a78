"""The days on which law or terms change: the contracts concerned, both answers, the letters."""

from datetime import date, timedelta

from flask import Blueprint, Response, abort, g, make_response, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import select
from werkzeug.datastructures import MultiDict

from portal import clock, htmx
from portal.access import Permission, get_or_404, may, requires
from portal.accounts.confirming import confirm_first
from portal.contracts.lines import Line, Reader
from portal.db import db
from portal.journal import timeline
from portal.law_days.asking import REASONS, Differing, Told
from portal.law_days.finding import differing, in_version
from portal.law_days.lists import CONTRACTS, LAW_DAYS
from portal.law_days.models import LawDay, LawDayContract, LawDayKind, LawDayState
from portal.law_days.telling import draft_of
from portal.law_days.words import init_words
from portal.listing.page import list_page
from portal.mail import Mail
from portal.panels import Link, Panel
from portal.subscriptions.models import Subscription
from portal.subscriptions.panels import subscription_link
from portal.terms.ahead import look_ahead, turning_days
from portal.terms.answered import Answered
from portal.terms.in_force import published_versions
from portal.terms.models import TermsVersion
from portal.terms.panels import version_panel
from portal.terms.statutes import RULES

bp = Blueprint("law_days", __name__)
init_words(bp)


@bp.get("/law-days")
@requires(Permission.TERMS_DRAFT_READ)
def list_days() -> Response:
    return list_page(LAW_DAYS, "law_days/list.html", ahead=look_ahead())


@bp.get("/law-days/<uid>")
@requires(Permission.TERMS_DRAFT_READ)
def show_day(uid: str) -> Response:
    row = get_or_404(LawDay.visible_to(g.actor), uid)
    concerned, lettered = row.counts()
    rules = turning_days(RULES, row.day - timedelta(days=1), row.day).get(row.day, [])
    return list_page(
        CONTRACTS,
        "law_days/show.html",
        MultiDict([*request.args.items(multi=True), ("uid", uid)]),
        row=row,
        rules=rules if row.kind == LawDayKind.LAW else [],
        concerned=concerned,
        lettered=lettered,
        is_coming=row.state == LawDayState.COMING and row.day > clock.today(),
        events=timeline(row),
    )


@bp.post("/law-days/<uid>/letters")
@requires(Permission.TERMS_WRITE)
def send_letters(uid: str) -> Response:
    """Nobody is written to before somebody has read the list and proved who she is."""
    back = url_for(".show_day", uid=uid)
    get_or_404(LawDay.visible_to(g.actor), uid)
    if asking := confirm_first(back):
        return asking
    row = get_or_404(LawDay.visible_to(g.actor), uid)
    row.send_letters(by=g.actor)
    db.session.commit()
    return htmx.go(back, toast=_("Les lettres s'écrivent, une par contrat."))


def _line(answer: Answered | None, told: Told, question: str, subscription: Subscription) -> Line | None:
    if answer is None:
        return None
    reader = Reader(
        told.stack.on(told.on),
        subscription.customer.kind.value,
        subscription.plan.value,
        told.on,
        REASONS[question],
    )
    return Line(answer, reader)


def _sides(rows: list[Differing], subscription: Subscription) -> list[dict[str, object]]:
    """Both answers of each question, each unfolding to its clauses and statutes."""
    return [
        {
            "row": row,
            "pairs": [
                (
                    pair,
                    _line(pair.before, row.before, row.question, subscription),
                    _line(pair.after, row.after, row.question, subscription),
                )
                for pair in row.pairs
            ],
        }
        for row in rows
    ]


@bp.get("/law-days/contracts/<uid>")
@requires(Permission.TERMS_DRAFT_READ)
def show_contract(uid: str) -> Response:
    """One contract: both answers, and its letter as it would leave or as it left."""
    row = get_or_404(LawDayContract.visible_to(g.actor), uid)
    day = row.law_day
    mail = db.session.scalars(select(Mail).where(Mail.uid == row.mail_uid)).one_or_none()
    page = render_template(
        "law_days/contract.html",
        day=day,
        row=row,
        subscription=row.subscription,
        sides=_sides(differing(day, row.subscription), row.subscription),
        mail=mail,
        draft=draft_of(row) if day.sends_letters and mail is None else None,
    )
    return make_response(page)


def _other_versions(subscription: Subscription) -> list[tuple[str, str, date]]:
    """Code, version and first day of what is on line for its documents and newer than what it pins."""
    found = []
    for pinned in subscription.terms_versions:
        code = pinned.partition("-")[0]
        known = {each.version: each for each in published_versions(code)}
        since = known[pinned].effective_on if pinned in known else date.min
        newer = [each for each in known.values() if each.effective_on > since]
        found += [(code, each.version, each.effective_on) for each in newer]
    return found


@bp.get("/subscriptions/<uid>/versions")
@requires(Permission.TERMS_DRAFT_READ)
def compare_versions(uid: str) -> Response:
    """What would differ for this contract in a newer version of its terms."""
    subscription = get_or_404(Subscription.visible_to(g.actor), uid)
    offered = _other_versions(subscription)
    wanted = request.args.get("version") or (offered[-1][1] if offered else "")
    chosen = next((each for each in offered if each[1] == wanted), None)
    if wanted and chosen is None:
        abort(404)
    on = max(clock.today(), chosen[2]) if chosen else clock.today()
    sides = _sides(in_version(subscription, *chosen[:2], on), subscription) if chosen else []
    page = render_template(
        "law_days/versions.html",
        subscription=subscription,
        offered=offered,
        chosen=chosen,
        sides=sides,
        on=on,
    )
    return make_response(page)


@subscription_link(rank=70)
def versions_link(subscription: Subscription) -> list[Link]:
    if not may(Permission.TERMS_DRAFT_READ) or not _other_versions(subscription):
        return []
    page = url_for("law_days.compare_versions", uid=subscription.uid)
    return [Link(page, _("Comparer à une nouvelle version"), "journal-text")]


@version_panel(rank=60)
def day_panel(version: TermsVersion) -> Panel | None:
    """On the page of a version: the contracts that answer otherwise from its day on."""
    if not may(Permission.TERMS_DRAFT_READ):
        return None
    query = LawDay.visible_to(g.actor).where(LawDay.version == version.version)
    row = db.session.scalars(query).first()
    return Panel("law_days/_version_panel.html", {"row": row}) if row is not None else None
