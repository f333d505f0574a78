"""Refunds on the page of the bank file that speaks of them."""

from collections.abc import Iterable

from flask import url_for
from flask_babel import gettext as _
from sqlalchemy import select

from portal.access import Permission
from portal.billing.credit_models import RefundFile
from portal.db import db
from portal.panels import Related, relates
from portal.refunds.answers import RefundAnswer
from portal.sepa.models.bank import BankFile


@relates(BankFile, Permission.REFUND_FILE_READ)
def refund_files_in(file: BankFile) -> Iterable[Related]:
    said = select(RefundAnswer.refund_file_id).where(RefundAnswer.bank_file_id == file.id)
    for row in db.session.scalars(select(RefundFile).where(RefundFile.id.in_(said)).order_by(RefundFile.id)):
        yield Related(_("Fichier de remboursements"), row.msg_id, url_for("refunds.show_file", uid=row.uid))
