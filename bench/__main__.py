"""`bin/bench NAME [--json] [--quick] [--profile]`: exit code 1 when a ratio falls short of its bar."""

import importlib
import json
import signal
import sys

from bench.figure import Figure

BENCHES = {
    "cards": (
        "bench.cards.measuring",
        "TACs of an upload in one question against one cipher chain a record, DES beside OpenSSL and C, and taps",
    ),
    "ledger": (
        "bench.ledger.measuring",
        "postings, batches, age and proofs of the ledger against pgbench, and its peers",
    ),
    "tariffs": (
        "bench.tariffs.measuring",
        "rides, stays and bills priced and explained, against the same rules written by hand",
    ),
    "terminals": (
        "bench.terminals.measuring",
        "a city's day of taps, purchases on line and the hotlist over HTTP, against pgbench",
    ),
}
ENDED = 128 + signal.SIGTERM
OPTIONS = {
    "--json": "the figures as JSON",
    "--quick": "smaller and shorter: for a look while working, not for a judgement",
    "--profile": "what the time of a call is spent on, also when every figure reaches its bar",
}


def main(arguments: list[str]) -> int:
    """Run one bench by its name.

    Returns:
        0 every ratio reaches its bar, 1 one falls short, 2 no such bench or option.
    """
    names = [argument for argument in arguments if not argument.startswith("--")]
    options = set(arguments) - set(names)
    if len(names) != 1 or names[0] not in BENCHES or options - set(OPTIONS):
        for name, (_, what) in BENCHES.items():
            print(f"bin/bench {name:<10} {what}")
        for option, what in OPTIONS.items():
            print(f"          {option:<10} {what}")
        return 0 if not arguments else 2
    bench = importlib.import_module(BENCHES[names[0]][0])
    # A long run shows each row as soon as it is known.
    show = _ignore if "--json" in options else _print_row
    if show is _print_row:
        print(
            f"{'what':<60}{'a second':>11}  {'reference':<34}{'a second':>11}{'ratio':>8}{'bar':>8}  reached",
            flush=True,
        )
    figures, notes = bench.measure(show, quick="--quick" in options, profiled="--profile" in options)
    if "--json" in options:
        rows = [{**vars(row), "ratio": row.ratio, "reached": row.reached} for row in figures]
        print(json.dumps({"figures": rows, "notes": notes} if notes else rows, indent=1))
    else:
        print(*notes, sep="\n")
    return 0 if all(row.passes for row in figures) else 1


def _ignore(_: Figure) -> None:
    """For programs, all figures at the end."""


def _print_row(row: Figure) -> None:
    bar, said = "", "for comparison"
    if row.bar is not None:
        bar = f"{'≤' if row.at_most else ''}{row.bar:.2f}"
        said = ("yes" if row.reached else "NO") + ("" if row.judged else " (printed)")
    unit = "" if row.unit == "a second" else f" {row.unit}"
    rate, reference_rate = _rounded(row.rate) + unit, _rounded(row.reference_rate) + unit
    line = f"{row.what:<60}{rate:>11}  {row.reference:<34}{reference_rate:>11}{row.ratio:>8.2f}{bar:>8}  {said}"
    print(line, flush=True)


def _rounded(rate: float) -> str:
    return f"{rate:,.0f}" if rate >= 100 else f"{rate:,.1f}"  # noqa: PLR2004 # below, the digit after the point tells something


def _end(*_: object) -> None:
    """Who is told to end leaves nothing behind: servers are stopped and folders removed on the way out."""
    raise SystemExit(ENDED)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, _end)
    sys.exit(main(sys.argv[1:]))
