"""What the bank said and nobody has matched yet."""

from flask import g, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import Select

from portal.access import Permission
from portal.resellers.issuing import run_by
from portal.sepa.models.bank import BankRecord
from portal.sepa.returns.lists import WAITING, WAITS
from portal.today import Cost, Kind, Todo, waits


def _unclear() -> Select[tuple[BankRecord]]:
    return run_by(BankRecord, g.actor).where(BankRecord.state.in_(WAITS))


waits(
    Kind(
        name="return.review",
        label=_l("Retours de la banque à traiter"),
        cost=Cost.MONEY,
        permission=Permission.BATCH_WRITE,
        rows=_unclear,
        order=(BankRecord.id,),
        tell=lambda row: Todo(
            what=_("Retour de la banque à rapprocher"),
            who=row.reference or row.end_to_end_id or row.rum,
            url=url_for("returns.show_record", uid=row.uid),
            button=_("Traiter"),
            cents=row.amount_cents,
        ),
        everything=lambda: url_for("returns.list_records", state=WAITING),
        entry="sepa.cockpit",
    )
)
