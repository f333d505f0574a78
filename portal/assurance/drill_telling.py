"""Who is told how a drill went: the customer's technician always, everybody who must act where it failed."""

from typing import Any

from flask_babel import force_locale

from portal.assurance.drill_papers import exit_words
from portal.assurance.drills import DrillKind, DrillState, VaultDrill
from portal.backups.anomalies import staff_of
from portal.customers.models import ContactRole
from portal.db import EVERYTHING, db, scope
from portal.engine.models import mail_contact
from portal.mail import link, queue_mail


def tell_drill(drill: VaultDrill) -> None:
    """One that failed goes to the technical and the incident contact, and to her reseller's people."""
    customer = drill.vault.customer
    page = link(f"/vaults/{drill.vault.uid}")
    told: dict[str, Any] = {"about": drill.vault, "drill": drill, "page": page, "customer": customer}
    owner, language = customer.organisation, customer.language
    technician = mail_contact(customer, ContactRole.TECHNICAL)
    if drill.state == DrillState.GOOD:
        with force_locale(language):
            words = exit_words(drill) if drill.kind == DrillKind.EXIT else ""
        template = "assurance/mail_drill.txt"
        queue_mail(technician, template, owner=owner, language=language, words=words, **told)
        return
    incident = mail_contact(customer, ContactRole.INCIDENT)
    people = {one.email: one for one in (technician, incident)}
    for person in people.values():
        template = "assurance/mail_drill_failed.txt"
        queue_mail(person, template, owner=owner, language=language, urgent=True, **told)
    with scope(EVERYTHING):
        for user in staff_of(customer):
            own = user.language or "fr"
            queue_mail(
                user, "assurance/mail_drill_failed_staff.txt", owner=user.organisation, language=own, **told
            )
        db.session.flush()
