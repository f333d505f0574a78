"""What higher packages show on the page of a vault, and on the page where files are fetched."""

from portal.engine.models import Vault
from portal.links import SignedLink
from portal.panels import Panel, Place

vault_panel: Place[Vault, Panel] = Place()
fetch_panel: Place[SignedLink, Panel] = Place()  # of the one package that the link is about
