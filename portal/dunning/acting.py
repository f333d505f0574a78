"""What the ladder does: a letter with its mail and its PDF, a suspension, and the way back."""

from typing import Any

from flask_babel import force_locale
from flask_babel import gettext as _
from sqlalchemy import select

from portal import clock
from portal.actor import Actor
from portal.billing.documents import mentions, party
from portal.billing.issue import parties_of
from portal.billing.models import Invoice, invoice_paid
from portal.customers.models import ContactRole, Customer
from portal.db import db
from portal.dunning.contracts import late_facts, subscriptions_on
from portal.dunning.ladder import Debt, NextStep, Suspension, debts_of, is_kept, keep_step, next_step
from portal.dunning.models import LateLetter, LateLetterLine, LetterState, ladder_of
from portal.dunning.rules import Cure, Stage, cure_of
from portal.endings.acting import end_for_debt
from portal.errors import Refused
from portal.i18n import eur, plain_day
from portal.journal import SYSTEM, record
from portal.mail import queue_mail
from portal.papers import promise
from portal.pdf.document import Column
from portal.pdf.draft import Draft
from portal.resellers.brand_paper import mark_for
from portal.resellers.models import LegalEntity
from portal.sepa.formats.iban import in_fours
from portal.subscriptions.models import Subscription
from portal.subscriptions.stopping import stops_when_unpaid
from portal.subscriptions.suspended import suspended_of

_ROLE = {Stage.REMINDER: ContactRole.BILLING, Stage.SECOND: ContactRole.BILLING}


def take_step(customer: Customer, *, by: Actor, may_end: bool = True) -> NextStep:
    """Do what is due for this customer today; her row is locked, so that two never do it at once.

    may_end: does whoever acts decide on the end of a contract? Raises Refused when nothing is due, and for
    an end that is not hers to decide.

    Source: 003-15, 003-17, 004-40, 000-54, 001-45.
    """
    db.session.execute(select(Customer.id).where(Customer.id == customer.id).with_for_update())
    step = next_step(customer, debts_of(customer))
    if step is None or not step.is_due:
        raise Refused(_("Rien n'est à faire aujourd'hui pour ce client."))
    if step.endings and not may_end:
        raise Refused(_("La fin d'un contrat se décide chez le fournisseur, qui la voit dans sa journée."))
    if step.endings:
        end_contracts(customer, step, by=by)
    elif step.suspensions:
        suspend(customer, step.suspensions, by=by)
    else:
        send_letter(customer, step, by=by)
    keep_step(customer)
    return step


def cures_of(step: NextStep) -> list[Cure]:
    """What the contracts on the invoices of a formal notice leave, each once."""
    return _cures([debt.invoice for debt, stage in step.debts if stage == Stage.FORMAL])


def cures_of_letter(letter: LateLetter) -> list[Cure]:
    """The same of a letter that has left."""
    return _cures([line.invoice for line in letter.lines if line.stage == Stage.FORMAL])


def _cures(noticed: list[Invoice]) -> list[Cure]:
    on = subscriptions_on(noticed)
    found: dict[tuple[str, int], Cure] = {}
    for invoice in noticed:
        for subscription in on[invoice.id]:
            cure = cure_of(subscription.present_terms, ladder_of(invoice.legal_entity).grace_days)
            found[(cure.clause, cure.days)] = cure
    return list(found.values())


