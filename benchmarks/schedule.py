"""How well the order of `core/schedule/queue` uses its workers: 1,000 random graphs, played through without a thread.

    python benchmarks/schedule.py [GRAPHS]

Each has 12 to 120 resources whose seconds are spread as those of Terraform are (log-normal). What is compared is the
time until everything has ended, over max(longest way, work / workers), which nothing can beat:

critical    the longest remaining way first, by the true seconds; then by guesses that are wrong by up to half; then
            by none, so that all count the same
fifo        whatever was ready first
waves       everything that is ready, then a barrier
Exits 1 where `critical` with 10 workers is above its budget.
"""

import heapq
import random
import statistics
import sys
from collections.abc import Callable

from engine.core.schedule.graph import Graph
from engine.core.schedule.queue import Ready, longest

BUDGET = 1.005
Seconds = dict[int, float]


def a_graph(chance: random.Random) -> tuple[Graph[int], Seconds]:
    """With layers of unequal breadth, each node waiting for some of what came before."""
    size = chance.randint(12, 120)
    after = {}
    for node in range(size):
        near = range(max(0, node - chance.randint(8, 60)), node)
        wanted = min(len(near), chance.choice((0, 0, 1, 1, 2)))
        if wanted:
            after[node] = frozenset(chance.sample(near, wanted))
    return Graph(tuple(range(size)), after), {node: chance.lognormvariate(1.0, 0.8) for node in range(size)}


def played(graph: Graph[int], seconds: Seconds, workers: int, guess: Callable[[int], float]) -> float:
    """When everything has ended."""
    ready: Ready[int] = Ready(graph, guess)
    now, running = 0.0, list[tuple[float, int]]()
    while True:
        while len(running) < workers and (node := ready.take()) is not None:
            heapq.heappush(running, (now + seconds[node], node))
        if not running:
            return now
        now, node = heapq.heappop(running)
        ready.done(node, ok=True)


def first_come(graph: Graph[int], seconds: Seconds, workers: int) -> float:
    """The same with a queue."""
    waits = {node: len(graph.after.get(node, ())) for node in graph.nodes}
    queue = [node for node in graph.nodes if not waits[node]]
    now, running = 0.0, list[tuple[float, int]]()
    while queue or running:
        while queue and len(running) < workers:
            node = queue.pop(0)
            heapq.heappush(running, (now + seconds[node], node))
        now, ended = heapq.heappop(running)
        for node, others in graph.after.items():
            if ended in others:
                waits[node] -= 1
                if not waits[node]:
                    queue.append(node)
    return now


def waves(graph: Graph[int], seconds: Seconds, workers: int) -> float:
    """The same with a barrier after all that was ready."""
    now, done = 0.0, set[int]()
    while len(done) < len(graph.nodes):
        wave = [node for node in graph.nodes if node not in done and graph.after.get(node, frozenset()) <= done]
        free = [0.0] * workers
        for node in sorted(wave, key=lambda one: -seconds[one]):
            heapq.heapreplace(free, free[0] + seconds[node])
        now += max(free)
        done.update(wave)
    return now


def main(many: int = 1000) -> int:
    """Print the ratios."""
    chance = random.Random(12)
    graphs = [a_graph(chance) for _ in range(many)]
    wrong = [{node: chance.uniform(0.5, 1.5) * one for node, one in seconds.items()} for _, seconds in graphs]
    print(f"{many} graphs, time / max(longest way, work / workers)")
    print(f"{'workers':>7}  {'order':22}{'mean':>8}{'p95':>8}{'at the bound':>14}")
    best = 0.0
    for workers in (10, 4):
        bounds = [
            max(*longest(graph, seconds.__getitem__).values(), sum(seconds.values()) / workers)
            for graph, seconds in graphs
        ]
        rows: dict[str, list[float]] = {
            "critical": [played(g, s, workers, s.__getitem__) for g, s in graphs],
            "critical, wrong by half": [
                played(g, s, workers, w.__getitem__) for (g, s), w in zip(graphs, wrong, strict=True)
            ],
            "critical, no guesses": [played(g, s, workers, lambda _: 1.0) for g, s in graphs],
            "fifo": [first_come(g, s, workers) for g, s in graphs],
            "waves": [waves(g, s, workers) for g, s in graphs],
        }
        for name, ends in rows.items():
            ratios = sorted(end / bound for end, bound in zip(ends, bounds, strict=True))
            mean, at_it = statistics.fmean(ratios), sum(ratio < 1 + 1e-9 for ratio in ratios) / len(ratios)
            print(f"{workers:7}  {name:24}{mean:6.3f}{ratios[int(0.95 * len(ratios))]:8.3f}{at_it:14.0%}")
            best = best or mean
    return int(best > BUDGET)


if __name__ == "__main__":
    raise SystemExit(main(*map(int, sys.argv[1:2])))
