"""How fast the kernels are: on every shape of the workloads, beside their peers and beside the machine's limits.

`shapes` says what a product and a convolution are, `record` finds those of the workloads, `method` counts what the
kernels do for them, `limits` measures what the machine could do, `roofline` holds the two together; `race` times ours
and the peers' (`calls_…`, served by `worker`) in turn, `scaling` over a ladder of sizes; `report` prints and `figure`
draws. Started by ``python -m benchmarks kernels`` (`run`).
"""
