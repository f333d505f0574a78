"""What is paid back to customers, its files and the bank's answers: states, and what has happened."""

from typing import Any

from flask_babel import lazy_gettext as _l

from portal.words.look import Look

REFUND_STATES: dict[str, Look] = {
    "refund_owed": Look(_l("à rembourser"), "wait", "hourglass-split"),
    "refund_late": Look(_l("en retard"), "bad", "exclamation-circle"),
    "refund_in_file": Look(_l("dans un fichier"), "live", "file-earmark-check"),
    "refund_refunded": Look(_l("remboursé"), "good", "check-circle"),
    "refund_set_off": Look(_l("compensé"), "good", "check-circle"),
    "refund_dropped": Look(_l("plus rien à rendre"), "plain", "slash-circle"),
    "refund_awaits_account": Look(_l("compte attendu"), "wait", "hourglass-split"),
    "refund_ready": Look(_l("prêt"), "live", "check-circle"),
    "refund_account_asked": Look(_l("demandé"), "wait", "hourglass-split"),
    "refund_account_given": Look(_l("donné"), "good", "check-circle"),
    "refund_account_over": Look(_l("plus rien à demander"), "plain", "slash-circle"),
    "answer_accepted": Look(_l("accepté"), "good", "check-circle"),
    "answer_rejected": Look(_l("rejeté"), "bad", "arrow-return-left"),
    "answer_booked": Look(_l("débité"), "good", "bank"),
    "answer_returned": Look(_l("revenu"), "bad", "arrow-return-left"),
    "answer_unclear": Look(_l("pas clair"), "wait", "hourglass-split"),
    "answer_review": Look(_l("à regarder"), "bad", "exclamation-circle"),
    "refund_file_made": Look(_l("attend une deuxième personne"), "wait", "hourglass-split"),
    "refund_file_released": Look(_l("libéré"), "live", "check-circle"),
    "refund_file_sent": Look(_l("remis à la banque"), "good", "bank"),
    "refund_file_rejected": Look(_l("rejeté par la banque"), "bad", "arrow-return-left"),
    "refund_file_cancelled": Look(_l("annulé"), "plain", "x-circle"),
}

# (table, verb) -> what happened, in the past tense
REFUND_EVENTS: dict[tuple[str, str], Any] = {
    ("refund_account_ask", "ask"): _l("Compte demandé au client"),
    ("refund_account_ask", "ask_again"): _l("Compte demandé de nouveau au client"),
    ("refund_account_ask", "remind"): _l("Compte rappelé au client"),
    ("refund_account_ask", "give"): _l("Compte donné"),
    ("refund_account_ask", "close"): _l("Plus de compte à demander"),
    ("refund", "order"): _l("Mis dans un fichier de virements"),
    ("refund", "free"): _l("Sorti d'un fichier annulé"),
    ("refund", "confirm"): _l("Remboursé"),
    ("refund", "refuse"): _l("Refusé par la banque : de nouveau dû"),
    ("refund", "come_back"): _l("Revenu de la banque : de nouveau dû"),
    ("refund", "set_off"): _l("Compensé avec une facture"),
    ("refund", "drop"): _l("Plus dû : l'argent est reparti"),
    ("refund_file", "make"): _l("Fichier de virements préparé"),
    ("refund_file", "release"): _l("Fichier libéré par une deuxième personne"),
    ("refund_file", "download"): _l("Fichier téléchargé"),
    ("refund_file", "send"): _l("Fichier remis à la banque"),
    ("refund_file", "reject"): _l("Fichier rejeté par la banque"),
    ("refund_file", "close_answer"): _l("Réponse de la banque vue"),
    ("refund_file", "cancel"): _l("Fichier annulé"),
    ("refund_file", "order"): _l("Ordre confirmé"),
    ("refund_file", "confirm_order"): _l("Libération confirmée"),
    ("customer", "refund_account"): _l("Compte pour les remboursements enregistré"),
}
