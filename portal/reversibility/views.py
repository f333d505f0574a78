"""Cases of reversibility: queue, opening, page, and the operator's second step."""

from typing import Any

from flask import Blueprint, Response, g, make_response, render_template, request, url_for
from flask_babel import gettext as _
from wtforms import SelectChoice

from portal import clock, htmx, jobs
from portal.access import Permission, Role, get_or_404, may, requires
from portal.accounts.confirming import confirm_order
from portal.answers import handover
from portal.customers.models import Customer
from portal.customers.panels import customer_panel
from portal.db import db
from portal.engine.handed_over import downloads, handed_over
from portal.engine.models import Vault
from portal.errors import Refused
from portal.forms import saving
from portal.i18n import plain_day, size
from portal.journal import timeline
from portal.listing.page import list_page
from portal.mail import mails_about
from portal.panels import Link, Panel
from portal.reversibility.answer_views import answer_context
from portal.reversibility.case_terms import request_window
from portal.reversibility.display import case_steps, due_of, time_left, waits_for
from portal.reversibility.forms import CaseForm, PaidForm, QuoteForm, ShipForm, TargetForm
from portal.reversibility.lists import CASES
from portal.reversibility.models import CaseState, HandoverForm, Reason, ReversibilityCase, case_for, cases_of
from portal.reversibility.opening import open_case, vaults_for
from portal.reversibility.own_bucket import PUSH, target_of
from portal.reversibility.price import invoice_of, pay
from portal.subscriptions.case import contract_of
from portal.subscriptions.letter_form import ReceivedLetterForm
from portal.subscriptions.models import Subscription, subscriptions_of
from portal.subscriptions.panels import subscription_link
from portal.words.readers import for_whom

bp = Blueprint("reversibility", __name__, url_prefix="/reversibility")
bp.add_app_template_global(case_for, "reversibility_case_for")


def _get(uid: str) -> ReversibilityCase:
    case: ReversibilityCase = get_or_404(ReversibilityCase.visible_to(g.actor), uid)
    return case


bp.add_app_template_filter(due_of, "case_due")
bp.add_app_template_filter(waits_for)
bp.add_app_template_filter(case_steps)
bp.add_app_template_filter(time_left)


@bp.get("")
@requires(Permission.REVERSIBILITY_READ)
def list_cases() -> Response:
    return list_page(CASES, "listing/page.html")


def _vault_label(vault: Vault) -> str:
    """Two vaults may have one name: what they hold, and since when, tells them apart."""
    if vault.bytes_stored is None:
        return str(vault.name)
    newest = plain_day(clock.paris_day(vault.newest_at)) if vault.newest_at else "–"
    return f"{vault.name} · {size(vault.bytes_stored)} · {newest}"


def _form(subscription: Subscription) -> CaseForm:
    form = CaseForm()
    form.vault.choices = [SelectChoice(vault.uid, _vault_label(vault)) for vault in vaults_for(subscription)]
    if g.actor.is_customer:  # her request is received when she sends it
        del form.received_on
    if g.actor.role != Role.OPERATOR:
        del form.cost
    return form


def _new(subscription: Subscription, form: CaseForm, status: int = 200) -> Response:
    today = clock.today()
    contract = contract_of(subscription, today)
    page = render_template(
        "reversibility/new.html",
        subscription=subscription,
        form=form,
        case=case_for(subscription),
        window=request_window(subscription),
        delivery=handover.delivery(contract, today),
        fees=[(reason, handover.fee(contract, today, reason)) for reason in (Reason.SWITCH, Reason.COPY)],
    )
    return make_response(page, status)


@bp.get("/new/<subscription_uid>")
@requires(Permission.REVERSIBILITY_ASK)
def new_case(subscription_uid: str) -> Response:
    subscription = get_or_404(Subscription.visible_to(g.actor), subscription_uid)
    form = _form(subscription)
    if "received_on" in form:
        form.received_on.data = clock.today()
    return _new(subscription, form)


@bp.post("/new/<subscription_uid>")
@requires(Permission.REVERSIBILITY_ASK)
def create_case(subscription_uid: str) -> Response:
    subscription = get_or_404(Subscription.visible_to(g.actor), subscription_uid)
    form = _form(subscription)
    if form.validate():
        with saving(form):
            case = _open(subscription, form)
    if form.errors:
        return _new(subscription, form, 422)
    return htmx.go(url_for(".show_case", uid=case.uid), toast=_("Demande enregistrée."))


