"""Does what follows from each matched record of a bank file: one record, one commit."""

from flask_babel import force_locale
from flask_babel import gettext as _
from sqlalchemy import select

from portal import clock, jobs
from portal.actor import Actor
from portal.customers.models import ContactRole
from portal.db import db
from portal.errors import IllegalStep, Refused
from portal.i18n import said
from portal.jobs import Claim
from portal.journal import SYSTEM
from portal.mail import queue_mail
from portal.sepa.models import Collection, CollectionState, plan_collection
from portal.sepa.models.bank import BankFile, BankRecord, RecordState, own_reactions
from portal.sepa.models.collection import still_owed
from portal.sepa.reactions import Reaction, reaction_for, retry_on
from portal.sepa.returns.book import REACT
from portal.sepa.returns.finding import OPEN
from portal.words.reasons import reason_words

PLANNED = (CollectionState.ANNOUNCED, CollectionState.HELD)
AT_BANK = (*OPEN, CollectionState.FROZEN, CollectionState.SETTLED)


@jobs.job(REACT)
def react_to_file(claim: Claim) -> None:
    """Every matched record of a file, in its order; killed anywhere, it goes on with the next one."""
    query = select(BankFile).where(BankFile.uid == claim.ref)
    file = db.session.scalars(query).one()
    own, done = own_reactions(file.legal_entity), 0
    while (row := _next(file)) is not None:
        react(row, own)
        done += 1
        claim.step(done=done)


def react_now(file: BankFile) -> None:
    """The same without a worker, inside the present transaction: for the command line."""
    own = own_reactions(file.legal_entity)
    while (row := _next(file)) is not None:
        react(row, own)
        db.session.flush()


def _next(file: BankFile) -> BankRecord | None:
    query = select(BankRecord).where(
        BankRecord.bank_file_id == file.id, BankRecord.state == RecordState.MATCHED
    )
    return db.session.scalars(query.order_by(BankRecord.id).limit(1)).first()


def react(row: BankRecord, own: dict[str, Reaction]) -> None:
    """Move the debit, its mandate and its debtor as the record asks; doubts go to people."""
    collection = row.collection
    assert collection is not None, "a matched record has its debit"
    try:
        if row.outcome == "returned":
            come_back(row, collection, reaction_for(row.reason, own))
        elif row.outcome == "settled":
            _credit(row, collection)
        elif collection.state == CollectionState.EXPORTED:
            collection.accept(by=SYSTEM)
    except (IllegalStep, Refused) as refusal:
        row.why = said(refusal)[:200]
    row.state = RecordState.TO_REVIEW if row.why else RecordState.DONE
    row.done_at = clock.now()


def _credit(row: BankRecord, collection: Collection) -> None:
    """A credit pays an open debit. On any other, the customer may pay twice: whatever is planned waits."""
    if collection.state in OPEN:
        collection.settle(row.booked_on, by=SYSTEM)
    elif collection.state == CollectionState.RETURNED:
        stopped = stop_following(collection, by=SYSTEM)
        row.why = _("Crédité alors que ce prélèvement était revenu.")
        if stopped:
            row.why += " " + _("La nouvelle présentation est annulée.")
        elif following(collection, *AT_BANK):
            row.why += " " + _("Sa nouvelle présentation est déjà dans une remise : arrêtez-la à la banque.")
    elif collection.state != CollectionState.SETTLED:
        row.why = _("Crédité, alors que ce prélèvement n'est dans aucune remise.")
        if collection.can("hold"):
            collection.hold(row.why, by=SYSTEM)


def following(collection: Collection, *states: CollectionState) -> list[Collection]:
    """Later presentations of the same debt that are in one of these states."""
    query = select(Collection).where(
        Collection.mandate_id == collection.mandate_id,
        Collection.source_uid.startswith(f"{collection.source_uid.partition('#')[0]}#", autoescape=True),
        Collection.attempt > collection.attempt,
        Collection.state.in_(states),
    )
    return list(db.session.scalars(query.order_by(Collection.id)))


def stop_following(collection: Collection, *, by: Actor) -> int:
    """Cancel the new presentations that no batch holds yet; returns how many."""
    rows = following(collection, *PLANNED)
    for each in rows:
        each.cancel(by=by)
    return len(rows)


def come_back(row: BankRecord, collection: Collection, reaction: Reaction) -> None:
    if collection.state == CollectionState.RETURNED:
        row.why = _("Ce prélèvement était déjà revenu.")
        return
    collection.come_back(row.booked_on, row.reason, by=SYSTEM)
    _mandate(collection, row.reason, reaction)
    retried = retry(row, collection, reaction, collection.next_source_uid)
    if reaction.debtor != "nothing":
        _tell(row, collection, reaction, retried)
    if (reaction.people or reaction.stops) and not row.why:
        row.why = _("Motif %(code)s : à regarder par une personne.", code=row.reason or "?")


def _mandate(collection: Collection, code: str, reaction: Reaction) -> None:
    mandate = collection.mandate
    if reaction.mandate == "stop" and mandate.can("stop"):
        mandate.stop(code, by=SYSTEM)
    elif reaction.mandate in ("hold", "suspend") and mandate.can("suspend"):
        mandate.suspend(code, by=SYSTEM)


def retry(row: BankRecord, collection: Collection, reaction: Reaction, source_uid: str) -> Collection | None:
    """Present the debt again, announced anew under an EndToEndId of its own; None when it is not."""
    not_before = retry_on(reaction, max(row.booked_on, clock.today()), collection.attempt)
    if not_before is None:
        if reaction.retries and not row.why:
            row.why = _("Plus de nouvelle présentation : à relancer autrement.")
        return None
    answers = [cents for _who, cents in still_owed.send(None, collection=collection) if cents is not None]
    amount = min([collection.amount_cents, *answers])
    if amount <= 0:
        return None  # paid or credited meanwhile
    with force_locale(collection.mandate.customer.language):
        return plan_collection(
            collection.mandate,
            amount_cents=amount,
            reference=collection.reference,
            source_uid=source_uid,
            remittance=collection.remittance,
            notice_days=collection.notice_days,
            by=SYSTEM,
            not_before=not_before,
            attempt=collection.attempt + 1,
        )


def _tell(row: BankRecord, collection: Collection, reaction: Reaction, retried: Collection | None) -> None:
    """Write to the debtor, never to a colleague."""
    customer = collection.mandate.customer
    with force_locale(customer.language):
        reason = str(reason_words(row.reason))
    queue_mail(
        customer.contact(ContactRole.BILLING),
        "sepa/mail_returned.txt",
        about=collection,
        owner=customer.organisation,
        language=customer.language,
        collection=collection,
        reason=reason,
        debtor=reaction.debtor,
        retried=retried,
        entity=collection.legal_entity,
    )
