"""The wall of backup health, one machine, and what people decide about it."""

from typing import Any

from flask import Blueprint, Response, g, make_response, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import select

from portal import clock, htmx
from portal.access import Permission, get_or_404, requires
from portal.backups import watch as _watch  # noqa: F401 - listens
from portal.backups.anomalies import anomalies_of
from portal.backups.forms import ReviewForm, WatchForm
from portal.backups.gaps import gaps_of
from portal.backups.health import Health
from portal.backups.letters import choose_reports, incidents_of
from portal.backups.metering import months_of
from portal.backups.models import BackupReview, BackupRun, Machine, wants_reports
from portal.backups.queries import Wall, every_machine, open_reviews
from portal.backups.trend import usage_trend
from portal.backups.usage import usage_of
from portal.csv_file import csv_answer
from portal.customers.models import Customer
from portal.customers.panels import customer_panel
from portal.customers.queries import own_customer
from portal.db import db
from portal.engine.models import Vault
from portal.engine.panels import vault_panel
from portal.journal import timeline
from portal.mail import mails_about
from portal.notes import takes_notes
from portal.paging import first_of, page_of
from portal.panels import Panel
from portal.subscriptions.models import Subscription
from portal.subscriptions.panels import subscription_panel
from portal.words.states import look_of

bp = Blueprint("backups", __name__, url_prefix="/backups")
RUNS = 60
MONTHS = 3  # of usage, on the page of a subscription


def _asked() -> tuple[str, Health | None]:
    text, state = request.args.get("q", "")[:100], request.args.get("state", "")
    return text, Health(state) if state in set(Health) else None


@bp.get("")
@requires(Permission.BACKUP_READ)
def wall() -> Response:
    text, state = _asked()
    shown = Wall(g.actor, text, state)
    return htmx.render(
        "backups/wall.html",
        "backups/_wall.html",
        machines=shown.page(),
        q=text,
        state=state,
        counts=shown.counts(),
        too_many=shown.has_more,
        states=list(Health),
        now=clock.now(),
        reviews=open_reviews(g.actor),
        own=(own := _own_customer()),
        wanted=own and wants_reports(own),
    )


def _own_customer() -> Customer | None:
    """The customer who is looking, to whom the choice of reports is offered on the wall itself."""
    return own_customer() if g.actor.is_customer else None


@bp.get("/machines.csv")
@requires(Permission.BACKUP_READ)
def wall_csv() -> Response:
    text, state = _asked()
    head = (
        _("Machine"),
        _("Client"),
        _("État"),
        _("Dernière sauvegarde (UTC)"),
        _("Attendue avant (UTC)"),
        _("Toutes les (heures)"),
        _("Octets lus"),
        _("Incidents"),
    )
    words = {state: look_of(f"backup_{state.value}").word for state in Health}
    rows = every_machine(g.actor, text, state)
    return csv_answer("machines.csv", head, (_cells(machine, words) for machine in rows))


def _cells(one: Machine, words: dict[Health, Any]) -> tuple[Any, ...]:
    return (
        one.name,
        one.customer.name,
        words[one.health],
        _utc(one.ended_at),
        _utc(one.due_by),
        one.schedule_hours,
        one.source_bytes,
        one.incidents,
    )


def _utc(instant: Any) -> str:
    return f"{instant:%Y-%m-%d %H:%M:%S}" if instant else ""


@bp.get("/<uid>")
@requires(Permission.BACKUP_READ)
def show_machine(uid: str) -> Response:
    return machine_page(get_or_404(Machine.visible_to(g.actor), uid))


