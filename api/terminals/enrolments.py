"""A device makes itself known, once: it brings its own key."""

from api.city import city, now, request_id
from api.face import Face, Shapes
from api.schemas.terminals import Enrolment, EnrolmentAnswer, EnrolmentRequest
from api.signatures import check_possession
from citizencard.audit import Actor, record
from citizencard.db import transaction
from citizencard.terminals.enrolment import Enrolled, check_public_key, enrol

face = Face("Enrolment", "/terminals", "Devices make themselves known.")


@face.post("/enrolments", Shapes(gives=EnrolmentAnswer, takes=EnrolmentRequest, status=201))
def enrol_a_device(given: Enrolment) -> Enrolled:
    """Make a device known by its one-time code and its own public key.

    The request is signed with that key, which proves that the device has it. The same code with the same key again gives the same answer.
    """
    check_public_key(given.public_key)
    check_possession(given.public_key, given.terminal.hex().upper())
    with transaction(city().sessions) as session:
        enrolled = enrol(session, given.code, given.public_key, now=now())
        device = Actor("terminal", enrolled.terminal_id, request_id=request_id())
        after = {"public_key": enrolled.public_key}
        record(session, device, "terminal.enrol", enrolled.terminal_id, after=after, now=now())
        return enrolled
