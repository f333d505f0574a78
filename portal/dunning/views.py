"""Late payers, for finance: the list, one customer, what is done next, and the settings."""

from flask import Blueprint, Response, g, make_response, render_template, url_for
from flask_babel import gettext as _

from portal import htmx
from portal.access import Permission, get_or_404, may, requires
from portal.billing.disputes import open_disputes
from portal.billing.queries import customers_run_by
from portal.customers.models import Customer
from portal.customers.panels import customer_panel
from portal.db import db
from portal.dunning.acting import cure_text, reinstate_all, take_step
from portal.dunning.forms import ReinstateForm, SettingForm
from portal.dunning.ladder import debts_of, next_step
from portal.dunning.lists import LATE, STEPS, stage_of, step_words
from portal.dunning.models import SHIPPED, DunningSetting, LateLetter, setting_of
from portal.forms import saving
from portal.journal import record, timeline
from portal.listing.page import list_page
from portal.mail import mails_about
from portal.paging import first_of, page_of
from portal.panels import Panel
from portal.resellers.issuing import issuers_to_run, run_by
from portal.resellers.models import TOP_FIRST, LegalEntity
from portal.subscriptions.models import Subscription
from portal.subscriptions.panels import subscription_panel
from portal.subscriptions.suspended import suspended_of

bp = Blueprint("dunning", __name__, url_prefix="/late")
bp.add_app_template_filter(cure_text)
bp.add_app_template_filter(step_words)
bp.add_app_template_filter(lambda stage: STEPS[stage], "letter_name")


@bp.get("")
@requires(Permission.DUNNING_READ)
def list_late() -> Response:
    return list_page(LATE, "dunning/list.html")


@bp.get("/<uid>")
@requires(Permission.DUNNING_READ)
def show_late(uid: str) -> Response:
    return _page(get_or_404(customers_run_by(g.actor), uid), ReinstateForm(formdata=None))


def _page(customer: Customer, form: ReinstateForm, status: int = 200) -> Response:
    debts = debts_of(customer)
    letters = run_by(LateLetter, g.actor).where(LateLetter.customer_id == customer.id)
    page = render_template(
        "dunning/customer.html",
        customer=customer,
        debts=debts,
        step=next_step(customer, debts),
        stage=stage_of(customer, debts),
        suspended=suspended_of(customer),
        letters=page_of(letters, LateLetter.id.desc(), name="letters"),
        events=timeline(customer),
        mails=mails_about(customer),
        form=form,
    )
    return make_response(page, status)


@bp.post("/<uid>/step")
@requires(Permission.DUNNING_WRITE)
def do_step(uid: str) -> Response:
    """What is due today for this customer, confirmed by a person."""
    customer = get_or_404(customers_run_by(g.actor), uid)
    step = take_step(customer, by=g.actor, may_end=may(Permission.CONTRACT_END))
    db.session.commit()
    return htmx.go(url_for(".show_late", uid=uid), toast=_("Fait : %(step)s.", step=STEPS[step.name]))


@bp.post("/<uid>/reinstatement")
@requires(Permission.DUNNING_WRITE)
def reinstate(uid: str) -> Response:
    """A person lets the customer order again although something is owed."""
    customer = get_or_404(customers_run_by(g.actor), uid)
    form = ReinstateForm()
    if form.validate():
        with saving(form, "why"):
            reinstate_all(customer, form.why.data, by=g.actor)
    if form.errors:
        return _page(get_or_404(customers_run_by(g.actor), uid), form, 422)
    return htmx.go(url_for(".show_late", uid=uid), toast=_("La suspension est levée."))


@bp.get("/settings")
@requires(Permission.DUNNING_READ)
def show_settings() -> Response:
    entities = db.session.scalars(issuers_to_run(g.actor).order_by(*TOP_FIRST))
    return _settings_page([(entity, _form_of(entity)) for entity in entities])


def _form_of(entity: LegalEntity) -> SettingForm:
    found = setting_of(entity)
    ladder, alone = (found.ladder, found.by_itself) if found else (SHIPPED, False)
    return SettingForm(
        formdata=None,
        prefix=entity.uid,
        reminder_days=ladder.reminder_days,
        second_days=ladder.second_days,
        formal_days=ladder.formal_days,
        grace_days=ladder.grace_days,
        end_days=ladder.end_days,
        by_itself="yes" if alone else "no",
    )


def _settings_page(forms: list[tuple[LegalEntity, SettingForm]], status: int = 200) -> Response:
    return make_response(render_template("dunning/settings.html", forms=forms), status)


@bp.post("/settings/<uid>")
@requires(Permission.DUNNING_WRITE)
def set_ladder(uid: str) -> Response:
    entity = get_or_404(issuers_to_run(g.actor), uid)
    form = SettingForm(prefix=uid)
    if form.validate():
        with saving(form, "reminder_days"):
            _keep(entity, form)
    if form.errors:
        return _settings_page([(get_or_404(issuers_to_run(g.actor), uid), form)], 422)
    return htmx.go(url_for(".show_settings"), toast=_("Les relances sont réglées."))


def _keep(entity: LegalEntity, form: SettingForm) -> None:
    names = ("reminder_days", "second_days", "formal_days", "grace_days", "end_days")
    values = {name: form[name].data for name in names} | {"by_itself": form.by_itself.data == "yes"}
    row = setting_of(entity)
    if row is None:
        row = DunningSetting(organisation=entity.organisation, legal_entity_id=entity.id, **values)
        db.session.add(row)
    for name, value in values.items():
        setattr(row, name, value)
    db.session.flush()
    record(row, "set", by=g.actor, **values)


@customer_panel(rank=5)
def late_panel(customer: Customer) -> Panel | None:
    """A customer that is late, or suspended: seen by whoever opens her page."""
    suspended, debts = suspended_of(customer), debts_of(customer)
    if not suspended and not debts:
        return None
    stage, disputes = stage_of(customer, debts), open_disputes(customer)
    followed = may(Permission.DUNNING_READ) and _is_followed(customer)
    step = next_step(customer, debts) if followed else None
    context = {"customer": customer, "suspended": suspended, "debts": debts, "stage": stage, "step": step}
    return Panel("dunning/_customer_panel.html", context | {"disputes": disputes, "followed": followed})


def _is_followed(customer: Customer) -> bool:
    return bool(first_of(customers_run_by(g.actor).where(Customer.id == customer.id), 1))


@subscription_panel(rank=5)
def suspension_panel(subscription: Subscription) -> Panel | None:
    if subscription.suspended_on is None or subscription.is_over:
        return None
    stopped = subscription.shown_state() == "suspended"
    return Panel("dunning/_suspension.html", {"subscription": subscription, "stopped": stopped})
