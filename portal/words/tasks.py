"""Tasks and lanes in words that an operator understands."""

from typing import Any

from flask_babel import lazy_gettext as _l

LANES: dict[str, Any] = {
    "prompt": _l("immédiat : codes, liens, phrases secrètes, incidents"),
    "mail": _l("courrier"),
    "runs": _l("facturation, prélèvements, contrats"),
    "papers": _l("factures et autres pièces à imprimer"),
    "restores": _l("restaurations"),
    "exports": _l("remises de coffres et effacements"),
    "upkeep": _l("mesures et rangement"),
    "duties": _l("devoirs périodiques"),
}

TASKS: dict[str, Any] = {
    "mail.send": _l("Envoyer un message"),
    "paper.print": _l("Imprimer une pièce"),
    "vault.measure": _l("Mesurer un coffre"),
    "vault.open": _l("Essayer une phrase secrète"),
    "vault.forget": _l("Oublier une phrase secrète"),
    "restore.list": _l("Lister les fichiers d'un coffre"),
    "restore.fetch": _l("Restaurer un fichier"),
    "restore.clean": _l("Ranger après une restauration"),
    "billing.run": _l("Facturer un mois"),
    "sepa.freeze": _l("Figer une remise"),
    "sepa.export": _l("Écrire le fichier d'une remise"),
    "sepa.react": _l("Réagir aux retours de la banque"),
    "sepa.apply_account": _l("Appliquer un changement de compte"),
    "sepa.remind": _l("Relancer un mandat non signé"),
    "sepa.warn_lapse": _l("Prévenir qu'un mandat devient caduc"),
    "reversibility.export": _l("Exporter un coffre"),
    "reversibility.certify_return": _l("Certifier une remise"),
    "reversibility.erase": _l("Effacer un coffre"),
    "reversibility.clean": _l("Ranger après une remise"),
    "reversibility.push": _l("Déposer un export chez le client"),
    "reversibility.silence": _l("Constater le silence du client"),
    "contracts.tell": _l("Annoncer de nouvelles conditions"),
    "contracts.apply": _l("Appliquer de nouvelles conditions"),
    "contracts.recall": _l("Rappeler de nouvelles conditions"),
    "contracts.tell_prices": _l("Annoncer un nouveau prix"),
    "safekeeping.backup": _l("Sauvegarder le portail"),
    "safekeeping.drill": _l("Exercer la restauration du portail"),
}

DUTIES: dict[str, Any] = {
    "usage.compare": _l("Comparer l'usage au contrat"),
    "vault.measure": _l("Demander la mesure des coffres"),
    "custody.proof": _l("Demander la preuve des phrases secrètes"),
    "sepa.accounts": _l("Appliquer les changements de compte"),
    "sepa.reminders": _l("Relancer les mandats non signés"),
    "sepa.lapse": _l("Suivre les mandats qui deviennent caducs"),
    "sepa.schedule": _l("Figer les remises de l'échéance"),
    "reversibility.silence": _l("Constater les silences"),
    "reversibility.erasures": _l("Lancer les effacements mûrs"),
    "reversibility.remind": _l("Rappeler les remises"),
    "reversibility.unclaimed": _l("Suivre les données non demandées"),
    "reversibility.paid": _l("Suivre les remises à payer"),
    "contracts.terms": _l("Suivre les nouvelles conditions"),
    "contracts.prices": _l("Suivre les nouveaux prix"),
    "subscriptions.terms": _l("Tenir les échéances des contrats"),
    "journal.seal": _l("Sceller le journal"),
    "journal.verify": _l("Vérifier le journal"),
    "safekeeping.backup": _l("Demander la sauvegarde du portail"),
    "safekeeping.drill": _l("Demander l'exercice de restauration"),
    "safekeeping.watch": _l("Veiller sur les sauvegardes du portail"),
    "operations.tidy": _l("Retirer du stockage ce qui n'a pas été fini"),
    "trends.keep": _l("Tenir les chiffres du mois"),
    "people.lapse": _l("Clore les demandes de second facteur restées sans réponse"),
    "operations.purge": _l("Retirer ce qui est vieux et fini"),
    "subscriptions.reminders": _l("Rappeler les échéances des contrats"),
}
