"""A device changes its own key. Repeating the request changes nothing more, so a nonce is not remembered for it."""

from collections.abc import Sequence

from api.city import city, now, request_id
from api.errors import SignatureInvalid
from api.face import Face, Shapes
from api.schemas.terminal_keys import KeyChange, KeyRotationAnswer, KeyRotationRequest
from api.signatures import check_possession
from citizencard.audit import Actor
from citizencard.db import reading, transaction
from citizencard.terminals.fitting.fittings import signer_of
from citizencard.terminals.rotation import Rotated, Rotation, rotate_key, rotation_keys

face = Face("Device keys", "/terminals", "A device's change of its own key.")


@face.post("/keys", Shapes(gives=KeyRotationAnswer, takes=KeyRotationRequest))
def change_the_key(given: KeyChange) -> Rotated:
    """Replace the device's key by one that it has made itself.

    The old key signs the request, the new one the change: a text that names the device and both keys. A device that got no answer sends the
    same again, signed by either key, and is told the same. Files that the old key signed stay valid.
    """
    with reading(city().sessions) as session:
        terminal_id = signer_of(session, given.terminal).terminal_id
        keys = rotation_keys(session, terminal_id, given.public_key)
    _signed_by_one_of(keys.may_sign, given.terminal)
    rotation = Rotation(terminal_id, given.terminal, given.public_key, given.possession)
    device = Actor("terminal", terminal_id, request_id=request_id())
    with transaction(city().sessions) as session:
        return rotate_key(session, rotation, keys, device, now())


def _signed_by_one_of(keys: Sequence[bytes], key_id: str) -> None:
    *others, last = keys
    for key in others:
        try:
            check_possession(key, key_id)
        except SignatureInvalid:
            continue
        return
    check_possession(last, key_id)