def _open(subscription: Subscription, form: CaseForm) -> ReversibilityCase:
    vault = next(one for one in vaults_for(subscription) if one.uid == form.vault.data)
    return open_case(
        subscription,
        vault,
        reason=Reason(form.reason.data),
        by=g.actor,
        received_on=form.received_on.data if "received_on" in form else clock.today(),
        cost_cents=form.cost.data or 0 if "cost" in form else 0,
        form=HandoverForm(form.form.data or HandoverForm.READABLE),
    )


@bp.get("/<uid>")
@requires(Permission.REVERSIBILITY_READ)
def show_case(uid: str) -> Response:
    return show(_get(uid))


def show(case: ReversibilityCase, status: int = 200, **answer: Any) -> Response:
    """The case's page, also as the answer to a refused form of the signed-in customer."""
    documents = handed_over(case.uid)
    page = render_template(
        "reversibility/show.html",
        case=case,
        documents=documents,
        counts=downloads(documents),
        events=timeline(case),
        mails=mails_about(case),
        window=request_window(case.subscription),
        payment_first=handover.paid_first(case.contract),
        invoice=invoice_of(case),
        quote=answer.pop("quote", None) or QuoteForm(formdata=None),
        paid=answer.pop("paid", None) or PaidForm(formdata=None, on=clock.today()),
        target=target_of(case),
        push=_push_of(case),
        target_form=answer.pop("target_form", None) or TargetForm(formdata=None),
        confirm_problem=answer.pop("confirm_problem", ""),
        letter_form=answer.pop("letter_form", None) or ReceivedLetterForm(formdata=None),
        ship=answer.pop("ship", None) or ShipForm(formdata=None, on=clock.today()),
        **answer_context(case, **answer),
    )
    return make_response(page, status)


def _push_of(case: ReversibilityCase) -> jobs.Task | None:
    target = target_of(case)
    return jobs.find_task(PUSH, target.uid) if target else None


@bp.get("/<uid>/progress")
@requires(Permission.REVERSIBILITY_READ)
def progress(uid: str) -> Response:
    """Polled every two seconds while something moves by itself."""
    case = _get(uid)
    if request.args.get("seen") != case.state:
        return htmx.go(url_for(".show_case", uid=uid))
    return htmx.poll_answer("reversibility/_progress.html", finished=not case.is_moving, case=case)


def _step(uid: str, verb: str, toast: str) -> Response:
    getattr(_get(uid), verb)(by=g.actor)
    db.session.commit()
    return htmx.go(url_for(".show_case", uid=uid), toast=toast)


@bp.post("/<uid>/quote")
@requires(Permission.REVERSIBILITY_ERASE)
def quote_case(uid: str) -> Response:
    case, form = _get(uid), QuoteForm()
    if form.validate():
        with saving(form):
            case.quote(form.amount_cents.data or 0, by=g.actor)
    if form.errors:
        return show(case, 422, quote=form)
    return htmx.go(url_for(".show_case", uid=uid), toast=_("Le devis est envoyé au client."))


@bp.post("/<uid>/payment")
@requires(Permission.REVERSIBILITY_ERASE)
def note_case_payment(uid: str) -> Response:
    """The price is paid where the contract wants it first (A19): go on."""
    case, form = _get(uid), PaidForm()
    if form.validate():
        with saving(form):
            pay(case, form.on.data, form.reference.data, by=g.actor)
    if form.errors:
        return show(_get(uid), 422, paid=form)
    return htmx.go(url_for(".show_case", uid=uid), toast=_("Paiement noté : la récupération commence."))


@bp.post("/<uid>/shipment")
@requires(Permission.REVERSIBILITY_ERASE)
def ship_case(uid: str) -> Response:
    """The same copy on a medium, for who cannot download it."""
    case, form = _get(uid), ShipForm()
    if form.validate():
        with saving(form):
            case.ship(form.medium.data or "", form.tracking.data or "", form.on.data, by=g.actor)
    if form.errors:
        return show(case, 422, ship=form)
    return htmx.go(url_for(".show_case", uid=uid), toast=_("L'envoi est noté, le client est prévenu."))


@bp.post("/<uid>/losses")
@requires(Permission.REVERSIBILITY_ERASE)
def accept_losses(uid: str) -> Response:
    toast = _("Ce qui est lisible sera remis, avec la liste de ce qui ne l'est pas.")
    return _step(uid, "deliver_with_losses", toast)


