#!/usr/bin/env python3
"""Times the same workloads in Swiftlet and in other libraries, turn by turn, and prints the ratios.

    swift build -c release --product bench
    python3 Benchmarks/compare.py [--filter TEXT] [--peers torch,torch-compile,tinygrad,jax,mlx] [--save FILE]

All take turns within one run, on the same number of threads (THREADS, else all cores) and with the same inputs, so
that a noisy machine disturbs each alike; the least time of all turns counts. The results of a workload are compared,
with the tolerance of peers/workloads.py. The ratio is our time divided by that of the best peer: below 1 is faster. A
peer that is not installed is left out; a dash stands where one cannot do a workload, or not within the time limit.

--save adds what was measured to a JSON file, so that a long comparison may be run in parts; --table prints the table
from such a file and measures nothing.
"""

import argparse
import json
import math
import os
import pathlib
import sys

from peers.inputs import sample
from peers.process import Failure, Ours, Peer
from peers.workloads import WORKLOADS

ROOT = pathlib.Path(__file__).resolve().parent.parent
PEERS = ["torch", "torch-compile", "tinygrad", "jax", "mlx"]


def difference(ours, theirs):
    """Returns the largest difference between two results, as a part of the largest element."""
    worst = 0.0
    if len(ours) != len(theirs):
        raise Failure(f"{len(ours)} results, not {len(theirs)}")
    for a, b in zip(ours, theirs):
        if math.prod(a["shape"]) != math.prod(b["shape"]):
            raise Failure(f"shapes {a['shape']} and {b['shape']}")
        scale = max((abs(y) for y in b["values"]), default=0) or 1
        for x, y in zip(a["values"], b["values"]):
            gap = abs(float(x) - y) / scale
            worst = max(worst, gap if gap == gap else math.inf)
    return worst


def compare(workload, ours, peers, options):
    """Measures a workload; returns what `row` prints."""
    entry = {"times": {}, "notes": []}
    results, ready = {}, []
    resident = {}
    for peer in peers:
        try:
            if workload.compares_memory:
                peer.stop()
            answer = peer.ask(prepare=workload.name)
            if answer["results"] is not None:
                results[peer.name] = answer["results"]
                ready.append(peer)
        except Failure as failure:
            entry["notes"].append(f"{peer.name}: {failure}")
    for turn in range(options.rounds):
        if ours is not None:
            try:
                measured = ours.measure(workload.name, options.seconds)
                best = min(measured["milliseconds"][0], entry["times"].get("ours", math.inf))
                entry["times"]["ours"] = best
                entry |= {key: measured[key] for key in ("kernels", "peakBytes", "flops", "bytes")}
                results["ours"], resident["ours"] = measured["results"], measured["residentBytes"]
            except Failure as failure:
                entry["notes"].append(f"ours: {failure}")
                ours = None
        for peer in list(ready):
            try:
                answer = peer.ask(time=options.seconds)
                least, resident[peer.name] = min(answer["times"]), answer["resident"]
                entry["times"][peer.name] = min(least, entry["times"].get(peer.name, math.inf))
            except Failure as failure:
                entry["notes"].append(f"{peer.name}: {failure}")
                ready.remove(peer)
    if workload.compares_memory:
        peaks = ", ".join(f"{name} {count * 1e-6:.0f} MB" for name, count in resident.items())
        entry["notes"].append(f"peak memory of the processes: {peaks}")
    if workload.exact:
        exact = [sample(workload.exact(*workload.inputs()))]
        errors = sorted((difference(result, exact), name) for name, result in results.items())
        entry["notes"].append("relative errors: " + ", ".join(f"{name} {error:.1e}" for error, name in errors))
    for name in sorted(results.keys() - {"ours"}) if "ours" in results else ():
        try:
            gap = difference(results["ours"], results[name])
            if gap > workload.tolerance:
                entry["notes"].append(f"DIFFERS from {name} by {gap:.1e}, allowed {workload.tolerance:.0e}")
        except Failure as failure:
            entry["notes"].append(f"DIFFERS from {name}: {failure}")
    return entry


