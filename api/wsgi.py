"""The server's entry points: `granian --interface rsgi api.wsgi:served`; and `application`, by WSGI, for what reads bodies by itself."""

import gc
import logging
import os
import sys
from typing import Final

from flask import Flask

from api.application import create_app
from api.serving import Bridge
from citizencard.checkout.settings import PaymentOptions, gateway_from_env
from citizencard.clock import now
from citizencard.config import Settings
from citizencard.db import check_durability, make_engine, make_sessions
from citizencard.keys.start import open_vault
from citizencard.settlement.clocks import check_clock

YOUNG_OBJECTS: Final = 50_000
"""So many new objects before Python looks for cycles among them: a batch of taps makes many more than the usual 700, and none in cycles."""
LOG_FORMAT: Final = "%(asctime)s %(levelname)s %(name)s %(message)s"


def start() -> Flask:
    """Read the settings, open the vault in a hardened process, refuse an unsafe database or a wrong clock, and make the application.

    Raises:
        SettingsInvalid, PaymentSettingsInvalid, DatabaseUnsafe, KeysError, ClockWrong: say what has to be put right first.
    """
    logging.basicConfig(level=logging.INFO, format=LOG_FORMAT, stream=sys.stdout)
    settings = Settings.from_env(os.environ)
    vault = open_vault(settings)
    engine = make_engine(settings.database_url)
    check_durability(engine)
    sessions = make_sessions(engine)
    check_clock(sessions, now())
    application = create_app(
        settings,
        vault,
        sessions,
        gateway=gateway_from_env(os.environ),
        payment_options=PaymentOptions.from_env(os.environ),
    )
    # What is there by now stays for ever: it need not be looked at for cycles again.
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS, *gc.get_threshold()[1:])
    return application


application = start()
served = Bridge(application)
