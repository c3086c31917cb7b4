"""The functions of `intrinsics` as the compiler has them. Imports Numba."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

# Of Numba and llvmlite, which have no types: what code is made for, what makes it, a value and a type in it, and the
# types of a call.
Context = Any
Builder = Any
LlvmValue = Any
NumbaType = Any
CallTypes = Any
# The types of a call, and what makes its instructions.
Lowered = tuple[CallTypes, Callable[[Context, Builder, CallTypes, Sequence[LlvmValue]], LlvmValue]]

_BYTE, _INT = ir.IntType(8), ir.IntType(32)


def _address(context: Context, builder: Builder, array_type: NumbaType, array: LlvmValue, i: LlvmValue) -> LlvmValue:
    """The place of item i, or of row i, as a pointer to bytes."""
    struct = context.make_array(array_type)(context, builder, array)
    stride = builder.extract_value(struct.strides, 0)
    return builder.gep(builder.bitcast(struct.data, _BYTE.as_pointer()), [builder.mul(i, stride)])


@intrinsic
def prefetch(typing_context: Context, array: NumbaType, i: NumbaType) -> Lowered:
    """See `intrinsics.prefetch`."""

    def generate(context: Context, builder: Builder, signature: CallTypes, args: Sequence[LlvmValue]) -> LlvmValue:
        address = _address(context, builder, signature.args[0], *args)
        kind = ir.FunctionType(ir.VoidType(), [address.type, _INT, _INT, _INT])
        # To read, into all caches, of data.
        flags = [_INT(flag) for flag in (0, 3, 1)]
        builder.call(builder.module.declare_intrinsic("llvm.prefetch.p0", (), kind), [address, *flags])
        return context.get_dummy_value()

    return types.none(array, types.intp), generate


@intrinsic
def word_at(typing_context: Context, text: NumbaType, i: NumbaType) -> Lowered:
    """See `intrinsics.word_at`."""

    def generate(context: Context, builder: Builder, signature: CallTypes, args: Sequence[LlvmValue]) -> LlvmValue:
        address = _address(context, builder, signature.args[0], *args)
        return builder.load(builder.bitcast(address, ir.IntType(64).as_pointer()), align=1)

    return types.int64(text, types.intp), generate


@intrinsic
def two_to_the(typing_context: Context, n: NumbaType) -> Lowered:
    """See `intrinsics.two_to_the`."""

    def generate(context: Context, builder: Builder, signature: CallTypes, args: Sequence[LlvmValue]) -> LlvmValue:
        # The exponent's bits, with its bias.
        bits = builder.shl(builder.add(args[0], _INT(127)), _INT(23))
        return builder.bitcast(bits, ir.FloatType())

    return types.float32(types.int32), generate
