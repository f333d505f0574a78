"""The proof of telling: what became of an e-mail, and the list as a table to download."""

from typing import Any

from sqlalchemy import or_

from portal.jobs import Task, TaskState
from portal.mail import Mail, MailState

UNSENT = or_(Mail.id.is_(None), Mail.state != MailState.SENT)


def mail_state(mail: Mail | None, task: TaskState | None) -> str:
    """What is known of an e-mail: its own state, or ``failed`` where its task broke or nobody wrote it."""
    if mail is None or task == TaskState.FAILED:
        return "failed"
    return mail.state.value


def with_mails(query: Any, mail_uid: Any) -> Any:
    """Add to a query of told rows their mail and the state of its sending."""
    return (
        query.add_columns(Mail, Task.state)
        .outerjoin(Mail, Mail.uid == mail_uid)
        .outerjoin(Task, (Task.ref == mail_uid) & (Task.kind == "mail.send"))
    )


def iso(value: Any) -> str:
    return value.isoformat() if value else ""
