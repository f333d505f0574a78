"""Which restores are billed."""

from portal.answers.case import Event
from portal.answers.state import State
from portal.restore_requests.rules import is_billable
from portal.wording import N_


def restore_request(state: State, event: Event) -> None:
    """Is this restore billed, and how is it done?

    Source: 002-08, 002-10, 002-12, 004-10, 004-11.
    """
    free, billed = state.find("restore.free_cause"), state.find("intervention.price_day")
    if free is None:
        state.remark(N_("Le contrat ne facture pas de restauration : le client restaure lui-même."))
        return
    if is_billable(event["cause"], free.value):
        price = billed or free
        state.remark(
            N_("%(clause)s : restauration facturée en sus, au prix du jour du travail (%(price)s)."),
            clause=free.clause,
            price=price.clause,
        )
    else:
        working = state.sentence(N_("Panne d'un équipement hébergé : la restauration est comprise."))
        state.amount("restore", 0, free, working=working)
    steps = state.find("restore.complex_steps")
    if event["kind"] == "complex" and steps is not None:
        state.remark(
            N_(
                "%(clause)s : planifiée selon l'urgence, faite par un technicien et vérifiée avec le "
                "client ; un devis peut être demandé."
            ),
            clause=steps.clause,
        )
