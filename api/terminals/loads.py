"""Loads at kiosks: booked, ordered with MAC2, and ended by the card's own proof. The load's name in the body is the key."""

from api.auth import signer
from api.city import city, now, request_id
from api.face import Face, Shapes
from api.schemas.kiosk import (
    KioskLoadAnswer,
    KioskLoadRequest,
    LoadGiveBackRequest,
    LoadProbeAnswer,
    LoadProbeRequest,
    LoadProofRequest,
    LoadStandingAnswer,
)
from citizencard.audit import Actor
from citizencard.cards.states import Deed
from citizencard.purse.loads.kiosks import flow
from citizencard.purse.loads.kiosks.claims import KioskLoadClaim, LoadEvidence, LoadWanted

face = Face("Loads at kiosks", "/terminals", "Money onto chips at kiosks, ended only by proof.")


@face.post("/loads", Shapes(gives=KioskLoadAnswer, takes=KioskLoadRequest))
def load_at_a_kiosk(claim: KioskLoadClaim) -> flow.KioskLoadAnswer:
    """Book the money and order the card to credit itself. The same request again gives the same MAC2."""
    return flow.begin_load(city().sessions, city().hsm, claim, _deed())


@face.post("/loads/probes", Shapes(gives=LoadProbeAnswer, takes=LoadProbeRequest))
def probe_a_load(wanted: LoadWanted) -> flow.ProbeAnswer:
    """Tell what the card has to be asked to find out what became of a load, whoever began it."""
    return flow.begin_probe(city().sessions, wanted, _deed())


@face.post("/loads/proofs", Shapes(gives=LoadStandingAnswer, takes=LoadProofRequest))
def prove_a_load(evidence: LoadEvidence) -> flow.LoadStanding:
    """Take what a card has said about a load: its TAC, or MAC1 with its counter. What proves nothing changes nothing."""
    return flow.take_evidence(city().sessions, city().hsm, evidence, _deed())


@face.post("/loads/give-backs", Shapes(gives=LoadStandingAnswer, takes=LoadGiveBackRequest))
def give_a_kiosk_load_back(wanted: LoadWanted) -> flow.LoadStanding:
    """Give the money of a disproven load of this terminal back to where it came from."""
    return flow.give_back_at_kiosk(city().sessions, wanted, _deed())


def _deed() -> Deed:
    return Deed(Actor("terminal", signer().terminal_id, request_id=request_id()), now())
