"""`bin/drill NAME`: the long proofs at full size. Each prints its counts and ends with exit code 0 only if nothing differed."""

import importlib
import sys

DRILLS = {
    "decoders": "a million damaged and forged inputs into every decoder of cards: a value or the documented error, none slow",
    "fares": "generated tariffs on device and server: the same price of every ride and stay; damaged tables refused",
    "kill": "kill -9 of the server again and again during the demo's day: the same final balances",
    "ledger-kill": "kill -9 of the ledger's server and of PostgreSQL under load: nothing acknowledged lost or doubled, proved each time",
    "ledger-model": "scripts of everything the ledger can do, played on a plain dictionary as well: the same balances, the books proved",
    "ledger-races": "many at once on the ledger: one wallet and 32 tills, opposite batches, double reversals, closes under 8 writers",
    "payments": "nine faults at each step of a payment, power cuts, lost and doubled reports: nobody pays twice, every fen agrees",
    "restore": "backups taken while taps arrive, everything wiped, restored: books proved, cards alive, nothing acknowledged lost",
    "reversals": "purchases, holds and parking exits race their reversals, and arrive twenty times at once: never both, never neither",
    "tear": "every APDU and every commit of personalisation, load, unload and ride torn: chip, terminal and host agree",
    "uploads": "every bit of a record flipped; a day of 20,000 permuted, split, doubled, cut, with forged ones: nobody gets a fen more",
    "uploads-kill": "kill -9 of server, workers, PostgreSQL and its backends during uploads: no tap lost, none paid twice",
}
ALIASES = {"tears": "tear"}


def main(arguments: list[str]) -> int:
    """Run one drill by its name.

    Returns:
        0 proved, 1 something differed, 2 no such drill.
    """
    names = [ALIASES.get(name, name) for name in arguments]
    if len(names) != 1 or names[0] not in DRILLS:
        for name, promise in DRILLS.items():
            print(f"bin/drill {name:<12} {promise}")
        return 0 if not names else 2
    drill = importlib.import_module(f"tests.drills.drill_{names[0].replace('-', '_')}")
    passed: bool = drill.run_full()
    print("proved" if passed else "NOT PROVED")
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
