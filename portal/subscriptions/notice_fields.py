"""What is typed about a notice, whoever asks: the page that looks ahead and the act that gives it."""

from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, SelectChoice, SelectField
from wtforms.validators import Optional

from portal.answers.case import EXTENSIONS
from portal.forms import DayField
from portal.subscriptions.termination import Notice, Reason
from portal.words.clauses import CHOICES


class NoticeForm(FlaskForm):
    """The reason and what a reason may need; the day is the form's own."""

    reason = SelectField(
        _l("Motif"), choices=[SelectChoice(each.value, CHOICES[each.value]) for each in Reason]
    )
    early = BooleanField(_l("Sortie anticipée, avec pénalité, sans attendre l'échéance"))
    noticed_on = DayField(_l("Mise en demeure reçue le"), [Optional()])
    transition_until = DayField(_l("Transition prolongée jusqu'au"), [Optional()])
    extended_by = SelectField(
        _l("Prolongation voulue par"),
        [Optional()],
        default="customer",
        choices=[SelectChoice(each, CHOICES[each]) for each in EXTENSIONS],
    )

    def notice_on(self, day: date, reason: str | None = None) -> Notice:
        """The notice of that day, for the reason that was typed or for another one."""
        why = reason or self.reason.data
        longer: dict[str, Any] = {}
        if self.transition_until.data and why in (Reason.SWITCH, Reason.IN_HOUSE):
            longer = {
                "transition_until": self.transition_until.data,
                "extended_by": self.extended_by.data or "customer",
            }
        noticed = self.noticed_on.data if why == Reason.BREACH else None
        return Notice(day, why, at_term=not self.early.data, noticed_on=noticed, more=longer)
