"""`/terminals`: what devices call. Every request but the enrolment is signed by a key that the server knows."""

from typing import Final

from api.terminals import balances, enrolments, holds, keys, lists, loads, online, parking, sign_ins, uploads

FACES: Final = (
    enrolments.face,
    keys.face,
    sign_ins.face,
    lists.face,
    uploads.face,
    online.face,
    holds.face,
    balances.face,
    loads.face,
    parking.face,
)
