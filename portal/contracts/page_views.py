"""The page of one contract: its dates, what leaving means, the law beside it, and any other question."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from flask import Blueprint, Response, g, make_response, render_template, request, url_for
from flask_babel import format_date, ngettext
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from portal import clock, htmx
from portal.access import Permission, get_or_404, requires
from portal.answers.outcome import Outcome
from portal.catalogue.hosting import place_on, places_of
from portal.contracts.history import ask, history_of
from portal.contracts.lines import Leaving, Line, Reader, calendar, law_table, leaving, lines_of, remarks
from portal.contracts.page_forms import LeaveForm, in_words, place, question_form, read_question
from portal.errors import Refused
from portal.panels import Link
from portal.simulator.run import simulate
from portal.subscriptions.models import Subscription
from portal.subscriptions.panels import subscription_link
from portal.subscriptions.termination import work_out
from portal.words.clauses import CHOICES, QUESTIONS, STATUSES
from portal.words.states import Look

LEAVING = ("none", "switch")  # the reasons that the page puts side by side

bp = Blueprint("contracts", __name__, url_prefix="/contracts")


@bp.app_template_filter()
def weekday(day: date) -> str:
    return str(format_date(day, "EEEE"))


@bp.app_template_filter()
def days_left(day: date) -> str:
    """How far a day is from today, in words."""
    days = (day - clock.today()).days
    if days == 0:
        return str(_("aujourd'hui"))
    if days > 0:
        return str(ngettext("dans %(num)d jour", "dans %(num)d jours", days))
    return str(ngettext("il y a %(num)d jour", "il y a %(num)d jours", -days))


@bp.app_template_filter()
def question_name(what: str) -> str:
    """A kind of event in words."""
    return str(QUESTIONS[what])


bp.add_app_template_filter(in_words)


@bp.app_template_filter()
def contract_status(code: str) -> Look:
    return STATUSES[code]


@bp.get("/<uid>")
@requires(Permission.SUBSCRIPTION_READ)
def show_contract(uid: str) -> Response:
    subscription = get_or_404(Subscription.visible_to(g.actor), uid)
    today = clock.today()
    reader = Reader.of(subscription, today)
    history = history_of(subscription)
    outcome = simulate(history.case)
    lines = calendar(outcome, reader)
    page = render_template(
        "contracts/show.html",
        subscription=subscription,
        outcome=outcome,
        today=today,
        coming=[line for line in lines if line.answer.on >= today],
        past=[line for line in lines if line.answer.on < today],
        unanswered=history.unanswered,
        amounts=lines_of(outcome.amounts, reader),
        remarks=remarks(outcome),
        law=law_table(reader),
        **_leaving(subscription, _leave_form(subscription)),
        **_question(subscription, asked=False),
    )
    return make_response(page)


@dataclass(frozen=True)
class Column:
    """What leaving means for one reason, or why the rules refuse it."""

    reason: Any
    answer: Leaving | None
    refusal: str = ""


def _leave_form(subscription: Subscription) -> LeaveForm:
    """What the address asks; without a question, to leave today."""
    today = max(clock.today(), subscription.started_on)
    first = MultiDict({"day": today.isoformat(), "reason": "none", "early": "y"})
    asked = request.args if "day" in request.args else first
    return LeaveForm(asked, meta={"csrf": False})


def _leaving(subscription: Subscription, form: LeaveForm) -> dict[str, Any]:
    """The columns of the day that the form says; refusals of the reason asked for stand beside the day."""
    columns = []
    if form.validate():
        asked = form.reason.data
        for reason in dict.fromkeys(("none", asked, "switch")):
            if reason == "switch" and asked not in LEAVING:
                continue  # two columns are enough
            columns.append(_column(subscription, form, reason))
    early = subscription.present_terms.find("early_end.notice_months") is not None
    hosted = place_on(places_of(subscription.product_id), clock.today())
    return {"leave_form": form, "columns": columns, "early_ends": early, "hosted": hosted}


def _column(subscription: Subscription, form: LeaveForm, reason: str) -> Column:
    day = form.day.data
    try:
        found = work_out(subscription, form.notice(reason), looking_ahead=True)
    except Refused as refusal:
        if reason == form.reason.data:
            place(form, refusal, "day")
        return Column(CHOICES[reason], None, in_words(refusal))
    return Column(CHOICES[reason], leaving(found.outcome, Reader.of(subscription, day, reason)))


@bp.get("/<uid>/leaving")
@requires(Permission.SUBSCRIPTION_READ)
def show_leaving(uid: str) -> Response:
    subscription = get_or_404(Subscription.visible_to(g.actor), uid)
    context = _leaving(subscription, _leave_form(subscription))
    status = 422 if context["leave_form"].errors else 200
    return htmx.render(
        "contracts/leaving.html", "contracts/_leaving.html", status, subscription=subscription, **context
    )


@dataclass(frozen=True)
class Answer:
    """What a question changes, then the rest of the contract's dates."""

    look: Look
    changed: list[Line]
    amounts: list[Line]
    unchanged: list[Line]
    remarks: list[Any]


def _answer(before: Outcome, after: Outcome, reader: Reader) -> Answer:
    known = {(entry.what, entry.on) for entry in before.calendar}
    paid = {(entry.what, entry.cents, str(entry.working)) for entry in before.amounts}
    new = [entry for entry in after.amounts if (entry.what, entry.cents, str(entry.working)) not in paid]
    lines, said_before = calendar(after, reader), {str(each) for each in before.remarks}
    return Answer(
        STATUSES[after.status],
        [line for line in lines if (line.what, line.answer.on) not in known],
        lines_of(new, reader),
        [line for line in lines if (line.what, line.answer.on) in known],
        [each for each in remarks(after) if str(each) not in said_before],
    )


def _question(subscription: Subscription, *, asked: bool) -> dict[str, Any]:
    """The form of the kind of question that the address names, and its answer when it was sent."""
    what = request.args.get("what", "")
    what = what if asked and what in QUESTIONS else "terminate"
    form = question_form(what, subscription.terms, request.args if asked else None)
    answer = None
    if asked and "ask" in request.args:
        event = read_question(what, form)
        try:
            answer = event and _answer(
                *ask(subscription, event),
                Reader.of(subscription, event.on, str(event.get("reason") or "none")),
            )
        except Refused as refusal:
            place(form, refusal)
    elif not form["on"].data:
        form["on"].data = max(clock.today(), subscription.started_on).isoformat()
    return {"question": form, "what": what, "questions": QUESTIONS, "answer": answer}


@bp.get("/<uid>/question")
@requires(Permission.SUBSCRIPTION_READ)
def show_question(uid: str) -> Response:
    subscription = get_or_404(Subscription.visible_to(g.actor), uid)
    context = _question(subscription, asked=True)
    status = 422 if any(field.errors for field in context["question"]) else 200
    return htmx.render(
        "contracts/question.html", "contracts/_question.html", status, subscription=subscription, **context
    )


@subscription_link()
def contract_link(subscription: Subscription) -> list[Link]:
    return [Link(url_for("contracts.show_contract", uid=subscription.uid), _("Contrat et dates"), "calendar")]
