"""The HTTP face: `/v1` for staff and systems, `/terminals` for devices, the newcomer's home. Holds no rule of the city."""

from api.application import create_app

__all__ = ["create_app"]
