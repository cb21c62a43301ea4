"""What the register tile becomes on processors that are not here: its sums stay in registers through the inner loop.

The tile is emitted as for Numba and handed to LLVM for another target; the assembly is read, not run.
"""

import re

import pytest

pytest.importorskip("numba")

import llvmlite.binding as llvm
from llvmlite import ir
from numba import types
from numba.core.registry import cpu_target

from benchmarks.isa import SETS
from minigen.backends.cpu import simd, vectors

AVX2 = SETS["AVX2"]["NUMBA_CPU_FEATURES"]
TARGETS = {
    "NEON": ("aarch64-linux-gnu", "generic", ""),
    "AVX-512": ("x86_64-unknown-linux-gnu", "x86-64-v4", f"{AVX2},+avx512f"),
    "AVX2": ("x86_64-unknown-linux-gnu", "haswell", AVX2),
    "x86-64": ("x86_64-unknown-linux-gnu", "x86-64", "+sse2"),
}
"""Name -> triple, processor and features, as LLVM has them."""

SUMS = {("tile", "NEON"): 24, ("stack", "NEON"): 26, ("tile", "AVX-512"): 24, ("stack", "AVX-512"): 28}
"""Of the full tile and of the tallest one; 12 elsewhere."""

I64 = ir.IntType(64)
GROUP_STARTS, STEPS = [I64] * 3, [I64] * 3


def emitted(shape, dtype):
    """The module of one function in LLVM's intermediate code: the full tile, or a stack of the tallest."""
    context, module = cpu_target.target_context, ir.Module()
    pointer = context.get_data_type(dtype).as_pointer()
    rows_of = [pointer, GROUP_STARTS, I64]
    operands = [*rows_of, *rows_of, *rows_of, pointer, I64, STEPS, STEPS, STEPS, I64, I64]
    if shape == "stack":
        operands = [I64, *[I64 if kind is GROUP_STARTS else kind for kind in operands[:9]], *operands[9:]]
    flat = [kind for one in operands for kind in (one if isinstance(one, list) else [one])]
    function = ir.Function(module, ir.FunctionType(ir.VoidType(), flat), "tile")
    builder, given = ir.IRBuilder(function.append_basic_block()), iter(function.args)
    values = [[next(given) for _ in one] if isinstance(one, list) else next(given) for one in operands]
    of = vectors.Vectors(context, builder, dtype)
    if shape == "stack":
        simd._emit_stack(of, simd.TALLEST, simd.VECTORS, values)
    else:
        simd._emit(of, simd.GROUPS, simd.VECTORS, values)
    builder.ret_void()
    return str(module)


@pytest.fixture
def assembly(monkeypatch):
    """A function ("tile" or "stack", name of a target, dtype) -> its assembly there, and how many sums it has."""

    def compiled(shape, name, dtype):
        triple, cpu, told = TARGETS[name]
        llvm.initialize_all_targets()
        llvm.initialize_all_asmprinters()
        try:
            target = llvm.Target.from_triple(triple)
        except RuntimeError as error:
            pytest.skip(f"this LLVM has no such target: {error}")
        features = vectors.features_of(triple, told)
        monkeypatch.setattr(vectors, "VECTOR_BYTES", vectors.bytes_of(features))
        monkeypatch.setattr(simd, "MASKS", vectors.masks_of(features))
        monkeypatch.setattr(simd, "GROUP", simd.group_of(features))
        monkeypatch.setattr(simd, "TALLEST", simd.heights_of(features)[-1])
        machine = target.create_target_machine(cpu=cpu, features=told, opt=3)
        module = llvm.parse_assembly(emitted(shape, dtype))
        module.triple = triple
        passes = llvm.create_pass_builder(machine, llvm.create_pipeline_tuning_options(speed_level=3))
        passes.getModulePassManager().run(module, passes)
        rows = simd.GROUPS * simd.GROUP if shape == "tile" else simd.TALLEST
        return machine.emit_assembly(module), rows * simd.VECTORS

    return compiled


def inner_loops(text):
    """The instructions of each loop with no label within: from one to the jump back to it."""
    found, label, body = [], None, []
    for line in map(str.strip, text.splitlines()):
        if re.match(r"\.L\w+:", line):
            label, body = line.partition(":")[0], []
        elif line and line[0] not in ".#/":
            body.append(line)
            if line.split()[-1] == label:
                found.append(body)
    return found


def sums_of(loop):
    """The registers that a loop's additions of vectors go to."""
    arm = [m[1] for line in loop if (m := re.match(r"fmla\s+(v\d+)", line))]
    return arm or [line.split()[-1] for line in loop if re.match(r"(vfmadd\w+|addp)[sd]\s", line)]


def spilled(loop):
    """The instructions that move a vector from or to the stack."""
    return [line for line in loop if re.search(r"\bsp\b", line) or re.search(r"\(%r[sb]p\).*mm|mm.*\(%r[sb]p\)", line)]


@pytest.mark.parametrize("dtype", [types.float32, types.float64])
@pytest.mark.parametrize("name", TARGETS)
@pytest.mark.parametrize("shape", ["tile", "stack"])
def test_all_sums_stay_in_registers(assembly, shape, name, dtype):
    """As many registers as the tile has sums are added to, and no vector goes to the stack and back.

    (x86 has fewer address registers than the tile has rows: pointers may be read from the stack, beside the
    multiplications. A loop is one step of k, or several if the compiler unrolls it.)
    """
    text, sums = assembly(shape, name, dtype)
    loops = [loop for loop in inner_loops(text) if sums_of(loop)]
    assert loops and sums == SUMS.get((shape, name), 12)
    for loop in loops:
        assert len(set(sums_of(loop))) == sums and len(sums_of(loop)) % sums == 0
        assert spilled(loop) == []


def test_arm_multiplies_and_adds_in_one_instruction(assembly):
    """And no number is broadcast by an instruction of its own: fmla takes a lane."""
    text, sums = assembly("tile", "NEON", types.float32)
    (loop,) = (loop for loop in inner_loops(text) if sums_of(loop))
    assert sum(line.startswith("fmla") for line in loop) == sums
    assert not any(line.startswith(("fmul", "fadd", "dup", "bl")) for line in loop)


def test_a_tile_too_large_is_found_out(assembly, monkeypatch):
    """24 sums do not fit the 16 registers of AVX2."""
    monkeypatch.setattr(simd, "group_of", lambda features: 4)
    text, sums = assembly("tile", "AVX2", types.float32)
    loops = [loop for loop in inner_loops(text) if sums_of(loop)]
    assert any(spilled(loop) or len(set(sums_of(loop))) < sums for loop in loops)


@pytest.mark.parametrize("triple", ["aarch64-unknown-linux-gnu", "arm64-apple-darwin24.1.0"])
def test_every_64_bit_arm_has_neon(triple):
    """LLVM knows no features of some hosts, a Mac among them; the tile is that of NEON all the same."""
    features = vectors.features_of(triple, "")
    assert "+neon" in features and "+neon" not in vectors.features_of("x86_64-unknown-linux-gnu", "")
    assert vectors.bytes_of(features) == 16 and simd.group_of(features) == 4 and not vectors.masks_of(features)
