"""A stand-in for the payment provider: localstripe, on the loopback interface only, remembering nothing when it ends.

Started as a process of its own: `python -m demo.stand_in PORT`. No money moves and no card is real.
"""

import sys

from aiohttp import web
from localstripe.resources import Store
from localstripe.server import app

HOST = "127.0.0.1"


def serve(port: int) -> None:
    """Answer on 127.0.0.1 until the process is ended."""
    # As it comes, it keeps its objects in one fixed file under /tmp for whoever writes there: a demo starts from nothing instead.
    Store.dump_to_disk = _keep_nothing
    web.run_app(app, host=HOST, port=port, access_log=None, print=None)


def _keep_nothing(_store: Store) -> None:
    """Write no file."""


if __name__ == "__main__":
    serve(int(sys.argv[1]))
