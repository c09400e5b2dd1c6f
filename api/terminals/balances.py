"""What a card's holder reads at a terminal, with the card in the field."""

from api.auth import signer
from api.city import city, now, request_id
from api.face import Face, Shapes
from api.schemas.kiosk import CardBalanceAnswer, CardBalanceRequest
from citizencard.accounts.balances import EnquiryAnswer, EnquiryClaim, enquire
from citizencard.audit import Actor

face = Face("Balances", "/terminals", "What an account can spend, told to whoever holds its card.")


@face.post("/balances", Shapes(gives=CardBalanceAnswer, takes=CardBalanceRequest))
def ask_for_a_balance(claim: EnquiryClaim) -> EnquiryAnswer:
    """Tell what the card's account can spend, and what waits to be written onto the chip. Without a good proof nothing is told.

    The name is used up. The same request again gets the first answer.
    """
    teller = Actor("terminal", signer().terminal_id, request_id=request_id())
    return enquire(city().sessions, city().hsm, teller, claim, now())
