"""The letter of a contract that answers otherwise from a day on: drafted for a reader, written once."""

from typing import Any

from sqlalchemy import select

from portal import clock
from portal.customers.models import ContactRole
from portal.db import db
from portal.engine.models import mail_contact
from portal.law_days.finding import differing
from portal.law_days.models import LawDay, LawDayContract, LawDayState
from portal.mail import link, queue_mail
from portal.mail.voice import voice_for
from portal.mail.writing import Written, written
from portal.paging import chunk_of

_TEMPLATE = "law_days/mail_change.txt"


def draft_of(row: LawDayContract) -> Written:
    """The letter as it would leave now, in her language and under the brand that she knows."""
    customer = row.subscription.customer
    person = mail_contact(customer, ContactRole.SIGNATORY)
    owner = customer.organisation
    return written(
        _TEMPLATE, customer.language, owner=owner, person=person, voice=voice_for(owner), **_context(row)
    )


def _context(row: LawDayContract) -> dict[str, Any]:
    page = link(f"/contracts/{row.subscription.uid}")
    rows = differing(row.law_day, row.subscription)
    return {"day": row.law_day.day, "subscription": row.subscription, "rows": rows, "page": page}


def letters_of(day: LawDay, after: int) -> list[LawDayContract]:
    """Some contracts behind an id whose letter is not written yet."""
    query = select(LawDayContract).where(
        LawDayContract.law_day_id == day.id, LawDayContract.mail_uid == "", LawDayContract.id > after
    )
    return list(chunk_of(query.order_by(LawDayContract.id), 20))


def write_to(row: LawDayContract) -> bool:
    """Once a contract, while the day is to come and its answers still differ; was it written?

    Source: regulation (EU) 2023/2854, art. 29; 003-08.
    """
    day, customer = row.law_day, row.subscription.customer
    is_over = day.state != LawDayState.COMING or day.day <= clock.today()
    if row.mail_uid or is_over or not differing(day, row.subscription):
        return False
    mail = queue_mail(
        mail_contact(customer, ContactRole.SIGNATORY),
        _TEMPLATE,
        about=row.subscription,
        owner=customer.organisation,
        language=customer.language,
        **_context(row),
    )
    row.mail_uid = mail.uid
    db.session.flush()
    return True
