"""The committed results as the tables of README.md and docs/speed.md; ``python -m benchmarks.summary`` prints them."""

import json
from statistics import geometric_mean

from .kernels.report import RATIO, SHARE
from .race import CONTENDERS, RESULTS


def _read(name):
    return json.loads((RESULTS / f"{name}.json").read_text())


def _rows(head, rows):
    return "\n".join("| " + " | ".join(map(str, row)) + " |" for row in (head, ["---"] * len(head), *rows))


def _range(values, form):
    return f"{min(values):{form}} to {max(values):{form}}"


def workloads_table():
    """Each workload beside its fastest peer, and its memory beside PyTorch's."""
    rows = []
    for name in CONTENDERS:
        result = _read(name)
        found, ours = result["contenders"], result["contenders"]["minigen"]
        peers = {peer: each["median_ms"] for peer, each in found.items() if peer != "minigen"}
        fastest = min(peers, key=peers.get)
        rows.append([
            name, f"{ours['median_ms']:.3g}", f"{peers[fastest]:.3g} ({fastest})",
            f"{result['ratio_to_fastest_peer']:.2f}", ours["peak_mib"], found["PyTorch eager"]["peak_mib"],
        ])  # fmt: skip
    head = ["", "minigen, ms", "fastest peer, ms", "ratio", "memory, MiB", "PyTorch eager, MiB"]
    return _rows(head, rows)


def bounds_table():
    """Where the time of each workload's step goes, in milliseconds."""
    rows = []
    for name in CONTENDERS:
        found = _read(f"profile_{name}")
        heavy = [row for row in found["kernels"] if row["method"]]
        others = [row for row in found["kernels"] if not row["method"]]
        times = (
            found["step_ms"], *(sum(row[key] for row in heavy) for key in ("ms", "bound_ms")),
            *(sum(row[key] for row in others) for key in ("ms", "bound_ms")), found["rest_ms"],
        )  # fmt: skip
        rows.append([name, *(f"{ms:.3g}" for ms in times)])
    head = ["", "a step", "products and convolutions", "their bound", "other kernels", "their bound", "no kernel"]
    return _rows(head, rows)


def kernels_table():
    """How near the shapes of each kind and method come to their bound, and to the fastest peer."""
    groups = {}
    for found in _read("kernels")["shapes"]:
        groups.setdefault((found["kind"], found["method"]), []).append(found)
    rows = []
    for (kind, method), shapes in groups.items():
        shares, roofs, ratios = ([f[key] for f in shapes] for key in ("share_of_bound", "share_of_one_roof", "ratio"))
        rows.append([
            kind, method, len(shapes), _range(shares, ".0%"), _range(roofs, ".0%"), sum(s >= SHARE for s in shares),
            _range(ratios, ".2f"), f"{geometric_mean(ratios):.2f}",
            sum(ratio <= RATIO for ratio in ratios),
        ])  # fmt: skip
    within = f"≥ {SHARE:.0%}", "time / fastest peer", "mean", f"≤ {RATIO}"
    return _rows(["", "method", "shapes", "of the bound", "of one roof", *within], rows)


def isa_table():
    """The speed of the kernels as compiled for other instruction sets, relative to the processor's own."""
    sets = _read("isa")["sets"]
    others = [name for name in sets if name != "host"]
    rows = [
        [kernel, *(f"{sets[name]['kernels'][kernel]['of_host']:.0%}" for name in others)]
        for kernel in sets["host"]["kernels"]
    ]
    return _rows(["", *others], rows)


TABLES = workloads_table, bounds_table, kernels_table, isa_table

if __name__ == "__main__":
    print(*(table() for table in TABLES), sep="\n\n")
