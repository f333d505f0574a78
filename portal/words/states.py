"""The words that people read for states, roles and events, in one place and in both languages."""

from typing import Any, NamedTuple

from flask import Flask
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l


class Look(NamedTuple):
    word: Any
    tone: str  # good, wait, bad, live, plain
    icon: str


_STATES: dict[str, Look] = {
    "draft": Look(_l("brouillon"), "plain", "pencil"),
    "ordered": Look(_l("commandée"), "live", "cart"),
    "awaiting_payment": Look(_l("attend le paiement"), "wait", "hourglass-split"),
    "awaiting_mandate": Look(_l("attend le mandat"), "wait", "hourglass-split"),
    "paid": Look(_l("payée"), "good", "check-circle"),
    "delivered": Look(_l("livrée"), "good", "check-circle"),
    "cancelled": Look(_l("annulée"), "plain", "x-circle"),
    "active": Look(_l("actif"), "good", "check-circle"),
    "notice_given": Look(_l("préavis en cours"), "wait", "calendar-x"),
    "ended": Look(_l("terminé"), "plain", "stop-circle"),
    "retracted": Look(_l("rétracté"), "plain", "x-circle"),
    "issued": Look(_l("émise"), "live", "file-earmark-check"),
    "overdue": Look(_l("en retard"), "bad", "exclamation-circle"),
    "sent": Look(_l("envoyé"), "wait", "send"),
    "signed": Look(_l("signé"), "good", "pen"),
    "suspended": Look(_l("suspendu"), "bad", "stop-circle"),
    "amendment_asked": Look(_l("demandé au client"), "wait", "send"),
    "amendment_confirmed": Look(_l("confirmé par le client"), "live", "check-circle"),
    "amendment_applied": Look(_l("annoncé à la banque avec les prélèvements"), "wait", "megaphone"),
    "amendment_settled": Look(_l("connu de la banque"), "good", "check-circle"),
    "amendment_withdrawn": Look(_l("abandonné"), "plain", "x-circle"),
    "refused": Look(_l("refusé"), "bad", "x-circle"),
    "revoked": Look(_l("révoqué"), "bad", "slash-circle"),
    "lapsed": Look(_l("caduc"), "bad", "calendar-x"),
    "batch_exported": Look(_l("fichier prêt"), "live", "file-earmark-check"),
    "batch_released": Look(_l("libérée"), "good", "check-circle"),
    "batch_sent": Look(_l("remise à la banque"), "good", "send"),
    "held": Look(_l("retenu"), "wait", "hourglass-split"),
    "debit_frozen": Look(_l("figé"), "live", "snow"),
    "debit_cancelled": Look(_l("annulé"), "plain", "x-circle"),
    "expired": Look(_l("expiré"), "bad", "calendar-x"),
    "gap_open": Look(_l("à décider"), "wait", "eye"),
    "gap_billed": Look(_l("facturé"), "good", "receipt"),
    "gap_dismissed": Look(_l("classé"), "plain", "archive"),
    "planned": Look(_l("prévu"), "plain", "calendar"),
    "settled": Look(_l("crédité"), "good", "check-circle"),
    "returned": Look(_l("revenu impayé"), "bad", "arrow-return-left"),
    "bank_accepted": Look(_l("accepté"), "good", "check-circle"),
    "bank_settled": Look(_l("crédité"), "good", "check-circle"),
    "bank_returned": Look(_l("revenu"), "bad", "arrow-return-left"),
    "matched": Look(_l("rapprochée"), "live", "link-45deg"),
    "unmatched": Look(_l("non rapprochée"), "wait", "question-circle"),
    "to_review": Look(_l("à regarder"), "wait", "eye"),
    "dismissed": Look(_l("classée"), "plain", "archive"),
    "announced": Look(_l("annoncé"), "live", "megaphone"),
    "frozen": Look(_l("figée"), "live", "snow"),
    "exported": Look(_l("exporté"), "good", "box-arrow-up"),
    "requested": Look(_l("demandé"), "wait", "inbox"),
    "listing": Look(_l("lecture du coffre"), "live", "arrow-repeat"),
    "browsing": Look(_l("coffre ouvert"), "live", "folder2-open"),
    "restoring": Look(_l("restauration"), "live", "arrow-repeat"),
    "done": Look(_l("fait"), "good", "check-circle"),
    "checked": Look(_l("vérifié"), "good", "check-circle"),
    "billed": Look(_l("facturé"), "good", "receipt"),
    "queued": Look(_l("en file"), "plain", "hourglass"),
    "running": Look(_l("en cours"), "live", "arrow-repeat"),
    "waiting": Look(_l("attend une personne"), "wait", "person-exclamation"),
    "failed": Look(_l("échoué"), "bad", "exclamation-octagon"),
    "waiting_for_key": Look(_l("attend la phrase secrète"), "wait", "key"),
    "target_asked": Look(_l("à approuver"), "wait", "eye"),
    "target_approved": Look(_l("écriture en cours"), "live", "arrow-repeat"),
    "target_done": Look(_l("écrite"), "good", "check-circle"),
    "quoted": Look(_l("devis envoyé"), "wait", "receipt"),
    "to_pay": Look(_l("attend le paiement"), "wait", "hourglass-split"),
    "exporting": Look(_l("export en cours"), "live", "arrow-repeat"),
    "ready": Look(_l("prêt à télécharger"), "good", "download"),
    "accepted": Look(_l("accepté"), "good", "check-circle"),
    "contested": Look(_l("contesté"), "bad", "exclamation-circle"),
    "cooling_off": Look(_l("effacement ordonné"), "wait", "hourglass-split"),
    "erasing": Look(_l("effacement"), "live", "arrow-repeat"),
    "asked": Look(_l("demandée au client"), "wait", "send"),
    "checking": Look(_l("vérification"), "live", "arrow-repeat"),
    "open": Look(_l("ouvert"), "live", "unlock"),
    "sealed": Look(_l("scellé"), "good", "lock"),
    "blocked": Look(_l("bloquée"), "bad", "slash-circle"),
    "closed": Look(_l("close"), "plain", "check-circle"),
    "erased": Look(_l("effacé"), "plain", "trash"),
    "published": Look(_l("publiée"), "live", "megaphone"),
    "in_force": Look(_l("en vigueur"), "good", "check-circle"),
    "replaced": Look(_l("remplacée"), "plain", "archive"),
    "mail_sent": Look(_l("envoyé"), "good", "check-circle"),
    "mail_queued": Look(_l("en attente d'envoi"), "wait", "hourglass-split"),
    "mail_failed": Look(_l("non remis"), "bad", "exclamation-octagon"),
    "told": Look(_l("informé"), "live", "megaphone"),
    "refused_terms": Look(_l("refusées"), "bad", "x-circle"),
    "applied": Look(_l("appliquées"), "good", "check-circle"),
    "recalled": Look(_l("retirées"), "plain", "arrow-counterclockwise"),
    "added": Look(_l("ajouté"), "good", "plus-lg"),
    "removed": Look(_l("supprimé"), "bad", "x-circle"),
    "changed": Look(_l("modifié"), "wait", "pencil"),
    "only_note": Look(_l("remarque"), "plain", "info-circle"),
    "finding_fault": Look(_l("faute"), "bad", "exclamation-octagon"),
    "finding_contradiction": Look(_l("contradiction"), "wait", "exclamation-circle"),
    "finding_missing": Look(_l("manque"), "wait", "hourglass-split"),
    "finding_law": Look(_l("loi"), "live", "info-circle"),
    "finding_note": Look(_l("note dépassée"), "wait", "info-circle"),
    "withdrawn": Look(_l("retirée"), "bad", "x-circle"),
    "backup_damaged": Look(_l("endommagée"), "bad", "exclamation-triangle-fill"),
    "backup_failed": Look(_l("échouée"), "bad", "x-circle"),
    "backup_locked": Look(_l("verrouillée"), "bad", "lock"),
    "backup_late": Look(_l("en retard"), "wait", "hourglass-split"),
    "backup_partial": Look(_l("partielle"), "wait", "exclamation-circle"),
    "backup_unknown": Look(_l("jamais vue"), "plain", "question-circle"),
    "backup_fresh": Look(_l("à jour"), "good", "check-circle"),
    "backup_unwatched": Look(_l("non surveillée"), "plain", "slash-circle"),
    "run_ok": Look(_l("réussie"), "good", "check-circle"),
    "access_offered": Look(_l("envoyé au client"), "wait", "send"),
    "access_live": Look(_l("ouvert"), "live", "unlock"),
    "acknowledgement_missing": Look(_l("pas encore signé"), "wait", "pen"),
    "proof_given": Look(_l("prouvée"), "good", "check-circle"),
    "proof_old": Look(_l("plus d'un an"), "wait", "hourglass-split"),
    "proof_missing": Look(_l("jamais prouvée"), "wait", "question-circle"),
    "review_open": Look(_l("à réévaluer"), "wait", "eye"),
    "review_closed": Look(_l("close"), "plain", "check-circle"),
}

