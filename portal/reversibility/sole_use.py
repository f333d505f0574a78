"""What is destroyed is one customer's alone: asked at the order, and again before the first deletion."""

from flask_babel import gettext as _

from portal.db import EVERYTHING, commits, db, scope
from portal.engine.errors import EngineError, EngineFault
from portal.engine.installed import restic
from portal.engine.models import Vault
from portal.engine.port import RepoRef
from portal.engine.sole import tell_shared, twins_of
from portal.errors import Refused
from portal.provisioning.moves import move_in_the_way
from portal.wording import N_

# A destruction that was cut off has left a repository that says nothing of itself any more.
_SILENT = {EngineFault.REPO_MISSING, EngineFault.INCOMPLETE, EngineFault.DAMAGED}


def refuse_order(vault: Vault) -> None:
    """Raises Refused, with the other's name, while another vault is the same repository, and while the vault
    lies at two places: for an operator.
    """
    if move_in_the_way(vault) is not None:
        raise Refused(
            _("Ce coffre est en déplacement, ou son ancienne place est encore gardée : finissez-en d'abord.")
        )
    with scope(EVERYTHING):
        found = [(twin.name, twin.customer.name) for twin in twins_of(vault)]
    for name, customer in found:
        raise Refused(
            _(
                "Ce dépôt est aussi le coffre « %(name)s » de %(customer)s : l'effacer détruirait les deux.",
                name=name,
                customer=customer,
            )
        )


@commits
def refuse_work(vault: Vault) -> None:
    """Raises Refused while another vault is the same repository, by what is really there now.

    The sentence stands on the page of the case, which the customer reads: it names nobody. The operator has
    a mail. Raises EngineError when the storage does not answer.
    """
    repo = vault.repo
    db.session.rollback()  # no transaction is held while the storage answers
    twins = twins_of(vault, _found(repo))
    if twins:
        tell_shared(vault, twins)
        db.session.commit()
        raise Refused(
            N_("Ce dépôt est aussi un autre coffre : rien n'est détruit. Le fournisseur est prévenu.")
        )


def _found(repo: RepoRef) -> str:
    try:
        return restic().fingerprint(repo)
    except EngineError as error:
        if error.fault in _SILENT:
            return ""
        raise