def machine_page(
    machine: Machine,
    watch: WatchForm | None = None,
    review: ReviewForm | None = None,
    anomaly: ReviewForm | None = None,
    status: int = 200,
    wrong: str = "",
) -> Response:
    runs = select(BackupRun).where(BackupRun.machine_id == machine.id)
    reviews = select(BackupReview).where(BackupReview.machine_id == machine.id)
    vaults = machine.vaults
    page = render_template(
        "backups/machine.html",
        machine=machine,
        vaults=vaults,
        trend=usage_trend(vaults),
        runs=page_of(runs, BackupRun.ended_at.desc(), BackupRun.id.desc(), size=RUNS, name="runs"),
        newest=first_of(runs.order_by(BackupRun.ended_at.desc()), 1),
        reviews=page_of(reviews, BackupReview.id.desc(), name="reviews"),
        incidents=incidents_of(machine),
        events=timeline(machine),
        mails=mails_about(machine),
        watch=watch or WatchForm(formdata=None, obj=machine),
        review_form=review or ReviewForm(formdata=None),
        anomalies=anomalies_of(machine),
        anomaly_form=anomaly or ReviewForm(formdata=None),
        wrong=wrong,
        now=clock.now(),
        form=anomaly or review or watch,
        wanted=wants_reports(machine.customer),
    )
    return make_response(page, status)


@bp.post("/<uid>/watch")
@requires(Permission.BACKUP_WORK)
def set_watch(uid: str) -> Response:
    """How often the machine is expected to report, and whether anybody should care."""
    machine = get_or_404(Machine.visible_to(g.actor), uid)
    form = WatchForm()
    if not form.validate():
        return machine_page(machine, watch=form, status=422)
    machine.watch(schedule_hours=form.schedule_hours.data, is_watched=form.is_watched.data, by=g.actor)
    db.session.commit()
    return htmx.go(url_for(".show_machine", uid=uid), toast=_("Surveillance enregistrée."))


@bp.post("/reviews/<uid>/closing")
@requires(Permission.BACKUP_WORK)
def close_review(uid: str) -> Response:
    review = get_or_404(BackupReview.visible_to(g.actor), uid)
    form = ReviewForm()
    if not form.validate():
        return machine_page(review.machine, review=form, status=422, wrong=uid)
    review.close(form.note.data.strip(), by=g.actor)
    db.session.commit()
    return htmx.go(url_for(".show_machine", uid=review.machine.uid), toast=_("Réévaluation close."))


@bp.post("/reports/<customer_uid>")
@requires(Permission.BACKUP_CHOOSE)
def set_reports(customer_uid: str) -> Response:
    """The customer wants a report after each backup, or no longer; shown where the choice was made."""
    customer = get_or_404(Customer.visible_to(g.actor), customer_uid)
    wanted = request.form.get("wanted") == "yes"
    choose_reports(customer, wanted, by=g.actor)
    db.session.commit()
    toast = (
        _("Un compte rendu suivra chaque sauvegarde.") if wanted else _("Les comptes rendus sont arrêtés.")
    )
    back = request.form.get("machine", "")
    known = db.session.scalars(Machine.visible_to(g.actor).where(Machine.uid == back)).first()
    see = url_for(".show_machine", uid=back) if known else url_for(".wall")
    return htmx.go(see, toast=toast)


takes_notes(Machine, Permission.BACKUP_READ, "backups.show_machine")


@customer_panel(rank=35)
def machines_panel(customer: Customer) -> Panel:
    query = (
        select(Machine).where(Machine.customer_id == customer.id).order_by(Machine.name_folded, Machine.id)
    )
    return Panel("backups/_customer_panel.html", {"machines": list(db.session.scalars(query))})


@subscription_panel()
def usage_panel(subscription: Subscription) -> Panel:
    months = months_of(subscription)[-MONTHS:] if subscription.gb_month_cents is not None else []
    return Panel(
        "backups/_usage_panel.html",
        {
            "usage": usage_of(subscription),
            "gaps": gaps_of(subscription)[:MONTHS],
            "months": months,
            "subscription": subscription,
        },
    )


@vault_panel()
def trend_panel(vault: Vault) -> Panel:
    return Panel("backups/_trend_panel.html", {"trend": usage_trend([vault])})
