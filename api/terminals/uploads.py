"""Uploads of taps. The views are thin on purpose: what a second of a city's evening costs is spent on judging and booking."""

from flask import Response, request
from werkzeug.exceptions import UnsupportedMediaType

from api.auth import signer
from api.city import city, now
from api.face import JSON, Face, Shapes
from api.parsing import json_body
from api.schemas.terminals import ReceiptAnswer, UploadRequest
from citizencard.purse.uploads.flow import take_batch, take_records

OCTETS = "application/octet-stream"

face = Face("Uploads", "/terminals", "Records of taps, as a signed file or as JSON.")


@face.post("/batches", Shapes(gives=ReceiptAnswer, body=(OCTETS, {"type": "string", "format": "binary"})))
def upload_a_batch() -> Response:
    """Upload a batch file of layout 1. One verdict a record; a file that is refused as a whole is kept by the device.

    The body is `application/octet-stream`. Sent again, the verdicts are `duplicate` with the first one.
    """
    if request.mimetype != OCTETS:
        raise UnsupportedMediaType(f"send {OCTETS}")
    raw = request.get_data(cache=True)
    receipt = take_batch(city().sessions, city().hsm, signer().terminal_id, raw, now())
    return Response(receipt.as_text(), 200, content_type=JSON)


@face.post("/purchases", Shapes(gives=ReceiptAnswer, body=(JSON, UploadRequest)))
def upload_records() -> Response:
    """Upload records in their JSON form; field names as in the batch file."""
    receipt = take_records(city().sessions, city().hsm, signer().terminal_id, json_body(), now())
    return Response(receipt.as_text(), 200, content_type=JSON)
