"""Mails that reached nobody: somebody has to look at the address."""

from datetime import timedelta

from flask import g, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import Select, select
from sqlalchemy.orm import aliased

from portal.access import Permission
from portal.correspondence.lists import UNREACHED
from portal.db import Plain, instant
from portal.mail import IS_UNDELIVERED, KINDS, UNDELIVERED, Mail
from portal.today import Cost, Kind, Todo, waits

_LATELY = timedelta(days=30)  # what was refused before is looked up in the list
_CODES = [name for name, kind in KINDS.items() if kind.is_code]


def _refused() -> Select[tuple[Mail]]:
    """Without those whose words went out again, and without codes, which are of no use any more."""
    again = aliased(Mail)
    repeated = select(again.id).where(again.copy_of == Mail.uid, again.state.not_in(UNDELIVERED)).exists()
    # By the index of these few; SQLite, which counts no nothing, would rather look up what most mails have.
    query = Mail.visible_to(g.actor).where(IS_UNDELIVERED, Plain(Mail.copy_of).is_(None))
    return query.where(Mail.created_at > instant(_LATELY), Plain(Mail.kind).not_in(_CODES), ~repeated)


waits(
    Kind(
        name="mail.refused",
        label=_l("E-mails refusés"),
        cost=Cost.PEOPLE,
        permission=Permission.MAIL_SEND,
        rows=_refused,
        order=(Mail.id.desc(),),
        tell=lambda row: Todo(
            what=_("E-mail refusé : %(subject)s", subject=row.subject),
            who=row.recipient,
            url=url_for("correspondence.show_mail", uid=row.uid),
            button=_("Vérifier l'adresse"),
        ),
        everything=lambda: url_for("correspondence.list_mails", state=UNREACHED),
        entry="correspondence.list_mails",
    )
)
