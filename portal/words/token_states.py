"""How the states of tokens and webhooks are shown, by which other systems act and hear."""

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
    "hook_withdrawn": Look(_l("retirée"), "plain", "slash-circle"),
}
