"""What a person is told of her own account, by mail and at once."""

from typing import Any

from portal.accounts.models import User
from portal.mail import queue_mail


def _tell(user: User, template: str, **context: Any) -> None:
    queue_mail(
        user,
        template,
        about=user,
        owner=user.organisation,
        language=user.language or "fr",
        urgent=True,
        user=user,
        **context,
    )


def tell_new_device(user: User, *, address: str, browser: str) -> None:
    """She has signed in where she never did before."""
    _tell(user, "accounts/mail_device.txt", address=address, browser=browser[:80])


def tell_password(user: User) -> None:
    """Her password is another one now."""
    _tell(user, "accounts/mail_password.txt")


def tell_factor(user: User, what: str, *, name: str = "", left: int = 0) -> None:
    """what: ``added``, ``removed``, ``codes``, or ``recovery`` for a code of hers that was used.

    name: of the factor. left: recovery codes that she still has.
    """
    _tell(user, "accounts/mail_factor.txt", what=what, name=name, left=left)


def tell_lost(user: User, what: str, *, who: str = "", address: str = "") -> None:
    """A step of getting in again: ``asked``, ``agreed`` with the address where she goes on, ``ended``."""
    _tell(user, "accounts/mail_lost.txt", what=what, who=who, address=address)
