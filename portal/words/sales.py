"""What has happened to an order, its subscription, its keys and their machines."""

from typing import Any

from flask_babel import lazy_gettext as _l

# (table, verb) -> what happened, in the past tense
SALE_EVENTS: dict[tuple[str, str], Any] = {
    ("customer_order", "place"): _l("Commande passée"),
    ("customer_order", "deliver"): _l("Commande livrée, abonnement ouvert"),
    ("customer_order", "cancel"): _l("Commande annulée"),
    ("customer_order", "lapse"): _l("Commande restée sans suite : son prix n'est plus gardé"),
    ("customer_order", "remind"): _l("Rappel de la commande envoyé"),
    ("subscription", "give_notice"): _l("Résiliation enregistrée"),
    ("subscription", "change_references"): _l("Références d'achat changées"),
    ("subscription", "withdraw"): _l("Rétractation confirmée"),
    ("subscription", "letter_came"): _l("Lettre de résiliation reçue"),
    ("subscription", "suspend"): _l("Abonnement suspendu"),
    ("subscription", "suspend_leaving"): _l("Abonnement suspendu"),
    ("subscription", "reinstate"): _l("Abonnement rétabli"),
    ("subscription", "reinstate_leaving"): _l("Abonnement rétabli"),
    ("subscription", "amend"): _l("Avenant enregistré"),
    ("subscription", "pay_renewal"): _l("Renouvellement payé"),
    ("customer_order", "begin_early"): _l("Début demandé avant la fin du délai de rétractation"),
    ("customer_order", "key_link"): _l("Lien renvoyé pour recevoir la clé tout de suite"),
    ("subscription", "keep_unused"): _l("Compte sans usage laissé ouvert"),
    ("key_wait", "waive"): _l("Droit de rétractation abandonné, clé envoyée"),
    ("key_wait", "leave"): _l("Délai de rétractation passé, clé envoyée"),
    ("key_wait", "drop"): _l("Rétractation : la clé ne part pas"),
    ("customer_order", "hold_keys"): _l("Clés suspendues : leur paiement manque"),
    ("customer_order", "free_keys"): _l("Clés rendues : la facture est payée"),
    ("activation_key", "hold"): _l("Clé suspendue : son paiement manque"),
    ("activation_key", "free"): _l("Clé rendue : la facture est payée"),
    ("activation", "activate"): _l("Machine activée"),
    ("activation", "release"): _l("Poste libéré"),
    ("activation", "lose"): _l("Poste perdu : plus de machines que de postes"),
    ("activation_key", "over"): _l("Plus de machines que de postes : délai de sept jours"),
    ("activation_key", "fit"): _l("Les machines tiennent de nouveau dans les postes"),
    ("activation", "sign_file"): _l("Fichier de licence remis pour une machine sans réseau"),
    ("activation_key", "follow"): _l("Fin de la clé changée avec ce qui est payé"),
    ("activation_key", "suspend"): _l("Clé suspendue par le prestataire"),
    ("activation_key", "reinstate"): _l("Clé rétablie"),
    ("activation_key", "issue"): _l("Clé émise"),
    ("activation_key", "reveal"): _l("Clé lue en entier"),
    ("activation_key", "revoke"): _l("Clé révoquée"),
    ("subscription", "move_end"): _l("Fin repoussée au jour de la remise"),
    ("subscription", "follow_terms"): _l("Nouvelles conditions appliquées"),
    ("subscription", "take_price"): _l("Nouveau prix appliqué"),
}
