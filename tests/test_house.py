"""The rules of the house: floors, cycles, budgets, documentation, and what an import costs."""

import ast
import importlib
import inspect
import os
import re
import statistics
import subprocess
import sys
from pathlib import Path

import pytest

import minigen

ROOT = Path(minigen.__file__).parent
MODULES = sorted(ROOT.rglob("*.py"))
FLOORS = {
    "errors": 0, "files": 0, "machine": 0, "backends": 0,
    "core.autograd": 1, "core.random": 1,
    "core.ops": 2,
    "core.tensor": 3, "core.functional": 3,  # names of ops only, which layers use
    "core.nn": 4, "core.optim": 4, "core.capture": 4,
    "functional": 4, "nn": 5, "optim": 5,  # the faces of what stands in core
    "testing": 5, "insight": 5, "probability": 5,
    "models": 6,
    "train": 7,
    "evaluate": 8,
    "cli": 9,
    "__main__": 10,
}  # fmt: skip
SIDE_ROOMS = ("data", "metrics", "viz")
OPEN_FROM = {"data": 7, "metrics": 8, "viz": 7, "cli": 9}  # floors that may enter a side room
ONE_ROOM = {  # files that are one room
    "core.parameter": "core.tensor",
    "core.nested": "core.capture",
    "core.identity": "core.capture",
    "core.repetition": "core.capture",
}
COMMON = ("errors", "files", "machine")  # what every room may use
HEAVY = {"numba", "matplotlib", "safetensors", "tyro", "tqdm", "PIL", "scipy", "torch", "hypothesis"}

LAZY = ("", "backends")  # where names are imported when they are first asked for