def send_letter(customer: Customer, step: NextStep, *, by: Actor) -> LateLetter:
    """One mail about all of them; with a PDF to post where a contract wants a registered letter."""
    assert step.entity is not None
    cures = cures_of(step)
    to_post = any(cure.by_letter for cure in cures)
    letter = LateLetter(
        organisation=customer.organisation,
        customer_id=customer.id,
        customer=customer,
        legal_entity_id=step.entity.id,
        legal_entity=step.entity,
        kind=Stage(step.name),
        state=LetterState.TO_POST if to_post else LetterState.MAILED,
        sent_on=clock.today(),
        clause=", ".join(dict.fromkeys(cure.clause for cure in cures if cure.clause))[:80],
        is_registered=to_post,
        tracking="",
    )
    db.session.add(letter)
    for debt, stage in step.debts:
        letter.lines.append(
            LateLetterLine(
                organisation=customer.organisation,
                invoice_id=debt.invoice.id,
                stage=stage,
                owed_cents=debt.owed_cents,
                is_over=False,
            )
        )
        record(debt.invoice, f"late_{stage.value}", by=by, reason=letter.clause)
    db.session.flush()
    record(customer, f"late_{letter.kind.value}", by=by, reason=letter.clause)
    if letter.kind == Stage.FORMAL:
        _print(letter, step.debts, cures)
    _mail(letter, step.debts, cures)
    return letter


def _mail(letter: LateLetter, debts: tuple[tuple[Debt, Stage], ...], cures: list[Cure]) -> None:
    customer = letter.customer
    with force_locale(customer.language):
        leaves = [cure_text(cure) for cure in cures]
    queue_mail(
        customer.contact(_ROLE.get(letter.kind, ContactRole.SIGNATORY)),
        f"dunning/mail_{letter.kind.value}.txt",
        about=customer,
        owner=customer.organisation,
        language=customer.language,
        attach=[letter.document] if letter.document else [],
        letter=letter,
        debts=[debt for debt, _stage in debts],
        total=sum(debt.owed_cents for debt, _stage in debts),
        fees=fees_so_far(debts),
        leaves=leaves,
        entity=letter.legal_entity,
    )


def fees_so_far(debts: tuple[tuple[Debt, Stage], ...]) -> int:
    """Cents of interest and fixed fees that are known today, on top of these invoices."""
    facts = [fact for debt, _stage in debts for fact in late_facts(debt.invoice)]
    return sum(fact.cents for fact in facts if fact.value is not None)


def _print(letter: LateLetter, debts: tuple[tuple[Debt, Stage], ...], cures: list[Cure]) -> None:
    customer, entity = letter.customer, letter.legal_entity
    parties = parties_of(customer, entity)
    with force_locale(customer.language):
        draft = Draft(
            _("Mise en demeure de payer"),
            issuer=party(parties["issuer"]),
            recipient=party(parties["buyer"]),
            meta=[
                (_("Date"), plain_day(letter.sent_on)),
                (_("Envoi"), _("lettre recommandée") if letter.is_registered else _("e-mail")),
            ],
            legal=mentions(parties["issuer"]),
            language={"fr": "fr-FR", "en": "en-GB"}[customer.language],
            page_label=_("Page {page} sur {pages}"),
            mark=mark_for(customer.org_path, customer.language),
        )
        draft.text(_("Ces factures ne sont pas payées. Nous vous mettons en demeure de les régler."))
        draft.line_table(
            [Column(_("Facture")), Column(_("Échéance"), 40), Column(_("Dû"), 35)],
            [
                (debt.invoice.number, plain_day(debt.invoice.due_on), eur(debt.owed_cents))
                for debt, _stage in debts
            ],
        )
        draft.totals([(_("Total dû"), eur(sum(debt.owed_cents for debt, _stage in debts)))])
        for cure in cures:
            draft.text(cure_text(cure))
        draft.text(_("Vos données ne sont pas touchées."))
        draft.fields([(_("Bénéficiaire"), entity.name), (_("IBAN"), in_fours(entity.iban))])
        letter.document = promise(
            draft,
            owner=customer.organisation,
            subject=customer,
            kind="formal_notice",
            filename=f"mise-en-demeure-{letter.sent_on}.pdf",
        )


