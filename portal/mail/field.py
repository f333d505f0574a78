"""An address that somebody types into a form."""

from typing import Any

from wtforms.validators import ValidationError

from portal.mail.addresses import recipient_of


class Mailable:
    """Refuses what no mail can be sent to; writes the host as mail systems do (IDNA).

    Stands after ``Email`` in a field's list, and leaves an empty field to the others.
    """

    def __init__(self, message: Any) -> None:
        self.message = message

    def __call__(self, _form: Any, field: Any) -> None:
        typed = (field.data or "").strip()
        if not typed:
            return
        to = recipient_of(typed)
        if to is None:
            raise ValidationError(self.message)
        field.data = to.addr_spec
