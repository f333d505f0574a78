"""Who acts through a signed link: from where, and what is said about a wrong code."""

from dataclasses import dataclass

from flask import request
from flask_babel import gettext as _

from portal.links import CODE_MINUTES, CodeProblem


@dataclass(frozen=True, slots=True)
class Signer:
    """Who acts through a signed link, as the journal names her; she has no account."""

    label: str
    id: None = None


def visitor() -> dict[str, str]:
    """From where the signer acts, as far as the request says."""
    return {
        "ip": (request.remote_addr or "")[:45],
        "user_agent": request.headers.get("User-Agent", "")[:300],
        "language": request.headers.get("Accept-Language", "")[:80],
    }


def code_sentence(problem: CodeProblem, left: int) -> str:
    """Why the code is refused; ``left`` is the number of tries that remain."""
    if problem == CodeProblem.EXPIRED:
        return _("Ce code a expiré : il vaut %(n)d minutes. Demandez-en un autre.", n=CODE_MINUTES)
    if problem == CodeProblem.TOO_MANY or left < 1:
        return _("Trop d'essais avec ce code. Demandez-en un autre.")
    return _("Ce code n'est pas le bon. Essais restants : %(n)d.", n=left)
