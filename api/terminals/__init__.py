"""`/terminals`: what devices call. Every request but the enrolment is signed by a key that the server knows."""

from typing import Final

from api.terminals import holds, online, parking, shifts, uploads

FACES: Final = (shifts.face, uploads.face, online.face, holds.face, parking.face)