ROLES = {
    "operator": _l("exploitant"),
    "finance": _l("finance"),
    "technician": _l("technicien"),
    "owner": _l("gérant"),
    "sales": _l("commercial"),
    "support": _l("technicien revendeur"),
    "reader": _l("lecture seule"),
    "customer": _l("client"),
}
KINDS = {
    "business": _l("Entreprise"),
    "consumer": _l("Particulier"),
    "non_professional": _l("Association"),
    "public_body": _l("Organisme public"),
}
CONTACTS = {
    "billing": _l("Facturation"),
    "technical": _l("Technique"),
    "incident": _l("Incidents"),
    "signatory": _l("Signataire"),
}
PLANS = {"monthly": _l("mensuel"), "annual": _l("annuel"), "36_months": _l("36 mois")}
CAUSES = {
    "lost_by_user": _l("supprimé ou écrasé par un utilisateur"),
    "malware": _l("virus ou rançongiciel"),
    "customer_equipment": _l("panne du matériel du client"),
    "hosted_equipment": _l("panne du matériel hébergé"),
    "restore_test": _l("essai de restauration"),
    "other": _l("autre cause"),
}
CUSTODIES = {
    "customer": _l("le client seul"),
    "recovery_sheet": _l("le client seul, avec sa feuille de secours"),
    "reseller": _l("le revendeur"),
    "escrow": _l("un séquestre, deux personnes sur trois"),
    "unknown": _l("inconnu"),
}
OPENING_PURPOSES = {
    "restore": _l("Restauration"),
    "reversibility": _l("Réversibilité"),
    "proof": _l("Preuve annuelle"),
}
REVERSIBILITY_REASONS = {
    "switch": _l("changement de fournisseur"),
    "in_house": _l("reprise chez soi"),
    "copy": _l("copie des données"),
    "destroy": _l("destruction sans copie"),
    "unclaimed": _l("données non demandées"),
}
METHODS = {"wire": _l("virement"), "direct_debit": _l("prélèvement SEPA")}

