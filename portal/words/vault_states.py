"""States of vaults on their way to another store, and of their yearly drills."""

from flask_babel import lazy_gettext as _l

from portal.words.look import Look

VAULT_STATES: dict[str, Look] = {
    "drill_asked": Look(_l("attend le client"), "wait", "hourglass-split"),
    "drill_running": Look(_l("en cours"), "live", "hourglass-split"),
    "drill_good": Look(_l("réussi"), "good", "check-circle"),
    "drill_failed": Look(_l("échoué"), "bad", "exclamation-triangle-fill"),
    "drill_lapsed": Look(_l("sans réponse"), "bad", "calendar-x"),
    "drill_credited": Look(_l("crédité"), "idle", "dash-circle"),
    "move_copying": Look(_l("copie en cours"), "live", "hourglass-split"),
    "move_stopped": Look(_l("arrêté"), "bad", "pause-circle"),
    "move_undoing": Look(_l("copie retirée"), "live", "hourglass-split"),
    "move_cancelled": Look(_l("abandonné"), "plain", "slash-circle"),
    "move_kept": Look(_l("déplacé, ancienne place gardée"), "wait", "hourglass-split"),
    "move_ordered": Look(_l("fin de l'ancienne place ordonnée"), "wait", "hourglass-split"),
    "move_clearing": Look(_l("ancienne place en cours d'effacement"), "live", "hourglass-split"),
    "move_cleared": Look(_l("déplacé, ancienne place effacée"), "good", "check-circle"),
}
