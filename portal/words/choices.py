"""The words of what a person chooses from: roles, kinds, contacts, plans, causes and the like."""

from flask_babel import lazy_gettext as _l

from portal.words.readers import reads

ROLES = {
    "operator": _l("exploitant"),
    "finance": _l("finance"),
    "technician": _l("technicien"),
    "auditor": _l("auditeur"),
    "owner": _l("gérant"),
    "sales": _l("commercial"),
    "support": _l("technicien revendeur"),
    "reader": _l("lecture seule"),
    "accountant": _l("comptable du revendeur"),
    "customer": reads(_l("responsable de l'espace"), _l("client")),
    "signatory": _l("signataire"),
    "billing": _l("comptabilité"),
    "technical": reads(_l("technique"), _l("technicien du client")),
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
SOURCES = {
    "files": _l("fichiers"),
    "system_state": _l("état du système"),
    "network_shares": _l("partages réseau"),
    "exchange": "Exchange",
    "sql": "SQL Server",
    "mysql": "MySQL",
    "oracle": "Oracle",
    "sharepoint": "SharePoint",
    "virtual_disks": _l("disques virtuels"),
    "vm_snapshots": _l("instantanés de machines virtuelles"),
}
PLANS = {"monthly": _l("mensuel"), "annual": _l("annuel"), "36_months": _l("36 mois")}
PAYMENTS = {  # movements of money on an invoice
    "received": _l("reçu"),
    "returned": _l("prélèvement revenu"),
    "set_off": _l("compensation"),
    "let_go": _l("écart abandonné"),
    "reversed": _l("annulation"),
}
CAUSES = {
    "lost_by_user": _l("supprimé ou écrasé par un utilisateur"),
    "malware": _l("virus ou rançongiciel"),
    "customer_equipment": reads(_l("panne de votre matériel"), _l("panne du matériel du client")),
    "hosted_equipment": _l("panne du matériel hébergé"),
    "restore_test": _l("essai de restauration"),
    "third_party": _l("accident ou dommage causé par un tiers"),
    "other": _l("autre cause"),
}
CUSTODIES = {
    "customer": reads(_l("vous seul"), _l("le client seul")),
    "recovery_sheet": reads(
        _l("vous seul, avec votre feuille de secours"), _l("le client seul, avec sa feuille de secours")
    ),
    "reseller": _l("le revendeur"),
    "escrow": _l("un séquestre, deux personnes sur trois"),
    "unknown": _l("inconnu"),
}
OPENING_PURPOSES = {
    "restore": _l("Restauration"),
    "reversibility": _l("Réversibilité"),
    "proof": _l("Preuve annuelle"),
    "drill": _l("Essai annuel de restauration"),
}
ODD = {  # of a customer in a month that is about to be billed
    "question": _l("un écart attend une décision"),
    "no_way": _l("à prélever, sans mandat valable"),
    "missing": _l("des données manquent : ce client serait laissé de côté"),
    "half_off": _l("plus de la moitié d'écart avec le mois précédent"),
    "gone": _l("facturé le mois précédent, rien ce mois"),
}
WHYS = {"typo": _l("correction"), "new": _l("changement")}
CHANGED = {  # of a customer
    "kind": _l("Type de client"),
    "name": _l("Raison sociale ou nom"),
    "siren": _l("SIREN"),
    "siret": _l("SIRET"),
    "vat_number": _l("Numéro de TVA"),
    "street": _l("Numéro et rue"),
    "postcode": _l("Code postal"),
    "town": _l("Ville"),
    "country": _l("Pays"),
    "language": _l("Langue des e-mails"),
    "health_data": _l("Données de santé"),
    "partner_reference": _l("Référence du revendeur"),
    "purchase_order": _l("Bon de commande du client"),
    "commitment_number": _l("Numéro d'engagement"),
    "service_code": _l("Code service"),
    "requires_purchase_order": _l("Exige un numéro de bon de commande"),
    "requires_commitment_number": _l("Exige un numéro d'engagement"),
    "requires_service_code": _l("Exige un code service"),
    **CONTACTS,
}
LOOKED_UP = {  # where a person has looked a VAT number up
    "vies": _l("page VIES de la Commission européenne"),
    "tax_office": _l("impots.gouv.fr"),
    "state": _l("administration de l'autre État"),
}
PARTIES = {"giver": _l("Revendeur actuel"), "taker": _l("Nouveau revendeur"), "customer": _l("Client")}
MEANS = {  # of accepting terms
    "staff": _l("sur déclaration du vendeur"),
    "code": _l("par lien et code"),
    "paper": _l("sur papier signé"),
    "taken_over": _l("sur papier, repris d'un autre système"),
}
METHODS = {
    "wire": _l("virement"),
    "direct_debit": _l("prélèvement SEPA"),
    "cheque": _l("chèque"),
    "administrative_mandate": _l("mandat administratif"),
    "card": _l("carte bancaire"),
}
FORM_WORDS = {  # of what is handed over
    "readable": _l("archives ZIP lisibles"),
    "tar": _l("archives tar lisibles"),
    "sealed": _l("dépôt chiffré, tel quel"),
}

# What two people change of a creditor, see portal/sepa/models/creditor_change.py.
WATCHED = {
    "ics": _l("Identifiant créancier (ICS)"),
    "iban": _l("IBAN du compte crédité"),
    "bank_name": _l("Banque"),
    "max_rows": _l("Prélèvements par fichier, au plus"),
    "max_bytes": _l("Octets par fichier, au plus"),
    "two_people_over_cents": _l("Deux personnes au-dessus de"),
    "mandate_prefix": _l("Début des références de mandat"),
    "is_default": _l("Entité par défaut"),
}

WORK_ITEMS = {
    "simple_restore": _l("Restauration simple"),
    "labour": _l("Main-d'œuvre, l'heure"),
    "reload": _l("Rechargement, l'heure"),
    "parts": _l("Pièces"),
    "medium": _l("Support physique"),
    "travel": _l("Déplacement"),
    "drills": _l("Essais annuels d'un coffre, l'année"),
}
WORK_OUTCOMES = {"whole": _l("complète"), "partial": _l("partielle"), "failed": _l("en échec")}
TICKET_KINDS = {
    "incident": _l("Incident, panne"),
    "question": _l("Question, demande"),
    "conformity": _l("Livraison non conforme ou incomplète"),
    "malfunction": _l("Réclamation pour dommage"),
    "certificate": _l("Attestation d'assurance"),
    "audit": _l("Audit par un tiers"),
    "pentest": _l("Test d'intrusion"),
}
TICKET_SOURCES = {
    "space": _l("espace client"),
    "phone": _l("téléphone"),
    "mail": _l("e-mail"),
    "wall": _l("surveillance des sauvegardes"),
}
TICKET_RIGHTS = {  # by key of the contract: what a missed clock opens
    "reception.reservation_hours": _l("une réserve motivée, dans le délai du contrat"),
    "sla.claim_days": _l("la réclamation des pénalités, avec les réserves"),
    "claim.damage_business_hours": _l("une réclamation pour dommage, par lettre recommandée"),
    "claim.months": _l("une réclamation pour le préjudice subi"),
}
CLAIM_STANDINGS = {  # of a claim of today, against the contract's limit and the law's (L12)
    "in_time": _l("aujourd'hui dans le délai du contrat"),
    "kept_by_law": _l("au-delà du délai du contrat, que la loi écarte : ne l'opposez pas"),
    "to_be_judged": _l("au-delà du délai du contrat et de celui de la loi : à juger par une personne"),
}
HOLDER_ADVICE = {  # what to do for the passphrase, by who has it
    "herself": _l("Elle l'a : ouvrez le lien avec elle pendant l'appel."),
    "away": _l("La personne est absente : le lien l'attend, et la demande avec lui ; rien n'est perdu."),
    "sheet": _l("Elle est sur la feuille de secours : qu'elle la prenne, puis ouvre le lien."),
    "reseller": _l("Elle est chez le revendeur : son gardien la tape par le lien, avec l'accord du client."),
    "lost": _l(
        "Sans elle, personne n'ouvre ce coffre : cherchez la feuille ou le séquestre avant toute promesse."
    ),
    "unknown": _l("Regardez la garde notée sur la page du coffre, puis envoyez le lien à cette personne."),
}