# (table, verb) -> what happened, in the past tense
EVENTS: dict[tuple[str, str], Any] = {
    ("customer", "onboard"): _l("Client enregistré"),
    ("customer", "accept_terms"): _l("Conditions acceptées"),
    ("customer_order", "place"): _l("Commande passée"),
    ("customer_order", "deliver"): _l("Commande livrée, abonnement ouvert"),
    ("customer_order", "cancel"): _l("Commande annulée"),
    ("subscription", "give_notice"): _l("Résiliation enregistrée"),
    ("subscription", "withdraw"): _l("Rétractation confirmée"),
    ("subscription", "amend"): _l("Avenant enregistré"),
    ("invoice", "issue"): _l("Facture émise"),
    ("invoice", "pay"): _l("Facture payée"),
    ("invoice", "payment"): _l("Paiement enregistré"),
    ("invoice", "no_mandate"): _l("Aucun mandat valable : pas de prélèvement"),
    ("activation_key", "issue"): _l("Clé émise"),
    ("activation_key", "revoke"): _l("Clé révoquée"),
    ("activation", "activate"): _l("Machine activée"),
    ("billing_run", "start"): _l("Facturation lancée"),
    ("billing_run", "finish"): _l("Facturation terminée"),
    ("mandate", "send"): _l("Mandat envoyé à la signature"),
    ("mandate", "resend"): _l("Nouveau lien de signature envoyé"),
    ("mandate", "sign"): _l("Mandat signé"),
    ("mandate", "refuse"): _l("Signature refusée"),
    ("mandate", "revoke"): _l("Mandat révoqué"),
    ("mandate", "confirm"): _l("Mandat confirmé par la banque du client"),
    ("mandate", "suspend"): _l("Mandat suspendu"),
    ("mandate", "resume"): _l("Mandat repris"),
    ("mandate", "stop"): _l("Mandat arrêté"),
    ("mandate", "delegate"): _l("Signature transmise à une autre personne"),
    ("mandate", "import"): _l("Mandat repris d'un autre système"),
    ("mandate", "ask_account"): _l("Nouveau compte demandé au client"),
    ("mandate", "confirm_account"): _l("Nouveau compte confirmé par le client"),
    ("mandate", "change_account"): _l("Nouveau compte appliqué"),
    ("mandate", "withdraw_account"): _l("Changement de compte abandonné"),
    ("collection", "announce"): _l("Prélèvement annoncé"),
    ("collection", "postpone"): _l("Nouvelle date annoncée"),
    ("collection", "cancel"): _l("Prélèvement annulé"),
    ("collection", "accept"): _l("Accepté par la banque"),
    ("collection", "settle"): _l("Crédité par la banque"),
    ("collection", "return"): _l("Revenu impayé"),
    ("collection", "match"): _l("Rapproché à la main"),
    ("bank_file", "import"): _l("Fichier importé"),
    ("bank_file", "dismiss"): _l("Écriture classée sans suite"),
    ("legal_entity", "set_reaction"): _l("Réaction changée"),
    ("invoice", "reopen"): _l("Redevenue due : le prélèvement est revenu"),
    ("batch", "freeze"): _l("Remise figée"),
    ("batch", "export"): _l("Fichier fait et vérifié"),
    ("batch", "vouch"): _l("Remise relue par une personne"),
    ("batch", "release"): _l("Remise libérée par une deuxième personne"),
    ("batch", "send"): _l("Remise à la banque notée"),
    ("batch", "cancel"): _l("Remise annulée, prélèvements rendus"),
    ("batch", "download"): _l("Fichier téléchargé"),
    ("collection", "hold"): _l("Prélèvement retenu"),
    ("collection", "unhold"): _l("Prélèvement relâché"),
    ("collection", "split"): _l("Prélèvement partagé en deux dates"),
    ("collection", "lower"): _l("Montant abaissé"),
    ("legal_entity", "profile"): _l("Profil bancaire modifié"),
    ("legal_entity", "ask_limit"): _l("Plafond plus haut demandé"),
    ("legal_entity", "agree_limit"): _l("Plafond plus haut accepté"),
    ("legal_entity", "drop_limit"): _l("Plafond plus haut refusé"),
    ("vault", "attach"): _l("Coffre rattaché"),
    ("vault", "erase"): _l("Coffre effacé"),
    ("vault", "open_access"): _l("Accès en lecture ouvert"),
    ("vault", "take_access"): _l("Accès en lecture pris par le client"),
    ("vault", "use_access"): _l("Première lecture avec l'accès"),
    ("vault", "revoke_access"): _l("Accès en lecture révoqué"),
    ("vault", "note_custody"): _l("Garde de la clé notée"),
    ("vault", "acknowledge"): _l("Avertissement sur la perte de la phrase signé"),
    ("vault", "ask_proof"): _l("Preuve de la phrase demandée au client"),
    ("vault_opening", "consent"): _l("Phrase tapée, avec consentement"),
    ("vault_opening", "confirm"): _l("Coffre ouvert"),
    ("vault_opening", "refuse"): _l("Phrase refusée"),
    ("vault_opening", "block"): _l("Phrase refusée cinq fois"),
    ("vault_opening", "close"): _l("Coffre refermé"),
    ("restore_request", "open"): _l("Demande enregistrée"),
    ("restore_request", "ask_key"): _l("Lien envoyé au client"),
    ("restore_request", "list"): _l("Lecture des noms"),
    ("restore_request", "browse"): _l("Noms lus"),
    ("restore_request", "restore"): _l("Fichier choisi"),
    ("restore_request", "restore_another"): _l("Autre fichier choisi"),
    ("restore_request", "finish"): _l("Fichier remis au client"),
    ("restore_request", "check"): _l("Vérifié avec le client"),
    ("restore_request", "bill"): _l("Facturée"),
    ("restore_request", "close"): _l("Close sans facturation"),
    ("restore_request", "cancel"): _l("Demande annulée"),
    ("reversibility_case", "open"): _l("Demande reçue"),
    ("reversibility_case", "start"): _l("Phrase secrète demandée au client"),
    ("reversibility_case", "ask_key"): _l("Nouveau lien envoyé au client"),
    ("reversibility_case", "export"): _l("Coffre ouvert, export lancé"),
    ("reversibility_case", "lose_key"): _l("Phrase secrète perdue, redemandée au client"),
    ("reversibility_case", "deliver"): _l("Données remises au client"),
    ("reversibility_case", "contest"): _l("Remise contestée"),
    ("reversibility_case", "export_again"): _l("Export à refaire"),
    ("reversibility_case", "accept"): _l("Remise acceptée"),
    ("reversibility_case", "confirm_destruction"): _l("Destruction confirmée par le client"),
    ("reversibility_case", "release"): _l("Effacement ordonné"),
    ("reversibility_case", "order"): _l("Effacement ordonné"),
    ("reversibility_case", "recall"): _l("Ordre d'effacement annulé"),
    ("reversibility_case", "begin"): _l("Effacement commencé"),
    ("reversibility_case", "certify"): _l("Effacement certifié"),
    ("reversibility_case", "cancel"): _l("Dossier annulé"),
    ("reversibility_case", "quote"): _l("Devis envoyé au client"),
    ("reversibility_case", "accept_quote"): _l("Devis accepté"),
    ("reversibility_case", "await_payment"): _l("Prix facturé, paiement attendu"),
    ("reversibility_case", "pay"): _l("Paiement reçu"),
    ("reversibility_case", "start_sealed"): _l("Export chiffré lancé"),
    ("reversibility_case", "find_unreadable"): _l("Coffre abîmé : fichiers illisibles"),
    ("reversibility_case", "accept_losses"): _l("Remise avec pertes décidée"),
    ("handover_target", "approve"): _l("Espace du client approuvé"),
    ("handover_target", "finish"): _l("Copie écrite dans l'espace du client"),
    ("handover_target", "withdraw"): _l("Espace du client abandonné"),
    ("reversibility_case", "ask_target"): _l("Le client indique son espace de stockage"),
    ("reversibility_case", "push"): _l("Copie écrite dans l'espace du client"),
    ("reversibility_case", "ship"): _l("Copie expédiée sur un support"),
    ("reversibility_case", "certify_return"): _l("Restitution certifiée"),
    ("reversibility_case", "release_first"): _l("Effacement demandé par une première personne"),
    ("reversibility_case", "open_unclaimed"): _l("Délai passé sans demande"),
    ("subscription", "move_end"): _l("Fin repoussée au jour de la remise"),
    ("document", "download"): _l("Téléchargé"),
    ("subscription", "follow_terms"): _l("Nouvelles conditions appliquées"),
    ("subscription", "take_price"): _l("Nouveau prix appliqué"),
    ("product", "revise_price"): _l("Nouveau prix décidé"),
    ("product", "set_volume"): _l("Volume compris ou à la demande changé"),
    ("product", "set_grid"): _l("Grille tarifaire changée"),
    ("terms_notice", "tell"): _l("Client informé de nouvelles conditions"),
    ("terms_notice", "refuse"): _l("Nouvelles conditions refusées"),
    ("terms_notice", "apply"): _l("Nouvelles conditions appliquées"),
    ("terms_notice", "recall"): _l("Nouvelles conditions retirées"),
    ("terms_version", "upload"): _l("Version déposée"),
    ("terms_version", "replace"): _l("Brouillon remplacé"),
    ("terms_version", "publish"): _l("Version publiée"),
    ("terms_version", "withdraw"): _l("Version retirée"),
    ("machine", "new_token"): _l("Nouveau jeton donné à la machine"),
    ("machine", "watch"): _l("Surveillance réglée"),
    ("machine", "unwatch"): _l("Surveillance arrêtée"),
    ("backup_review", "ask"): _l("Contrat à réévaluer : trop de changements"),
    ("backup_review", "close"): _l("Réévaluation close"),
    ("customer", "want_reports"): _l("Compte rendu demandé après chaque sauvegarde"),
    ("customer", "refuse_reports"): _l("Compte rendu des sauvegardes arrêté"),
}


