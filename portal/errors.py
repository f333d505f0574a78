"""What can go wrong in a way that the person in front of the screen can understand.

Messages are French sentences, marked for translation where they are raised. Anything that is not one of
these is a bug, answered with a reference number only.
"""


class Unavailable(Exception):
    """Something outside is busy or down; time may cure it. Jobs try again, a person is asked to come back."""


class PortalError(Exception):
    """Base of every error whose text may be shown to a person."""

    status = 422

    def __init__(self, template: str, *, field: str | None = None, **values: object) -> None:
        self.template, self.values = template, values  # kept apart, so that the sentence can be translated
        self.message = template % values if values else template
        super().__init__(self.message)
        self.field = field  # form field next to which the sentence is shown, if there is one


class Refused(PortalError):
    """The request is understood and cannot be granted: a rule says no."""


class IllegalStep(PortalError):
    """A row was asked for a step that its present state does not allow."""

    status = 409


class Unreadable(PortalError):
    """What the portal keeps cannot be read as it was written."""

    status = 500


class NotYet(PortalError):
    """It will be there in a while, without anybody doing anything."""

    status = 503


class Conflict(PortalError):
    """Somebody else was faster, or the same key came with another body."""

    status = 409
