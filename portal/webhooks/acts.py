"""Registering an address, finding what is new for it, and calling it."""

import json
import time
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from flask import current_app
from sqlalchemy import Select, bindparam, func, or_, select, update

from portal import clock
from portal.accounts.models import Organisation, User
from portal.actor import Actor
from portal.db import commits, db, new_uid
from portal.errors import Refused
from portal.jobs import insert_all_once
from portal.journal import SYSTEM, JournalEntry, record
from portal.mail import link, queue_mail
from portal.paging import chunk_of
from portal.public_places import Line, checked_address
from portal.webhooks.catalogue import KINDS, TEST
from portal.webhooks.models import W, Webhook, WebhookEvent, host_of, new_key
from portal.wording import N_

SETTLED = timedelta(hours=1)  # a line that was given its number earlier has been committed by now
RETRY, LONGEST = timedelta(minutes=1), timedelta(hours=6)
PATIENCE = timedelta(days=3)  # of silence, before somebody is told and it is left alone
KEPT = timedelta(days=30)  # what was answered
MOST = 10
_AT_ONCE = 500  # lines of the journal that are gathered between two commits
_TOGETHER = 200  # events whose answers are noted together
_NOTED_SECONDS = 1.0  # the latest after which they are
_BUSY = timedelta(minutes=2)  # longer than one call may take


class Waiting(NamedTuple):
    """An event that has its turn."""

    id: int
    uid: str
    body: str


class Heard(NamedTuple):
    """What an event was answered: a status of HTTP or the kind of an error."""

    id: int
    answer: str
    at: datetime  # UTC

    @property
    def is_good(self) -> bool:
        return self.answer.isdigit() and 200 <= int(self.answer) < 300


def register(
    house: Organisation, typed: str, kinds: Collection[str], *, by: Any, made_by: int | None = None
) -> tuple[Webhook, str]:
    """A new address and its key, which is shown this once; it hears what happens from now on.

    Raises Refused for an address that is not of the public internet, without a kind, above ten.
    """
    address = checked_address(typed)
    wanted = [kind for kind in KINDS if kind in kinds]
    if not wanted:
        raise Refused(N_("Choisissez au moins une sorte d'événements."), field="kinds")
    alive = Webhook.organisation_id == house.id, Webhook.state != W.WITHDRAWN
    if (db.session.scalar(select(func.count(Webhook.id)).where(*alive)) or 0) >= MOST:
        raise Refused(N_("Dix adresses au plus : retirez-en une d'abord."), field="address")
    row = Webhook(
        organisation=house,
        made_by_id=made_by,
        host=host_of(address),
        kinds=wanted,
        state=W.OPEN,
        seen_id=db.session.scalar(select(func.max(JournalEntry.id))) or 0,
        failures=0,
    )
    row.address, row.key = address, new_key()
    db.session.add(row)
    db.session.flush()
    record(row, "register", by=by, host=row.host, kinds=wanted)
    return row, str(row.key)


def resume(row: Webhook, *, by: Actor) -> None:
    """What waited leaves in its order."""
    row._take("resume", by=by)
    row.failures, row.failing_since, row.next_at = 0, None, None


def withdraw(row: Webhook, *, by: Actor) -> None:
    """It is called no more, and neither its address nor its keys are kept."""
    row._take("withdraw", by=by)
    row.address = row.key = row.old_key = None


def try_it(row: Webhook) -> WebhookEvent:
    """An event of its own that says nothing else than that the way is open."""
    event = WebhookEvent(
        organisation=db.session.get_one(Organisation, row.organisation_id),
        webhook_id=row.id,
        entry_uid=new_uid(),
        kind=TEST,
        body=_body(TEST, clock.now(), {}),
        tries=0,
        answer="",
    )
    db.session.add(event)
    row.next_at = None
    return event


def send_again(event: WebhookEvent) -> None:
    """It takes its turn once more, with the same number: a receiver that has it may leave it."""
    event.sent_at, event.answer = None, ""
    event.webhook.next_at = None


def due() -> Select[Any]:
    """Those that may be called now."""
    now = clock.now()
    return select(Webhook).where(
        Webhook.state == W.OPEN,
        or_(Webhook.next_at.is_(None), Webhook.next_at <= now),
        or_(Webhook.busy_until.is_(None), Webhook.busy_until <= now),
    )


def _new(row: Webhook) -> Select[tuple[JournalEntry]]:
    """Lines for it that it has not been given. A line may be committed behind a later one: until it has
    settled, each is asked for by its own number.
    """
    have = select(WebhookEvent.entry_uid).where(WebhookEvent.webhook_id == row.id)
    return select(JournalEntry).where(
        JournalEntry.org_path.startswith(row.org_path),
        JournalEntry.id > row.seen_id,
        JournalEntry.subject_kind.in_(row.kinds),
        JournalEntry.uid.not_in(have),
    )


def has_work(row: Webhook) -> bool:
    waiting = select(WebhookEvent.id).where(WebhookEvent.webhook_id == row.id, WebhookEvent.sent_at.is_(None))
    return bool(chunk_of(waiting, 1) or chunk_of(_new(row).with_only_columns(JournalEntry.id), 1))


def gather(row: Webhook) -> int:
    """Give it some of what is new, in the order of the journal; how many."""
    found: list[JournalEntry] = chunk_of(_new(row).order_by(JournalEntry.id), _AT_ONCE)
    rows = [
        {
            "uid": new_uid(),
            "created_at": clock.now(),
            "organisation_id": row.organisation_id,
            "org_path": row.org_path,
            "webhook_id": row.id,
            "entry_uid": entry.uid,
            "kind": f"{entry.subject_kind}.{entry.what}",
            "body": _body(f"{entry.subject_kind}.{entry.what}", entry.created_at, _told(entry)),
            "tries": 0,
            "answer": "",
        }
        for entry in found
    ]
    if rows:
        insert_all_once(WebhookEvent, rows, ["webhook_id", "entry_uid"])
    settle(row)
    return len(found)


