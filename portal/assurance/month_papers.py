"""The papers of a month that is over, printed and mailed once to each reader, in her language and brand."""

from datetime import date
from typing import Any

from babel.dates import format_date
from flask_babel import force_locale
from flask_babel import gettext as _
from sqlalchemy import select

from portal import clock
from portal.accounts.models import Organisation
from portal.assurance.months import (
    BackupMonth,
    Counted,
    counted,
    month_of,
    sums,
    wants_months,
    watched_machines,
)
from portal.assurance.packs import facts_of, instant_words
from portal.backups.anomalies import staff_of
from portal.billing.documents import mentions, party
from portal.billing.issue import parties_of
from portal.customers.models import ContactRole, Customer
from portal.db import EVERYTHING, db, scope
from portal.engine.models import VaultState, mail_contact, vaults_of
from portal.mail import link, queue_mail
from portal.papers import promise
from portal.pdf.document import Column, Party
from portal.pdf.draft import Draft
from portal.resellers.brand_paper import mark_for
from portal.resellers.models import issuer_for

_HEADS = {"fr": "fr-FR", "en": "en-GB"}


def report_to_customer(customer: Customer, month: date) -> BackupMonth:
    """Frozen once; the mail leaves with it unless she said no."""
    found = month_of(customer, month)
    if found is not None:
        return found
    rows = [(machine.name, counted(machine, month)) for machine in watched_machines(customer, month)]
    language = customer.language
    with force_locale(language):
        draft = _draft(customer, month, party(parties_of(customer, issuer_for(customer))["buyer"]), language)
        _table(draft, _("Machine"), rows, language)
        for vault in vaults_of(customer):
            if vault.state == VaultState.ACTIVE:
                draft.heading(_("Coffre « %(name)s »", name=vault.name))
                draft.fields(facts_of(vault, month, language), label_mm=58)
        report = _kept(draft, customer, customer.organisation, customer.name, month)
    if wants_months(customer):
        contact = mail_contact(customer, ContactRole.TECHNICAL)
        _write(contact, "assurance/mail_month.txt", report, customer.organisation, language, rows)
    return report


def report_to_house(house: Organisation, month: date) -> BackupMonth | None:
    """All the customers of a reseller in one paper, to each who looks after them; None without machines."""
    found = month_of(house, month)
    if found is not None:
        return found
    query = select(Customer).where(Customer.reseller_id == house.id).order_by(Customer.name_folded)
    customers = list(db.session.scalars(query))
    rows = []
    for customer in customers:
        if machines := watched_machines(customer, month):
            rows.append((customer.name, sums([counted(machine, month) for machine in machines])))
    if not rows:
        return None
    people = staff_of(customers[0])
    language = next((user.language for user in people if user.language), "fr")
    with force_locale(language):
        draft = _draft(customers[0], month, Party(house.name, ()), language)
        _table(draft, _("Client"), rows, language)
        report = _kept(draft, house, house, house.name, month)
    with scope(EVERYTHING):
        for user in people:
            own = user.language or "fr"
            _write(user, "assurance/mail_month_staff.txt", report, house, own, rows)
        db.session.flush()
    return report


def _draft(customer: Customer, month: date, recipient: Party, language: str) -> Draft:
    issuer = parties_of(customer, issuer_for(customer))["issuer"]
    name = format_date(month, "LLLL y", language)
    return Draft(
        _("Sauvegardes de %(month)s", month=name),
        issuer=party(issuer),
        recipient=recipient,
        meta=[(_("Mois"), name), (_("Établi le"), format_date(clock.today(), "d MMMM y", language))],
        legal=mentions(issuer),
        language=_HEADS[language],
        page_label=_("Page {page} sur {pages}"),
        mark=mark_for(customer.org_path, language),
    )


def _table(draft: Draft, head: str, rows: list[tuple[str, Counted]], language: str) -> None:
    if not rows:
        draft.text(_("Aucune machine n'est surveillée."))
        return
    columns = [
        Column(head, 50),
        Column(_("Dernière bonne sauvegarde"), 52),
        Column(_("Bonnes"), 22),
        Column(_("Échouées"), 22),
        Column(_("Manquantes"), 26),
    ]
    draft.line_table(columns, [_cells(name, row, language) for name, row in rows])


def _cells(name: str, row: Counted, language: str) -> list[str]:
    last = instant_words(row.last, language) if row.last else _("aucune")
    return [name, last, str(row.good), str(row.bad), str(row.missing)]


def _kept(draft: Draft, subject: Any, owner: Organisation, name: str, month: date) -> BackupMonth:
    report = BackupMonth(organisation=owner, subject_uid=subject.uid, name=name[:140], month=month)
    filename = f"sauvegardes-{month:%Y-%m}.pdf"
    report.document = promise(draft, owner=owner, subject=subject, kind="backup_month", filename=filename)
    db.session.add(report)
    db.session.flush()
    return report


def _write(
    person: Any,
    template: str,
    report: BackupMonth,
    owner: Organisation,
    language: str,
    rows: list[tuple[str, Counted]],
) -> None:
    queue_mail(
        person,
        template,
        about=report,
        owner=owner,
        language=language,
        attach=[report.document],
        month=format_date(report.month, "LLLL y", language),
        rows=rows,
        whole=sums([row for _name, row in rows]),
        page=link("/backup-reports"),
    )
