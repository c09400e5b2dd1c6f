"""Where the time of a TAC and of a tap goes: by whose code it is, under a profiler."""

import cProfile
import pstats
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

LISTED = 12
_ROOT = Path(__file__).parents[2]


def profile(what: str, job: Callable[[], int]) -> list[str]:
    """Lines that say what one of the things that `job` does (it says how many) costs, and where.

    Calls of NumPy on whole arrays count to the function that makes them, calls of ciphers are named.
    """
    job()
    began_s = time.process_time()
    done = job()
    alone_us = (time.process_time() - began_s) / done * 1e6
    # The processor's time, so that other work on the machine is not counted to whoever was interrupted by it.
    profiler = cProfile.Profile(time.process_time)
    done = profiler.runcall(job)
    places: defaultdict[str, float] = defaultdict(float)
    for (file, _, function), (_, _, own_s, _, _) in pstats.Stats(profiler).stats.items():  # type: ignore[attr-defined] # typeshed leaves it out
        places[_place(file, function)] += own_s
    total_s = sum(places.values())
    lines = [
        f"{what}: {alone_us:,.2f} us of the processor each; under the profiler, which makes Python slower and ciphers not:"
    ]
    for place, own_s in sorted(places.items(), key=lambda item: -item[1])[:LISTED]:
        lines.append(f"  {place:<90}{own_s / done * 1e6:>10.3f} us{own_s / total_s:>6.0%}")
    return lines


def _place(file: str, function: str) -> str:
    if file == "~":
        return function
    path = Path(file)
    if path.is_relative_to(_ROOT) and ".venv" not in path.parts:
        return f"{path.relative_to(_ROOT)} {function}"
    return f"{path.parent.name}/{path.name}"
