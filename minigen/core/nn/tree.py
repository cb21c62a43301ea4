"""A module as text: a tree of its submodules with hyper-parameters, the shapes and the number of parameters."""


def tree(module):
    """One line for each module: name, class(hyper-parameters), parameters with shapes, and how many numbers they hold.

    A parameter met a second time is marked "tied" and not counted again; frozen ones are marked. The first line has
    the total.
    """
    rows, counted = [], set()
    _walk(module, "", "", "", rows, counted)
    left = max(len(row[0]) for row in rows)
    middle = max(len(row[1]) for row in rows)
    lines = [f"{a:<{left}}  {b:<{middle}}  {f'{n:,}' if n else '':>9}".rstrip() for a, b, n in rows[1:]]
    total = sum(row[2] for row in rows)
    frozen = sum(p.numel() for p in module.parameters() if not p.requires_grad)
    kinds = ", ".join(sorted({str(p.dtype) for p in module.parameters()}))
    own = f"  {rows[0][1]}" if rows[0][1] else ""
    head = (
        f"{rows[0][0]}{own}  {total:,} parameters"
        + (f", {frozen:,} frozen" if frozen else "")
        + (f", {kinds}" * bool(kinds))
    )
    return "\n".join([head, *lines])


def _walk(module, name, indent, branch, rows, counted):
    """Append (tree and class, parameters, number of elements not counted before) for ``module`` and all below."""
    words, count = [], 0
    for own, value in module._own("parameter"):
        mark = " tied" if id(value) in counted else "" if value.requires_grad else " frozen"
        count += 0 if id(value) in counted else value.numel()
        counted.add(id(value))
        words.append(f"{own} {_shape(value.shape)}{mark}")
    title = f"{name}: " if name else ""
    rows.append((f"{indent}{branch}{title}{type(module).__name__}({module.extra_repr()})", "  ".join(words), count))
    children = module.named_children()
    below = indent + {"": "", "├─ ": "│  ", "└─ ": "   "}[branch]
    for i, (child_name, child) in enumerate(children):
        _walk(child, child_name, below, "└─ " if i == len(children) - 1 else "├─ ", rows, counted)


def _shape(shape):
    return "×".join(map(str, shape)) if shape else "scalar"