def name_of(path):
    """minigen/core/ops/conv.py is "core.ops.conv"; minigen itself is ""."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def room_of(module):
    """The room that a module stands in: the longest known prefix of its name."""
    module = ONE_ROOM.get(module, module)
    rooms = [room for room in (*FLOORS, *SIDE_ROOMS) if module == room or module.startswith(room + ".")]
    return max(rooms, key=len, default=None)


def imports_of(path, everywhere=True):
    """(line, module, depth) of every import of minigen in a file; depth 0 is the top of the module."""
    package = path.parent.relative_to(ROOT).parts
    found = []

    def visit(node, depth):
        for child in ast.iter_child_nodes(node):
            inner = depth + isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            if isinstance(child, ast.ImportFrom) and (child.level or (child.module or "").split(".")[0] == "minigen"):
                base = package[: len(package) - child.level + 1] if child.level else ()
                names = (child.module or "").split(".") if child.module else []
                target = [*base, *(names if child.level else names[1:])]
                for alias in child.names:
                    found.append((child.lineno, ".".join([*target, alias.name]), inner))
            elif isinstance(child, ast.Import):
                found.extend(
                    (child.lineno, alias.name.partition(".")[2], inner)
                    for alias in child.names
                    if alias.name.split(".")[0] == "minigen"
                )
            visit(child, inner)

    visit(ast.parse(path.read_text()), 0)
    return [(line, existing(module), depth) for line, module, depth in found]


def existing(module):
    """The module that ``from a import b`` names: a.b if that is one, else a."""
    parts = module.split(".")
    while parts and not (
        (ROOT.joinpath(*parts)).with_suffix(".py").exists() or ROOT.joinpath(*parts, "__init__.py").exists()
    ):
        parts.pop()
    return ".".join(parts)


def may_import(room, target):
    """Whether a module of ``room`` may import one of the room ``target``."""
    if room == target or target == "errors" or (target in COMMON and room not in COMMON):
        return True
    if room in SIDE_ROOMS:
        return False
    if target in SIDE_ROOMS:
        return FLOORS[room] >= OPEN_FROM[target]
    return FLOORS[target] < FLOORS[room]


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_every_module_stands_in_a_room(path):
    assert name_of(path) in ("", "core") or room_of(name_of(path)), f"{path}: which floor is it on? (DESIGN 1)"


@pytest.mark.parametrize("path", [p for p in MODULES if name_of(p)], ids=name_of)
def test_imports_go_down(path):
    room = room_of(name_of(path))
    for line, target, depth in imports_of(path):
        assert depth == 0, f"{path}:{line} imports minigen.{target} inside a function; import it at the top"
        if room is None:
            pytest.fail(f"{path}:{line}: core/__init__ imports nothing, so that autograd can be imported alone")
        if target == "":  # the package itself, from the command line's version
            assert FLOORS.get(room, 0) >= 7, f"{path}:{line} imports the whole of minigen"
            continue
        assert may_import(room, room_of(target)), (
            f"{path}:{line}: {room} (floor {FLOORS.get(room, 'side room')}) imports {target}"
            f" (floor {FLOORS.get(room_of(target), 'side room')}); a module imports only from lower floors"
        )


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_imports_are_relative(path):
    """One way to name a neighbour, in every room."""
    for node in ast.walk(ast.parse(path.read_text())):
        names = [node.module or ""] if isinstance(node, ast.ImportFrom) and not node.level else []
        names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        assert not any(name.split(".")[0] == "minigen" for name in names), f"line {node.lineno}"


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_imports_can_be_seen(path):
    """An import by a string escapes every rule above; the lazy look-ups of the package and of a backend aside."""
    for node in ast.walk(ast.parse(path.read_text())):
        called = node.func if isinstance(node, ast.Call) else None
        name = getattr(called, "attr", getattr(called, "id", None))
        hidden = name in ("import_module", "__import__", "exec", "eval")
        own_eval = name == "eval" and isinstance(called, ast.Attribute)  # Module.eval
        assert not hidden or own_eval or name_of(path) in LAZY, (
            f"{path}:{node.lineno} calls {name}(); import at the top"
        )


def test_no_cycles():
    graph = {
        name_of(path): {target for _, target, _ in imports_of(path)} - {name_of(path), ""}
        for path in MODULES
        if name_of(path)
    }
    done = set()

    def visit(module, path):
        assert module not in path, f"an import cycle: {' -> '.join([*path, module])}"
        if module not in done:
            for target in graph.get(module, ()):
                if not module.startswith(target + "."):  # a package is imported before its modules in any case
                    visit(target, [*path, module])
            done.add(module)

    for module in graph:
        visit(module, [])


def test_matplotlib_is_imported_in_viz_only():
    for path in MODULES:
        if room_of(name_of(path)) != "viz":
            assert not {"matplotlib"} & set(outside_imports(path)), f"{path} imports matplotlib; only viz does"


def outside_imports(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield node.module.split(".")[0]


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_files_and_functions_are_short(path):
    source = path.read_text()
    assert source.count("\n") <= 350, f"{path} has {source.count(chr(10))} lines; cut it by subject (at most 350)"
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = code_lines(node, source.splitlines())
            assert lines <= 40, f"{path}:{node.lineno}: {node.name} has {lines} lines of code; at most 40"


def code_lines(function, lines):
    """Lines of a function that are code: neither its docstring, nor blank, nor only a comment."""
    first = function.body[0]
    documented = (
        isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str)
    )
    text = set(range(first.lineno, first.end_lineno + 1)) if documented else set()
    body = (i for i in range(function.lineno, function.end_lineno + 1) if i not in text)
    return sum(1 for i in body if (line := lines[i - 1].strip()) and not line.startswith("#"))


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_public_names_are_documented(path):
    """Modules, public classes and functions, and the public methods of public classes that no base documents."""
    tree = ast.parse(path.read_text())
    assert ast.get_docstring(tree) or not tree.body, f"{path} has no docstring"
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            assert ast.get_docstring(node), f"{path}:{node.lineno}: {node.name} has no docstring"


SHAPE = re.compile(r"\((?:[^()\s,]+(?: · [^()\s,]+)*,[^()]*|\.\.\.|…)\)|\bscalar\b|\bbroadcast\b|[Ee]lementwise")


def states_shapes(*found):
    """Whether one of the docstrings says of which shape something is: (N, C), (...), scalar, elementwise."""
    return any(SHAPE.search(inspect.getdoc(one) or "") for one in found)


@pytest.mark.parametrize("name", minigen.functional.__all__)
def test_functions_state_their_shapes(name):
    function = getattr(minigen.functional, name)
    assert states_shapes(function), f"functional.{name}: which shape goes in, which comes out? As in (N, C) or (...)"


@pytest.mark.parametrize("name", [n for n in minigen.nn.__all__ if n not in ("Module", "ModuleList")])
def test_layers_state_their_shapes(name):
    """In the class's docstring, or once for all layers of a file in the file's."""
    layer = getattr(minigen.nn, name)
    if inspect.isclass(layer):
        assert states_shapes(layer, layer.forward, inspect.getmodule(layer)), f"nn.{name}: which shapes?"


@pytest.mark.parametrize(("text", "said"), [("y = x", 0), ("f(x) of (N, C)", 1), ("f(x)", 0), ("any shape (...)", 1)])
def test_what_counts_as_a_shape(text, said):
    assert bool(SHAPE.search(text)) == bool(said)


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_public_methods_are_documented(path):
    """In the class, or in a base that says what all subclasses do; for that alone the module is imported."""
    for node in ast.parse(path.read_text()).body:
        if not isinstance(node, ast.ClassDef) or node.name.startswith("_"):
            continue
        for method in node.body:
            if not isinstance(method, ast.FunctionDef) or method.name.startswith("_") or ast.get_docstring(method):
                continue
            where = f"{path}:{method.lineno}: {node.name}.{method.name}"
            assert node.bases, f"{where} has no docstring"
            found = getattr(importlib.import_module(f"minigen.{name_of(path)}"), node.name)
            assert inspect.getdoc(getattr(found, method.name)), f"{where} has no docstring, nor has a base's"


def test_every_cpu_kernel_is_named_in_reference():
    """What is served faster is defined first, by the same name: in the package, and in the same file."""
    pytest.importorskip("numba", reason="the cpu backend needs Numba")
    from minigen.backends import cpu, reference

    served = [name for name, value in vars(cpu).items() if callable(value) and not name.startswith("_")]
    assert served
    missing = [name for name in served if not hasattr(reference, name)]
    assert not missing, f"backends/cpu serves {missing}, which backends/reference does not define"


@pytest.mark.parametrize(
    "statement", ["import minigen", "from minigen import Tensor", "from minigen import functional"]
)
def test_importing_loads_nothing_heavy(statement):
    code = f"import sys; {statement}; print([n for n in {sorted(HEAVY)} if n in sys.modules])"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment())
    assert result.stdout.strip() == "[]"


def environment():
    paths = [str(ROOT.parent), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}


def cpu_seconds(statement, bytecode):
    """CPU time of a fresh interpreter, measured by itself: other programs on the machine count for little."""
    code = f"{statement}; import os; t = os.times(); print(t.user + t.system)"
    kept = {**environment(), "PYTHONPYCACHEPREFIX": str(bytecode)}
    kept.pop("PYTHONDONTWRITEBYTECODE", None)
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=kept)
    return float(result.stdout)


def test_importing_costs_at_most_half_more_than_numpy(tmp_path):
    """Interleaved runs, so that a slow spell of the machine meets all; three goes, since some spells are shorter.

    Both are imported from bytecode, as after `pip install`: where Python is told to write none, a checkout would be
    compiled anew each time and NumPy would not.
    """
    statements = ["import numpy", "import minigen", "from minigen import Tensor"]
    for statement in statements:
        cpu_seconds(statement, tmp_path)
    for _ in range(3):
        runs = [[cpu_seconds(statement, tmp_path) for statement in statements] for _ in range(5)]
        numpy, *ours = (statistics.median(column) for column in zip(*runs, strict=True))
        if max(ours) <= 1.5 * numpy:
            return
    pytest.fail(f"import numpy takes {numpy:.3f} s of CPU, minigen {max(ours):.3f} s: more than 1.5 times")
