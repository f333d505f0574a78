"""What higher packages show on the page of a document version."""

from portal.panels import Panel, Place
from portal.terms.models import TermsVersion

version_panel: Place[TermsVersion, Panel] = Place()
