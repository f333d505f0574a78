"""How a report to the administration stands, what it tells, and the VAT regimes."""

from typing import Any

from flask_babel import lazy_gettext as _l

from portal.words.look import Look

EREPORT_STATES: dict[str, Look] = {
    "report_ready": Look(_l("à déposer"), "wait", "hourglass-split"),
    "report_late": Look(_l("en retard"), "bad", "exclamation-circle"),
    "report_sent": Look(_l("envoyée à la plateforme"), "good", "check-circle"),
    "report_refused": Look(_l("refusée par la plateforme"), "bad", "exclamation-circle"),
    "report_deposited": Look(_l("déposée autrement"), "good", "check-circle"),
    "report_empty": Look(_l("rien à déclarer"), "plain", "slash-circle"),
}
REPORT_KINDS: dict[str, Any] = {"report_sales": _l("Opérations"), "report_payments": _l("Paiements")}
REGIMES: dict[str, Any] = {
    "real_monthly": _l("réel normal, TVA mensuelle"),
    "real_quarterly": _l("réel normal, TVA trimestrielle"),
    "simplified": _l("réel simplifié"),
    "franchise": _l("franchise en base"),
    "none": _l("aucun e-reporting"),
}