def cure_text(cure: Cure) -> str:
    """What a formal notice leaves, and what follows, in the reader's language, with the clause.

    Source: 003-15, 003-17, 004-40, 000-54, 001-45.
    """
    clause = cure.source.reference if cure.source is not None else _("conditions de l'émetteur")
    since = _("réception") if cure.by_letter else _("cet envoi")
    values = {"days": cure.days, "since": since, "clause": clause}
    if cure.stops_service:
        sentence = _("Sans paiement %(days)d jours après %(since)s, le service est suspendu (%(clause)s).")
    elif cure.source is not None:
        sentence = _(
            "Sans paiement %(days)d jours après %(since)s, nous n'acceptons plus de commande et pouvons "
            "mettre fin au contrat (%(clause)s)."
        )
    else:
        sentence = _(
            "Sans paiement %(days)d jours après %(since)s, nous n'acceptons plus de commande (%(clause)s)."
        )
    return sentence % values


def suspend(customer: Customer, suspensions: tuple[Suspension, ...], *, by: Actor) -> None:
    """New orders are refused from now on; no data are touched. The service stops only where its contract
    suspends it (:mod:`portal.subscriptions.stopping`).

    Source: 003-15, 003-16, 004-40, 000-54, 001-45.
    """
    for each in suspensions:
        each.subscription.suspend(each.cure.clause, by=by)
    clauses = dict.fromkeys(each.cure.clause for each in suspensions if each.cure.clause)
    record(customer, "late_suspension", by=by, reason=", ".join(clauses))
    _tell(customer, "suspended", [each.subscription for each in suspensions], list(clauses))


def end_contracts(customer: Customer, step: NextStep, *, by: Actor) -> None:
    """The suspension changed nothing: the contracts that the debt is about are ended.

    Source: 000-54, 001-45, 003-17, 004-40, 004-41.
    """
    with force_locale(customer.language):
        numbers = [debt.invoice.number for debt in debts_of(customer) if debt.formal is not None]
        facts = _("Factures impayées : %(numbers)s.", numbers=", ".join(numbers))
    for each in step.endings:
        end_for_debt(each.subscription, facts, noticed_on=each.noticed_on, by=by)
        record(customer, "late_end", by=by, reason=each.clause)


def _tell(customer: Customer, what: str, rows: list[Subscription], clauses: list[str]) -> None:
    """One mail to the signatory; the labels of those whose service stops, or stopped, stand apart."""
    stopped = [row for row in rows if stops_when_unpaid(row)]
    queue_mail(
        customer.contact(ContactRole.SIGNATORY),
        f"dunning/mail_{what}.txt",
        about=customer,
        owner=customer.organisation,
        language=customer.language,
        stopped=[row.label for row in stopped],
        others=[row.label for row in rows if row not in stopped],
        clauses=clauses,
        total=sum(debt.owed_cents for debt in debts_of(customer)),
        entity=_entity_of(customer),
    )


def _entity_of(customer: Customer) -> LegalEntity | None:
    debts = debts_of(customer)
    return debts[0].invoice.legal_entity if debts else None


def reinstate_all(customer: Customer, why: str, *, by: Actor) -> None:
    """Take back every suspension of this customer for what she owes; she is told."""
    suspended = [each for each in suspended_of(customer) if not each.suspended_cause]
    for each in suspended:
        each.reinstate(why, by=by)
    if suspended:
        record(customer, "late_back", by=by, reason=why)
        _tell(customer, "reinstated", suspended, [])


@invoice_paid.connect
def leave_the_ladder(invoice: Invoice, **_more: Any) -> None:
    """A paid invoice leaves the ladder at once; with the last one that was owed, the customer is back.

    Source: 003-15.
    """
    if invoice.id is None or clock.today() <= invoice.due_on:
        return  # most are paid in time: a bank's file pays thousands at once
    for line in db.session.scalars(select(LateLetterLine).where(LateLetterLine.invoice_id == invoice.id)):
        line.is_over = True
    db.session.flush()
    if is_kept(invoice.customer):
        keep_step(invoice.customer)
    if suspended_of(invoice.customer) and not debts_of(invoice.customer):
        reinstate_all(invoice.customer, "", by=SYSTEM)
