"""How fast a shape could be on a machine of given `limits`: the roofline.

A shape takes W operations of its method and must move Q bytes: its operands in, its result out, once each. Its
*arithmetic intensity* is I = W/Q. With a peak of P operations a second and B bytes a second, nothing computes it in
less time than max(W/P, Q/B), that is at more than min(P, I·B) operations a second. B is that of the smallest cache
which holds the Q bytes, as the calls are repeated on the same operands. A method of several stages (`method`), one
after the other, takes the sum of theirs, each bounded by its instructions and by what it passes on through the second
cache; its share of the one roof, as if all stages could run at once, is told beside.

Reference: Roofline: An Insightful Visual Performance Model for Multicore Architectures. Williams, Waterman, Patterson,
2009, https://doi.org/10.1145/1498765.1498785
"""


def home(size, limits):
    """The name of the memory from which ``size`` bytes come when they are used again and again."""
    return next((name for name, holds in limits["bytes"].items() if size <= holds), "memory")


def bound(operations, size, limits, stages=()):
    """What the limits say of W ``operations`` on ``size`` bytes, in ``stages``, if any, of (operations, bytes): a dict.

    Its entries: "intensity" in operations a byte, "memory" the name of where the bytes are, "gflops" the bound,
    "seconds" the least time, and "by" what sets it, "operations", "bytes" or "stages".
    """
    where = home(size, limits)
    by_operations = operations / (1e9 * limits["gflops"])
    by_bytes = size / (1e9 * limits["gbps"][where])
    by_stages = sum(
        max(slots / (1e9 * limits["gflops"]), passed / (1e9 * limits["gbps"]["second cache"]) if passed else 0)
        for slots, passed in stages
    )
    by = {"operations": by_operations, "bytes": by_bytes, "stages": by_stages}
    seconds = max(by.values())
    return {
        "intensity": operations / size,
        "memory": where,
        "gflops": operations / seconds / 1e9,
        "seconds": seconds,
        "by": max(by, key=by.get),  # the first of equals
    }


def placed(shape, method, seconds, limits):
    """A shape that took so many ``seconds`` by a `method.Method`, beside its bound: a dict fit for JSON."""
    least, operations = bound(method.operations, shape.bytes, limits, method.stages), method.operations
    return {
        "method": method.name,
        "operations": shape.operations,
        "method_operations": operations,
        "bytes": shape.bytes,
        "intensity": least["intensity"],
        "memory": least["memory"],
        "bound_by": least["by"],
        "bound_gflops": least["gflops"],
        "gflops": operations / seconds / 1e9,
        "direct_gflops": shape.operations / seconds / 1e9,
        "gbps": shape.bytes / seconds / 1e9,
        "share_of_bound": least["seconds"] / seconds,
        "share_of_one_roof": bound(operations, shape.bytes, limits)["seconds"] / seconds,
    }
