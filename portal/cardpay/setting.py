"""Whether payments by card are set up here, and the secrets: of files, of systemd, or of the environment."""

from flask import current_app

from portal.cardpay.port import Gateway
from portal.crypto.secret_files import secret_of
from portal.errors import Refused
from portal.wording import N_

KEY, WEBHOOK = "CARD_KEY", "CARD_WEBHOOK_SECRET"


def is_configured() -> bool:
    """Are both secrets there? Without them nobody is offered to pay by card."""
    try:
        return all(secret_of(current_app.config, name) for name in (KEY, WEBHOOK))
    except (OSError, ValueError):
        return False


def gateway() -> Gateway:
    """The gateway of this installation. Raises Refused where none is set up."""
    if not is_configured():
        raise Refused(N_("Le paiement par carte n'est pas configuré sur ce portail."), field="method")
    from portal.cardpay.stripe_gateway import StripeGateway  # noqa: PLC0415 - its library is large

    config = current_app.config
    return StripeGateway(secret_of(config, KEY), secret_of(config, WEBHOOK), api=str(config["CARD_API"]))
