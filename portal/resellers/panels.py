"""What higher packages show on a reseller's page."""

from portal.panels import Panel, Place
from portal.resellers.reseller import Reseller

reseller_panel: Place[Reseller, Panel] = Place()