def settle(row: Webhook) -> None:
    """Move its mark behind the lines that have settled, up to the first one that it has not been given."""
    settled = select(func.max(JournalEntry.id)).where(JournalEntry.created_at < clock.now() - SETTLED)
    last = db.session.scalar(settled) or 0
    first_new = db.session.scalar(_new(row).with_only_columns(func.min(JournalEntry.id)))
    row.seen_id = max(row.seen_id, last if first_new is None else min(last, first_new - 1))


def _told(entry: JournalEntry) -> dict[str, Any]:
    """A record by its number, and what happened to it; what it says is read through the interface."""
    return {"record": entry.subject_uid} | {
        name: getattr(entry, name) for name in ("what", "before", "after")
    }


def _body(kind: str, at: Any, data: dict[str, Any]) -> str:
    said = {"type": kind, "timestamp": at.isoformat().replace("+00:00", "Z"), "data": data}
    return json.dumps(said, ensure_ascii=False, separators=(",", ":"))


@commits
def take(row: Webhook) -> bool:
    """Nobody else calls it until :func:`release`, or for two minutes. Said of a killed worker too."""
    now = clock.now()
    free = or_(Webhook.busy_until.is_(None), Webhook.busy_until <= now)
    statement = update(Webhook).where(Webhook.id == row.id, free).values(busy_until=now + _BUSY)
    taken: Any = db.session.execute(statement.execution_options(synchronize_session=False))
    db.session.commit()
    return bool(taken.rowcount)


def waiting(row: Webhook) -> list[Waiting]:
    """The next ones of what waits for its turn."""
    columns = (WebhookEvent.id, WebhookEvent.uid, WebhookEvent.body)
    query: Any = select(*columns).where(WebhookEvent.webhook_id == row.id, WebhookEvent.sent_at.is_(None))
    return [Waiting(*found) for found in chunk_of(query.order_by(WebhookEvent.id), _TOGETHER)]


@commits
def call(row: Webhook, events: Sequence[Waiting], line: Line) -> int:
    """Tell it some events, one after the other, for a second at most, until one is not answered with a status
    of 200 to 299; how many were. No transaction is held meanwhile: killed, these are told again with the
    same numbers.
    """
    sign = row.signer()
    db.session.rollback()
    heard: list[Heard] = []
    until = time.monotonic() + _NOTED_SECONDS
    for event in events:
        body, now = event.body.encode(), clock.now()
        at = int(now.timestamp())
        headers = {
            "Content-Type": "application/json",
            "User-Agent": f"{current_app.import_name}-webhooks",
            "Webhook-Id": event.uid,
            "Webhook-Timestamp": str(at),
            "Webhook-Signature": sign(event.uid, at, body),
        }
        answer, _text = line.ask_for("POST", body=body, headers=headers)
        heard.append(Heard(event.id, answer[:80], clock.now()))
        if not heard[-1].is_good or time.monotonic() > until:
            break
    note(row, heard)
    db.session.commit()
    return sum(each.is_good for each in heard)


def note(row: Webhook, heard: Sequence[Heard]) -> None:
    """What calls became, and when the next one may be tried."""
    db.session.refresh(row)
    tried = update(WebhookEvent).where(WebhookEvent.id == bindparam("event"))
    tried = tried.values(tries=WebhookEvent.tries + 1, answer=bindparam("told"), tried_at=bindparam("at"))
    values = [{"event": each.id, "told": each.answer, "at": each.at} for each in heard]
    good = [{"event": each.id, "at": each.at} for each in heard if each.is_good]
    connection = db.session.connection()
    connection.execute(tried, values)
    if good:
        sent = update(WebhookEvent).where(WebhookEvent.id == bindparam("event"))
        connection.execute(sent.values(sent_at=bindparam("at")), good)
    db.session.expire_all()
    last, now = heard[-1], clock.now()
    row.busy_until = now + _BUSY
    if good:
        row.failures, row.failing_since, row.next_at = 0, None, None
    if not last.is_good:
        _put_off(row, last.answer, now)


def _put_off(row: Webhook, answer: str, now: datetime) -> None:
    row.failing_since = row.failing_since or now
    row.next_at = now + min(RETRY * 2**row.failures, LONGEST)
    row.failures = min(row.failures + 1, 30)
    if row.state == W.OPEN and now - row.failing_since >= PATIENCE:
        row._take("stop", by=SYSTEM, reason=answer)
        _tell_stopped(row, answer)


def _tell_stopped(row: Webhook, answer: str) -> None:
    person = db.session.get(User, row.made_by_id) if row.made_by_id else None
    if person is None or not person.is_enabled:
        return
    queue_mail(
        person,
        "webhooks/mail_stopped.txt",
        about=row,
        owner=person.organisation,
        language=person.language or "fr",
        row=row,
        answer=answer,
        url=link(f"/webhooks/{row.uid}"),
    )


def forget_old() -> None:
    """What was answered long ago; every mark is moved first, so that nothing of it is new once more."""
    for row in db.session.scalars(select(Webhook).where(Webhook.state != W.WITHDRAWN)):
        settle(row)
    db.session.flush()
    old = WebhookEvent.sent_at < clock.now() - KEPT
    while found := chunk_of(select(WebhookEvent.id).where(old), 1000):
        db.session.execute(WebhookEvent.__table__.delete().where(WebhookEvent.id.in_(found)))
