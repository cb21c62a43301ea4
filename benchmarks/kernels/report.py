"""What was found, in lines of text."""

from statistics import geometric_mean

SHARE, RATIO = 0.85, 1.05
"""The goals: at least this share of the bound, and at most this much of the fastest peer's time."""
WORST = 5  # to name
HEAD = (
    f"{'':32}{'method':<32}{'op/byte':>8}{'bound':>8}{'by':>11}{'GFLOP/s':>9}{'GB/s':>7}{'share':>7}"
    f"{'µs':>9}{'peer µs':>9}{'ratio':>7}  fastest peer"
)


def limits_line(limits):
    """The machine's limits."""
    gbps = ", ".join(f"{name} {rate:.0f}" for name, rate in limits["gbps"].items())
    return f"{limits['threads']} threads: peak {limits['gflops']:.0f} GFLOP/s; GB/s of a triad: {gbps}"


def line(shape, times):
    """What each contender took on one shape, before the limits are known."""
    medians = ", ".join(f"{name} {1e6 * found['median']:.0f}" for name, found in times.items())
    return f"{shape.kind} {shape.name}: µs {medians}"


def row(found):
    """One shape."""
    ours, theirs = found["times"]["minigen"], found["times"].get(found["fastest_peer"])
    beside = f"{1e6 * theirs['median']:9.0f}{found['ratio']:7.2f}  {found['fastest_peer']}" if theirs else ""
    return (
        f"{found['name']:<32}{found['method']:<32}{found['intensity']:8.1f}{found['bound_gflops']:8.0f}"
        f"{found['bound_by']:>11}{found['gflops']:9.0f}{found['gbps']:7.0f}{found['share_of_bound']:7.0%}"
        f"{1e6 * ours['median']:9.0f}{beside}"
    )


def summary(shapes):
    """How many shapes reach the goals, which lie farthest from them, and what a step of each workload spends here."""
    shares = sorted(shapes, key=lambda found: found["share_of_bound"])
    reached = sum(found["share_of_bound"] >= SHARE for found in shapes)
    lines = [f"{reached} of {len(shapes)} shapes reach {SHARE:.0%} of their bound; least:"]
    lines += [f"  {found['share_of_bound']:4.0%}  {_named(found)}, {found['method']}" for found in shares[:WORST]]
    beside = sorted((found for found in shapes if found["ratio"]), key=lambda found: -found["ratio"])
    if not beside:
        return lines
    reached = sum(found["ratio"] <= RATIO for found in beside)
    mean = geometric_mean(found["ratio"] for found in beside)
    lines.append(
        f"{reached} of {len(beside)} take at most {RATIO} of the fastest peer's time, {mean:.2f} in the geometric mean;"
        " most:"
    )
    lines += [f"  {found['ratio']:4.2f}  {_named(found)}, {found['fastest_peer']}" for found in beside[:WORST]]
    for workload in dict.fromkeys(name for found in beside for name in found["calls"]):
        ours, theirs = totals(beside, workload)
        lines.append(
            f"a step of {workload}: {1e3 * ours:.2f} ms in these calls, {1e3 * theirs:.2f} if each were the fastest"
            " peer's"
        )
    return lines


def totals(shapes, workload):
    """Seconds that a step of a workload spends in these calls, ours and the fastest peer's of each."""
    return tuple(
        sum(found["calls"].get(workload, 0) * found["times"][who(found)]["median"] for found in shapes)
        for who in (lambda found: "minigen", lambda found: found["fastest_peer"])
    )


def scaling(found):
    """The ladders: a line for each step, GFLOP/s of the direct method."""
    names = list(dict.fromkeys(name for step in found for name in step["gflops"]))
    lines = [f"{'GFLOP/s of the direct method':<44}" + "".join(f"{name:>23}" for name in names)]
    for step in found:
        rates = "".join(f"{step['gflops'].get(name, float('nan')):23.1f}" for name in names)
        lines.append(f"{step['family']:<12}{step['axis']:<9}{step['value']:5}  " + f"{'':16}" + rates)
    return lines


def _named(found):
    return f"{found['kind']} {found['name']}"
