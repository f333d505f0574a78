"""Mails about backups: incidents at once, and the report that a customer asked for."""

from typing import Any

from sqlalchemy import select

from portal import clock
from portal.actor import Actor
from portal.backups.models import BackupIncident, BackupRun, Machine, ReportChoice, find_choice, wants_reports
from portal.customers.models import ContactRole, Customer
from portal.db import db
from portal.engine.models import mail_contact
from portal.engine.rules import build_report, incidents_to_mail
from portal.journal import record
from portal.mail import link, queue_mail
from portal.paging import Page, page_of
from portal.terms.values import Value


def send_incidents(run: BackupRun) -> None:
    """Write to the customer about the incidents of a run that she was not told of, each of them once.

    A contract that says no is obeyed; one that is silent is not a reason to keep quiet.

    Source: 000-44.
    """
    machine = run.machine
    rows = {row.uid: row for row in run.incident_rows}
    told = {uid for uid, row in rows.items() if row.mailed_at is not None}
    fresh = [rows[uid] for uid in incidents_to_mail(rows, told)]
    if not fresh or not _may_write(machine):
        return
    for row in fresh:
        row.mailed_at = clock.now()
    untold = run.incidents - len(rows)
    _write(
        machine,
        "mails/backup_incident.txt",
        ContactRole.INCIDENT,
        urgent=True,
        run=run,
        incidents=fresh,
        more=untold,
    )


def _may_write(machine: Machine) -> bool:
    wanted = _term(machine, "backup.incident_mail")
    return wanted is None or bool(wanted.value)


def _term(machine: Machine, key: str) -> Value | None:
    """What the contract of the machine says of a key; None where it is silent, or for no contract."""
    subscription = machine.subscription
    return subscription.present_terms.find(key) if subscription else None


def send_report(run: BackupRun) -> None:
    """The report of a run, for a customer who wants one after each backup.

    The volume is what the vaults of the machine's subscription hold; what the machine read, as long as no
    vault was measured.

    Where the contract advises local copies by another technology, the report repeats it.

    Source: 000-45, 002-07, 004-08.
    """
    machine = run.machine
    measured = [vault.bytes_stored for vault in machine.vaults if vault.bytes_stored is not None]
    report = build_report(
        wanted=wants_reports(machine.customer),
        files=run.files_total,
        stored_bytes=sum(measured) if measured else run.source_bytes,
        incidents=[row.text for row in run.incident_rows],
    )
    if report is not None:
        _write(
            machine,
            "mails/backup_report.txt",
            ContactRole.TECHNICAL,
            run=run,
            report=report,
            is_stored=bool(measured),
            advised=_term(machine, "backup.local_copy_advised"),
        )


def _write(machine: Machine, template: str, role: ContactRole, **context: Any) -> None:
    customer = machine.customer
    queue_mail(
        mail_contact(customer, role),
        template,
        about=machine,
        owner=customer.organisation,
        language=customer.language,
        machine=machine,
        address=link(f"/backups/{machine.uid}"),
        **context,
    )


def choose_reports(customer: Customer, is_wanted: bool, *, by: Actor) -> None:
    """The customer wants a report after each backup, or no longer (000-45)."""
    choice = find_choice(customer)
    if choice is None:
        choice = ReportChoice(organisation=customer.organisation, customer_id=customer.id)
        db.session.add(choice)
    choice.is_wanted = is_wanted
    record(customer, "want_reports" if is_wanted else "refuse_reports", by=by)


def incidents_of(machine: Machine) -> Page[BackupIncident]:
    """The newest first."""
    query = select(BackupIncident).join(BackupRun).where(BackupRun.machine_id == machine.id)
    return page_of(query, BackupIncident.id.desc(), name="incidents")
