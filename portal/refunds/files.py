"""Files of transfers to customers (pain.001), made by one person and released by another one."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from flask_babel import gettext as _
from lxml import etree
from sepaxml import SepaTransfer
from sqlalchemy import func, or_, select

from portal import clock
from portal.accounts.models import is_same_person
from portal.actor import Actor
from portal.billing.balance import settle_up
from portal.billing.credit_models import Refund, RefundFile, RefundFileState, RefundState
from portal.blobs import keep
from portal.db import db, new_uid
from portal.deadlines import PARIS, next_target_day
from portal.errors import Refused
from portal.journal import SYSTEM, record
from portal.refunds.accounts import account_for
from portal.resellers.models import LegalEntity
from portal.sepa.formats.latin import to_latin
from portal.sepa.models.batch import leaves_too

SCHEMA = "pain.001.001.09"
_NAMESPACE = f"{{urn:iso:std:iso:20022:tech:xsd:{SCHEMA}}}"
MOST = 1_000  # the library holds the whole file in memory


def ready_of(entity: LegalEntity, *, lock: bool = False) -> list[Refund]:
    """What may leave now: owed, above zero, to an account that has been the customer's for a week."""
    query = select(Refund).where(Refund.legal_entity_id == entity.id, Refund.state == RefundState.OWED)
    query = query.order_by(Refund.due_by, Refund.id)
    owed = db.session.scalars(query.with_for_update() if lock else query)
    ready = (each for each in owed if (account := account_for(each)) and account.is_usable)
    return [refund for refund, _n in zip(ready, range(MOST), strict=False)]


def make_file(entity: LegalEntity, *, by: Actor) -> RefundFile:
    """Put all that may leave into one file, which waits for a second person.

    Raises Refused when there is nothing, or when nobody answers for it.

    Source: 000-37; L1 (C. conso L221-24); EPC132-08.
    """
    if by.id is None:
        raise Refused(_("Un fichier de remboursements est préparé par une personne."))
    refunds = ready_of(entity, lock=True)
    if not refunds:
        raise Refused(_("Aucun remboursement n'est prêt à partir."))
    uid = new_uid()
    file = RefundFile(
        uid=uid,
        organisation=entity.organisation,
        legal_entity_id=entity.id,
        legal_entity=entity,
        msg_id=f"RMB-{uid.upper()}",
        state=RefundFileState.MADE,
        made_by_id=by.id,
        made_by=by.label,
        execute_on=next_target_day(clock.today()),
        count=len(refunds),
        total_cents=sum(each.cents for each in refunds),
        version=1,
    )
    db.session.add(file)
    db.session.flush()
    for refund in refunds:
        refund.order(file.id, by=by)
    file.document = keep(
        _written(file, refunds, clock.now()),
        owner=entity.organisation,
        subject=file,
        kind="refund_file",
        filename=f"{file.msg_id}.xml",
        media_type="application/xml",
    )
    record(file, "make", by=by, count=file.count, total_cents=file.total_cents)
    return file


def _written(file: RefundFile, refunds: Sequence[Refund], at: datetime) -> bytes:
    entity = file.legal_entity
    config = {"name": to_latin(entity.name), "IBAN": entity.iban, "batch": True, "currency": "EUR"}
    library = SepaTransfer(config, schema=SCHEMA, clean=False)
    for refund in refunds:
        library.add_payment(_payment(refund, file))
    root = etree.fromstring(library.export(validate=True))
    created = at.astimezone(PARIS).strftime("%Y-%m-%dT%H:%M:%S")
    for name, text in (("MsgId", file.msg_id), ("CreDtTm", created), ("PmtInfId", f"{file.msg_id}-1")):
        for element in root.iter(f"{_NAMESPACE}{name}"):
            element.text = text
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8"))


def end_to_end_of(refund: Refund, file: RefundFile) -> str:
    """The bank says it again: the refund, and its file, for it may leave once more in another one."""
    return f"RMB-{refund.uid.upper()}-{file.uid[:8].upper()}"


def _payment(refund: Refund, file: RefundFile) -> dict[str, Any]:
    account = account_for(refund)
    assert account is not None, "only what has an account is ready"
    return {
        "name": to_latin(account.holder)[:70],
        "IBAN": account.iban,
        "amount": refund.cents,
        "execution_date": file.execute_on,
        "description": _words(refund)[:140],
        "endtoend_id": end_to_end_of(refund, file),
    }


def _words(refund: Refund) -> str:
    return f"{'Remboursement' if refund.invoice else 'Commission'} {refund.reference}"


def release_file(file: RefundFile, *, by: Actor) -> None:
    """Agree, as the second person, that the file leaves. Raises Refused for whoever made it."""
    if by.id is None or is_same_person(by, file.made_by_id):
        raise Refused(_("Vous avez préparé ce fichier : une deuxième personne doit le libérer."))
    file.release(by=by)


def send_file(file: RefundFile, on: date, *, by: Actor) -> None:
    """Note the day on which the bank got it: its refunds are made. Raises Refused for a day to come."""
    if on > clock.today():
        raise Refused(_("Cette date est dans le futur."), field="on")
    file.send(on, by=by)
    for refund in file.refunds:
        refund.confirm(on, by=by)


def cancel_file(file: RefundFile, *, by: Actor) -> None:
    """It does not leave: its refunds are owed as before."""
    file.cancel(by=by)
    for refund in list(file.refunds):
        refund.free(by=by)


def take_back(refund: Refund, note: str, *, by: Actor) -> None:
    """The bank could not pay it, as a person says: owed again, to an account that is to be entered."""
    if not note.strip():
        raise Refused(_("Dites ce que la banque a répondu."), field="note")
    refund.come_back(note.strip()[:200], by=by)
    _settle(refund, by=by)


def owe_again(refund: Refund, note: str, *, refused_on: date | None) -> None:
    """The bank did not pay it, or it came back, as its file says.

    refused_on: Paris day of an answer that the account takes nothing; None for another reason.
    """
    leave = refund.refuse if refund.state == RefundState.IN_FILE else refund.come_back
    leave(note[:200], by=SYSTEM)
    refund.account_refused_on = refused_on or refund.account_refused_on
    _settle(refund, by=SYSTEM)


def _settle(refund: Refund, *, by: Actor) -> None:
    """Its invoice follows; a commission has none."""
    if refund.invoice is not None:
        settle_up(refund.invoice, on=clock.today(), by=by)


@leaves_too
def refunds_leaving(entity: LegalEntity) -> int:
    """Files of refunds that were let go, or handed in today, in cents: they count for the day's limit."""
    gone = or_(RefundFile.state == RefundFileState.RELEASED, RefundFile.sent_on == clock.today())
    query = select(func.coalesce(func.sum(RefundFile.total_cents), 0)).where(gone)
    return int(db.session.scalar(query.where(RefundFile.legal_entity_id == entity.id)) or 0)
