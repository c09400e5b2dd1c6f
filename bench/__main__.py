"""`bin/bench NAME [--json]`: exit code 1 when a ratio falls short of its bar."""

import importlib
import json
import sys

BENCHES = {
    "tacs": "TACs of an upload, checked by the vault in one question, against one cipher chain a record",
}


def main(arguments: list[str]) -> int:
    """Run one bench by its name.

    Returns:
        0 every ratio reaches its bar, 1 one falls short, 2 no such bench.
    """
    names = [argument for argument in arguments if argument != "--json"]
    if len(names) != 1 or names[0] not in BENCHES:
        for name, what in BENCHES.items():
            print(f"bin/bench {name:<8} {what}")
        return 0 if not names else 2
    rows = importlib.import_module(f"bench.{names[0]}").measure()
    if "--json" in arguments:
        print(json.dumps([{**vars(row), "ratio": row.ratio, "reached": row.reached} for row in rows], indent=1))
    else:
        print(f"{'what':<44}{'a second':>12}{'reference':>12}{'ratio':>8}{'bar':>8}")
        for row in rows:
            print(f"{row.what:<44}{row.rate:>12,.0f}{row.reference_rate:>12,.0f}{row.ratio:>8.2f}{row.bar:>8.2f}")
    return 0 if all(row.reached for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
