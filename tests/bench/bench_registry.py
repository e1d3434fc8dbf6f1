"""Compare asking registries all at once with asking them one after the other, and with asking the cache.

    python tests/bench/bench_registry.py [--references N] [--delay SECONDS] [--sample N] [--rounds N]

Four registries on this machine take 50 ms for each answer. One after the other a sample of the references is asked, of
all registries, and its time is scaled up. Prints the medians of the rounds and their ratios; exits 1 where an answer is
missing.
"""

from __future__ import annotations

import argparse
import contextlib
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator
from pathlib import Path

from modellint.oci.query import Query
from modellint.registry.ask import ask
from modellint.registry.options import RegistryOptions

REGISTRIES = 4
SERVERS = Path(__file__).parent.parent / "support" / "registry" / "servers.py"


@contextlib.contextmanager
def slow(count: int, delay: float) -> Generator[list[str]]:
    """Hosts that take their time for each answer, in a process of their own."""
    with subprocess.Popen(
        [sys.executable, str(SERVERS), "slow", str(count), str(delay)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin and process.stdout
        try:
            yield [f"localhost:{port}" for port in process.stdout.readline().split()]
        finally:
            process.stdin.close()


def seconds(work: Callable[[], list[Query]]) -> float:
    """How long it takes; ends the program where what comes back is not empty."""
    start = time.perf_counter()
    missing = work()
    took = time.perf_counter() - start
    if missing:
        sys.exit(f"no answer to {len(missing)} references, such as {missing[0]}")
    return took


def at_once(requests: list[Query], access: RegistryOptions) -> list[Query]:
    return [request for request, answer in ask(requests, access).items() if not answer.artifact]


def one_by_one(requests: list[Query], access: RegistryOptions) -> list[Query]:
    return [missing for request in requests for missing in at_once([request], access)]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--references", type=int, default=500)
    parser.add_argument("--delay", type=float, default=0.05)
    parser.add_argument("--sample", type=int, default=40)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    alone: list[float] = []
    together: list[float] = []
    cached: list[float] = []
    with slow(REGISTRIES, options.delay) as hosts:
        requests = [
            Query(hosts[number % len(hosts)], f"team/model-{number // 10}", f"1.{number}")
            for number in range(options.references)
        ]
        sample = requests[: options.sample]
        at_once(sample[:1], RegistryOptions())  # imports what it needs
        for _ in range(options.rounds):
            with tempfile.TemporaryDirectory() as folder:
                access = RegistryOptions(cache=str(Path(folder) / "cache"))
                alone.append(seconds(lambda: one_by_one(sample, RegistryOptions())) * len(requests) / len(sample))
                together.append(seconds(lambda access=access: at_once(requests, access)))
                cached.append(seconds(lambda access=access: at_once(requests, access)))
    one, all_, warm = map(statistics.median, (alone, together, cached))
    print(f"{len(requests)} references, {REGISTRIES} registries, {options.delay * 1000:.0f} ms for each answer")
    print(
        f"one by one    {one:8.2f} s  {1000 * one / len(requests):8.2f} ms each   (a sample of {len(sample)}, scaled)"
    )
    print(f"all at once   {all_:8.2f} s  {1000 * all_ / len(requests):8.2f} ms each   {one / all_:6.1f} times as fast")
    print(f"warm cache    {warm:8.2f} s  {1000 * warm / len(requests):8.2f} ms each   {one / warm:6.1f} times as fast")


if __name__ == "__main__":
    main()