@bp.post("/<uid>/completion")
@requires(Permission.REVERSIBILITY_ERASE)
def complete(uid: str) -> Response:
    return _step(uid, "complete", _("Ce qui manque est cherché dans les points plus anciens."))


@bp.post("/<uid>/key")
@requires(Permission.REVERSIBILITY_ASK)
def send_key_link(uid: str) -> Response:
    return _step(uid, "ask_key", _("Un nouveau lien est parti."))


@bp.post("/<uid>/export")
@requires(Permission.REVERSIBILITY_ASK)
def export_again(uid: str) -> Response:
    toast = for_whom(
        _("L'export sera refait dès que vous aurez ouvert votre coffre."),
        _("L'export sera refait dès que le client aura ouvert son coffre."),
    )
    return _step(uid, "export_again", toast)


@bp.post("/<uid>/cancellation")
@requires(Permission.REVERSIBILITY_ASK)
def cancel_case(uid: str) -> Response:
    return _step(uid, "cancel", _("Dossier annulé."))


@bp.post("/<uid>/link")
@requires(Permission.REVERSIBILITY_ASK)
def send_fetch_link(uid: str) -> Response:
    """The customer lost the link, or it has expired."""
    case = _get(uid)
    if case.state == CaseState.REQUESTED and case.reason == Reason.DESTROY:
        case.send_fetch_link("mails/confirm_destruction.txt")
    elif handed_over(case.uid) and case.delivered_at:
        case.send_fetch_link("mails/export_ready.txt")
    else:
        raise Refused(_("Il n'y a rien à télécharger pour le moment."))
    db.session.commit()
    return htmx.go(url_for(".show_case", uid=uid), toast=_("Un nouveau lien est parti."))


def _ordered(case: ReversibilityCase) -> dict[str, str]:
    """What somebody erases: whose data, in which vault."""
    return {
        "reference": case.uid,
        "customer": case.vault.customer.name,
        "vault": case.vault.name,
        "repository": case.vault.uid,
    }


@bp.post("/<uid>/erasure")
@requires(Permission.REVERSIBILITY_ERASE)
def release_erasure(uid: str) -> Response:
    case = _get(uid)
    if case.can("release") and request.form.get("confirm", "").strip() != case.vault.name:
        problem = _("Pour confirmer, tapez le nom du coffre : %(name)s.", name=case.vault.name)
        return show(case, 422, confirm_problem=problem)
    if asking := confirm_order(case, "erase", _ordered(case), url_for(".show_case", uid=uid)):
        return asking
    case.release(by=g.actor)
    db.session.commit()
    toast = {
        CaseState.ERASING: _("L'effacement commence."),
        CaseState.COOLING_OFF: _("L'effacement est ordonné ; le client en est prévenu."),
    }.get(case.state, _("Une deuxième personne doit maintenant l'ordonner."))
    return htmx.go(url_for(".show_case", uid=uid), toast=toast)


@bp.post("/<uid>/recall")
@requires(Permission.REVERSIBILITY_ASK)
def recall_erasure(uid: str) -> Response:
    """Whoever may ask for the data back may stop their erasure, as long as nothing is destroyed."""
    case = _get(uid)
    case.recall(by=g.actor)
    db.session.commit()
    return htmx.go(url_for(".show_case", uid=uid), toast=_("L'ordre d'effacement est annulé."))


@bp.post("/<uid>/retry")
@requires(Permission.REVERSIBILITY_ERASE)
def retry(uid: str) -> Response:
    return _step(uid, "retry", _("Le travail reprend."))


@customer_panel(rank=70)
def cases_panel(customer: Customer) -> Panel:
    ending = [one for one in subscriptions_of(customer) if one.ends_on and case_for(one) is None]
    return Panel("reversibility/_panel.html", {"cases": cases_of(customer), "ending": ending})


@subscription_link()
def handover_link(subscription: Subscription) -> list[Link]:
    """From the contract that ends to the data that it holds."""
    if not may("reversibility:ask") or subscription.ends_on is None or not vaults_for(subscription):
        return []
    case = case_for(subscription)
    if case is not None:
        return [
            Link(url_for("reversibility.show_case", uid=case.uid), _("Voir la réversibilité"), "box-arrow-up")
        ]
    url = url_for("reversibility.new_case", subscription_uid=subscription.uid)
    return [Link(url, for_whom(_("Récupérer mes données"), _("Restituer les données")), "box-arrow-up")]
