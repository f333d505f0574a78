"""What higher packages show on a reseller's money page."""

from portal.panels import Panel, Place
from portal.resellers.reseller import Reseller

margin_panel: Place[Reseller, Panel] = Place()