def row(workload, entry, columns):
    """Returns the cells of a workload's line."""
    times = dict(entry["times"])
    ours = times.pop("ours", None)

    def cell(milliseconds):
        return "-" if milliseconds is None else f"{milliseconds:.4g}"

    ratio = ours / min(times.values()) if ours and times else None
    verdict = "" if ratio is None or workload.bar is None else "ok" if ratio <= workload.bar * 1.05 else "MISSED"
    rate = "-"
    if ours and entry["flops"]:
        rate = f"{entry['flops'] / ours * 1e-6:.0f} GFLOP/s"
    elif ours and entry["bytes"]:
        rate = f"{entry['bytes'] / ours * 1e-6:.1f} GB/s"
    memory = f"{entry['peakBytes'] * 1e-6:.1f}" if ours else "-"
    return [
        workload.name,
        *(cell(x) for x in (ours, *map(times.get, columns))),
        "-" if ratio is None else f"{ratio:.2f}",
        "-" if workload.bar is None else f"{workload.bar:g}",
        verdict,
        rate,
        str(entry["kernels"]) if ours else "-",
        memory,
    ]


def table(saved, chosen):
    """Prints the table of what is saved of the chosen workloads."""
    columns = [name for name in PEERS if name in saved["peers"]]
    print(f"{saved['threads']} threads; " + ", ".join(f"{name} {saved['peers'][name]}" for name in columns))
    header = ["workload", "ours ms", *(f"{name} ms" for name in columns)]
    lines = [header + ["ratio", "bar", "", "rate", "kernels", "peak MB"]]
    entries = [(w, saved["workloads"][w.name]) for w in chosen if w.name in saved["workloads"]]
    lines += [row(workload, entry, columns) for workload, entry in entries]
    widths = [max(len(line[place]) for line in lines) for place in range(len(lines[0]))]
    lines.insert(1, ["-" * width for width in widths])
    for line in lines:
        print("| " + " | ".join(text.ljust(width) for text, width in zip(line, widths)) + " |")
    for workload, entry in entries:
        for note in entry["notes"]:
            print(f"{workload.name}: {note}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--filter", default="", help="only workloads whose names contain it")
    parser.add_argument("--only", help="only the workloads of these names, with commas between")
    parser.add_argument("--peers", default=",".join(PEERS))
    parser.add_argument("--rounds", type=int, default=3, help="turns of each")
    parser.add_argument("--seconds", type=float, default=0.5, help="the time of one turn")
    parser.add_argument("--limit", type=float, default=60, help="the seconds a peer may take for a request")
    parser.add_argument("--bench", default=ROOT / ".build" / "release" / "bench", help="our program")
    parser.add_argument("--save", type=pathlib.Path, help="the file to add results to")
    parser.add_argument("--table", type=pathlib.Path, help="prints the table of a saved file")
    options = parser.parse_args()
    only = options.only.split(",") if options.only else None
    chosen = [w for w in WORKLOADS if options.filter in w.name and (only is None or w.name in only)]
    if options.table:
        return table(json.loads(options.table.read_text()), chosen)
    if not pathlib.Path(options.bench).exists():
        raise SystemExit(f"{options.bench} is missing: swift build -c release --product bench")

    threads = int(os.environ.get("THREADS", os.cpu_count()))
    ours = Ours(options.bench, threads)
    known = ours.names()
    saved = {"threads": threads, "peers": {}, "workloads": {}}
    if options.save and options.save.exists():
        saved = json.loads(options.save.read_text())
    peers = []
    for name in filter(None, options.peers.split(",")):
        peer = Peer(name, threads, options.limit)
        try:
            peer.start()
        except Failure as failure:
            print(f"{name} is left out: {failure}", file=sys.stderr)
            continue
        saved["peers"][name] = peer.version
        peers.append(peer)
    for workload in chosen:
        print(workload.name, end=" ", file=sys.stderr, flush=True)
        entry = compare(workload, ours if workload.name in known else None, peers, options)
        saved["workloads"][workload.name] = entry
        if options.save:
            options.save.write_text(json.dumps(saved, indent=1))
    print(file=sys.stderr)
    for peer in peers:
        peer.stop()
    table(saved, chosen)


if __name__ == "__main__":
    main()
