"""The month worked out as the run would, customer by customer, and undone before anything is kept of it."""

from collections import Counter

from flask_babel import force_locale
from flask_babel import gettext as _
from sqlalchemy import delete, select

from portal import jobs
from portal.billing.preview import preview_bills
from portal.billing.run import last_day
from portal.blobs import content_of
from portal.customers.models import Customer
from portal.db import db
from portal.errors import Refused
from portal.i18n import said
from portal.journal import JournalEntry
from portal.moving.comparing import MonthLine, compare
from portal.moving.models import Moving, MovingRow
from portal.moving.month_models import MonthState, ParallelLine, ParallelMonth, line_of
from portal.moving.reading import Row, cents_of, read_table
from portal.moving.sheets import OLD

_TOGETHER = 20


@jobs.job("moving.month")
def compare_month(claim: jobs.Claim) -> None:
    month = db.session.scalars(select(ParallelMonth).where(ParallelMonth.uid == claim.ref)).one()
    with force_locale(month.moving.by_user.language or "fr"):
        try:
            theirs = _theirs(read_table(content_of(month.document), OLD))
        except Refused as refusal:
            month.state, month.problem = MonthState.REFUSED, said(refusal)[:300]
            return
        db.session.execute(delete(ParallelLine).where(ParallelLine.month_id == month.id))
        _compare(month, theirs, claim)
    month.state = MonthState.DONE


def _theirs(rows: list[Row]) -> dict[str, list[MonthLine]]:
    """The former system's lines by folded reference. Raises Refused for the first one that is none."""
    found: dict[str, list[MonthLine]] = {}
    for row in rows:
        net, vat, gross = (cents_of(row[key]) for key in ("net", "vat", "gross"))
        if net is None or gross is None or not row["reference"] or (row["vat"] and vat is None):
            raise Refused(
                _(
                    "Ligne %(n)d : référence, HT et TTC sont nécessaires, et la TVA est un montant ou rien.",
                    n=row.number,
                )
            )
        found.setdefault(row["reference"].casefold(), []).append(MonthLine(row["label"], net, vat, gross))
    return found


def _references(moving: Moving) -> dict[str, str]:
    """The reference in the workbook of each customer of the import, by her uid."""
    made = select(MovingRow.subject_uid).where(
        MovingRow.moving_id == moving.id, MovingRow.sheet == "customers"
    )
    query = select(JournalEntry.subject_uid, JournalEntry.details).where(
        JournalEntry.subject_uid.in_(made), JournalEntry.what == "move_in"
    )
    return {uid: str(details["reference"]) for uid, details in db.session.execute(query)}


def _compare(month: ParallelMonth, theirs: dict[str, list[MonthLine]], claim: jobs.Claim) -> None:
    references = _references(month.moving)
    uids, counts = sorted(references), Counter[str]()
    for start in range(0, len(uids), _TOGETHER):
        some = uids[start : start + _TOGETHER]
        query = select(Customer).where(Customer.uid.in_(some)).order_by(Customer.id)
        ours = preview_bills(list(db.session.scalars(query)), last_day(month.month))
        for uid in some:
            reference = references[uid]
            here = [MonthLine(*line) for line in ours.get(uid, [])]
            _keep(month, reference, uid, here, theirs.pop(reference.casefold(), []), counts)
        claim.progress(min(start + _TOGETHER, len(uids)), len(uids))
    for reference, lines in theirs.items():
        _keep(month, reference, "", [], lines, counts)
    month.counts = dict(counts)


def _keep(
    month: ParallelMonth,
    reference: str,
    uid: str,
    here: list[MonthLine],
    there: list[MonthLine],
    counts: Counter[str],
) -> None:
    for pair in compare(here, there):
        db.session.add(line_of(month, reference, uid, pair))
        counts[pair.verdict] += 1
        counts["here"] += pair.here.gross_cents if pair.here else 0
        counts["there"] += pair.there.gross_cents if pair.there else 0
