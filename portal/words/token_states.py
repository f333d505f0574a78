"""How the states of tokens, webhooks and files are shown, by which other systems act and hear."""

from flask_babel import lazy_gettext as _l

from portal.words.look import Look

TOKEN_STATES: dict[str, Look] = {
    "token_open": Look(_l("ouvert"), "good", "key"),
    "token_asleep": Look(_l("n'ouvre rien : sa personne a changé"), "bad", "slash-circle"),
    "token_expired": Look(_l("échu"), "plain", "calendar-x"),
    "token_withdrawn": Look(_l("retiré"), "plain", "slash-circle"),
    "hook_open": Look(_l("appelée"), "good", "check-circle"),
    "hook_paused": Look(_l("en pause"), "wait", "hourglass-split"),
    "hook_stopped": Look(_l("ne répond plus"), "bad", "exclamation-circle"),
    "door_ready": Look(_l("part"), "live", "hourglass-split"),
    "door_written": Look(_l("déposé pour la banque"), "wait", "hourglass-split"),
    "door_fetched": Look(_l("enlevé par la banque"), "good", "check-circle"),
    "door_arriving": Look(_l("arrive"), "live", "hourglass-split"),
    "door_broken": Look(_l("illisible, attend"), "wait", "exclamation-circle"),
    "door_read": Look(_l("lu"), "good", "check-circle"),
    "door_refused": Look(_l("refusé"), "bad", "exclamation-circle"),
    "door_closed": Look(_l("écarté"), "plain", "slash-circle"),
    "door_gone": Look(_l("retiré avant d'être lu"), "plain", "slash-circle"),
    "hook_withdrawn": Look(_l("retirée"), "plain", "slash-circle"),
}
