"""Each hour the reports of the periods that have ended are asked for; each is frozen once."""

from datetime import date

from sqlalchemy import select

from portal import jobs
from portal.accounts.models import Organisation
from portal.db import db
from portal.ereporting.making import freeze_report, to_freeze
from portal.ereporting.models import EReportRegime
from portal.ereporting.rules import ReportKind
from portal.resellers.models import LegalEntity

FREEZE = "ereporting.freeze"


@jobs.periodic("ereporting.day", jobs.hourly)
def look() -> None:
    entities = select(LegalEntity).where(LegalEntity.id.in_(select(EReportRegime.legal_entity_id)))
    for entity in db.session.scalars(entities.order_by(LegalEntity.id)):
        owner = db.session.get_one(Organisation, entity.organisation_id)
        for kind in ReportKind:
            for period in to_freeze(entity, kind):
                jobs.enqueue(FREEZE, f"{entity.uid}:{kind}:{period.first}", owner)


@jobs.job(FREEZE)
def freeze(claim: jobs.Claim) -> None:
    """One transaction: killed anywhere, there is the whole report or none."""
    uid, kind, first = claim.ref.split(":")
    entity = db.session.scalars(select(LegalEntity).where(LegalEntity.uid == uid)).one()
    for period in to_freeze(entity, ReportKind(kind)):
        if period.first == date.fromisoformat(first):
            freeze_report(entity, ReportKind(kind), period)