# Reasons that are kept as a code; what a person typed is shown as it stands.
REASONS = {
    "none": "",
    "switch": _l("changement de fournisseur"),
    "in_house": _l("reprise en interne"),
    "end_of_business": _l("cessation d'activité"),
    "copy": _l("copie des données"),
    "destroy": _l("destruction"),
}


def look_of(state: Any) -> Look:
    return _STATES.get(str(state), Look(str(state), "plain", "circle"))


def event_text(entry: Any) -> str:
    """One line of a timeline."""
    known = EVENTS.get((entry.subject_kind, entry.what))
    text = str(known) if known else entry.what
    reason = entry.details.get("reason") or ""
    if said := str(REASONS.get(reason, reason)):
        text += _(" : ") + said
    return text


def flat_errors(form: Any) -> list[tuple[Any, str]]:
    """Every field error of a form, nested forms included, as (field, message)."""
    found: list[tuple[Any, str]] = []
    for field in form:
        if hasattr(field, "form"):
            found += flat_errors(field.form)
        else:
            found += [(field, message) for message in field.errors]
    return found


def dig(form: Any, name: str) -> Any:
    """A field by its HTML name, such as ``billing-email``."""
    target = form
    for part in name.split("-"):
        target = getattr(target[part], "form", target[part])
    return target


def aria(field: Any, hint: str = "") -> dict[str, str]:
    """The attributes that tie an input to its hint and its errors."""
    ids = [f"{field.id}-hint"] if hint else []
    ids += [f"{field.id}-error-{n}" for n, _message in enumerate(field.errors, 1)]
    found = {"aria-describedby": " ".join(ids)} if ids else {}
    return found | ({"aria-invalid": "true"} if field.errors else {})


def init_app(app: Flask) -> None:
    app.add_template_filter(look_of, "pill_look")
    app.add_template_filter(event_text)
    app.add_template_filter(flat_errors)
    app.add_template_filter(dig)
    for name, table in (
        ("role_name", ROLES),
        ("kind_name", KINDS),
        ("contact_name", CONTACTS),
        ("plan_name", PLANS),
        ("method_name", METHODS),
        ("cause_name", CAUSES),
        ("reversibility_reason", REVERSIBILITY_REASONS),
        ("custody_name", CUSTODIES),
        ("opening_purpose", OPENING_PURPOSES),
    ):
        app.add_template_filter(lambda value, table=table: table.get(str(value), value), name)
    app.jinja_env.globals["aria"] = aria
