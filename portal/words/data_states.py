"""States of changes of law and of data protection."""

from flask_babel import lazy_gettext as _l

from portal.words.look import Look

DATA_STATES: dict[str, Look] = {
    "law_day_coming": Look(_l("à venir"), "wait", "hourglass-split"),
    "law_day_closed": Look(_l("passé"), "plain", "check-circle"),
    "sub_change_planned": Look(_l("préparé"), "wait", "hourglass-split"),
    "sub_change_told": Look(_l("annoncé"), "live", "send"),
    "sub_change_effective": Look(_l("en vigueur"), "good", "check-circle"),
    "sub_change_dropped": Look(_l("n'a pas lieu"), "plain", "x-circle"),
    "objection_open": Look(_l("à répondre"), "wait", "hourglass-split"),
    "objection_rejected": Look(_l("non retenue"), "plain", "x-circle"),
    "objection_granted": Look(_l("retenue"), "good", "check-circle"),
    "agreement_prepared": Look(_l("prêt à envoyer"), "wait", "hourglass-split"),
    "agreement_sent": Look(_l("envoyé à signer"), "live", "send"),
    "agreement_signed": Look(_l("signé"), "good", "check-circle"),
    "agreement_refused": Look(_l("refusé"), "bad", "x-circle"),
    "agreement_replaced": Look(_l("remplacé"), "plain", "arrow-repeat"),
    "agreement_over": Look(_l("sans objet"), "plain", "x-circle"),
}
