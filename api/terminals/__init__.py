"""`/terminals`: what devices call. Every request but the enrolment is signed by a key that the server knows."""

from typing import Final

from api.terminals import enrolments, holds, keys, lists, online, parking, sign_ins, uploads

FACES: Final = (
    enrolments.face,
    keys.face,
    sign_ins.face,
    lists.face,
    uploads.face,
    online.face,
    holds.face,
    parking.face,
)
