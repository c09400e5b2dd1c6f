"""django-hordak: so many `Account.transfer_to()` calls, each in a transaction of its own; prints how many a second.

Arguments: address of an empty PostgreSQL database, number of transfers.
"""

import sys
import time
from importlib import import_module
from urllib.parse import urlsplit

PURSES = 20


def main(address: str, count: int) -> None:
    """Migrate, open accounts, transfer."""
    django, settings = import_module("django"), import_module("django.conf").settings
    place = urlsplit(address)
    database = {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": place.path.lstrip("/"),
        "USER": place.username,
        "HOST": place.hostname,
        "PORT": place.port,
    }
    settings.configure(
        DATABASES={"default": database},
        INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "mptt", "djmoney", "hordak"],
        DEFAULT_AUTO_FIELD="django.db.models.AutoField",
        DEFAULT_CURRENCY="CNY",
        CURRENCIES=["CNY"],
        HORDAK_INTERNAL_CURRENCY="CNY",
        HORDAK_CURRENCIES=["CNY"],
        USE_TZ=True,
    )
    django.setup()
    import_module("django.core.management").call_command("migrate", verbosity=0)
    models, money = import_module("hordak.models"), import_module("djmoney.money").Money
    atomic = import_module("django.db").transaction.atomic
    purses = [
        models.Account.objects.create(name=f"purse {number}", code=f"1{number:03d}", type="LI", currencies=["CNY"])
        for number in range(PURSES)
    ]
    merchant = models.Account.objects.create(name="merchant", code="2000", type="LI", currencies=["CNY"])
    took_s = 0.0
    for number in range(-PURSES, count):  # the first few warm up
        began = time.perf_counter()
        with atomic():
            merchant.transfer_to(purses[number % PURSES], money(1, "CNY"), description=f"purchase {number}")
        took_s += time.perf_counter() - began if number >= 0 else 0.0
    print(count / took_s)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
