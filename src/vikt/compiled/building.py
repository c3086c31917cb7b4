"""Kernels compiled by Numba: ahead of time to an object file, or when first called. Imports Numba.

An object file has one function of C for each entry, called with the address of words of 8 bytes: the head (see
`signatures`), the addresses of the arrays, the numbers, and room for the results. It reads arrays as NumPy lays them
out, once it has checked that they are such, and runs what is compiled for their types. It returns 0, or the number of
the argument that is not of its type, counted from 1, or FAILED. It needs neither Numba nor Python: it allocates
nothing, and leaves only the names of `loading.OUTSIDE` undefined.
"""

from __future__ import annotations

import re
import sys
import types
from typing import Any, NamedTuple

import llvmlite.binding as llvm
import numba
import numpy as np
from llvmlite import ir
from numba.core import codegen, compiler
from numba.core.compiler_lock import global_compiler_lock
from numba.core.registry import CPUDispatcher, cpu_target

from vikt import interruption
from vikt.compiled import intrinsics, lowering
from vikt.compiled.array_types import ArrayType
from vikt.compiled.loading import OUTSIDE, BuildError, is_x86
from vikt.compiled.lowering import Context, LlvmValue, NumbaType
from vikt.compiled.scopes import copied
from vikt.compiled.signatures import HEADER, N_HEAD, NDARRAY, Leaf, Parameter, Signature, Variant, entries_in, symbol_of

# Of Numba and llvmlite, which have no types: a compiled kernel, code that is linked, a module of LLVM.
Compiled = Any
CodeLibrary = Any
LlvmModule = Any

FAILED = -1
# Instructions of LLVM that become calls of the C library on some processor.
_LIBRARY_CALLS = re.compile(
    r"llvm\.(acos|asin|atan2?|cosh?|exp(?:10|2)?|fma|fmuladd|frexp|ldexp|log(?:10|2)?|powi?|sinh?|sincos|tanh?)\.(f32)?"
)
_WORD, _INT, _CHAR = ir.IntType(64), ir.IntType(32), ir.IntType(8)
_ADDRESS, _WORDS = _CHAR.as_pointer(), _WORD.as_pointer()
# What follows the head that all objects have, in the structures PyArrayObject and PyArray_Descr of NumPy.
_ARRAY = ir.LiteralStructType([_ADDRESS, _INT, _WORDS, _WORDS, _ADDRESS, _WORD, _INT])
_DATA, _N_DIMENSIONS, _SHAPE, _STRIDES, _, _DTYPE, _FLAGS = range(7)
_DESCRIPTION = ir.LiteralStructType([_ADDRESS, _CHAR, _CHAR, _CHAR, _CHAR, _INT])
_BYTE_ORDER, _TYPE_NUMBER = 3, 5
_CONTIGUOUS, _ALIGNED = 0x1, 0x100
_FOREIGN_ORDER = ">" if sys.byteorder == "little" else "<"


_OPTIONS = {
    "nopython": True,
    "error_model": "numpy",
    "_nrt": False,
    "no_cpython_wrapper": True,
    "no_cfunc_wrapper": True,
}


class _Library(codegen.AOTCodeLibrary):
    """Code that is optimised only once all that calls each other is together."""

    def _optimize_functions(self, module: LlvmModule) -> None:
        module.data_layout = self.codegen._data_layout

    def _optimize_final_module(self) -> None:
        pass


class _Codegen(codegen.AOTCPUCodegen):
    _library_class = _Library

    def _customize_tm_options(self, options: dict[str, Any]) -> None:
        super()._customize_tm_options(options)
        if is_x86():
            # LLVM may load the constants of an object more than 2 GB away from its instructions, and ends the process
            # where these have only 32 bits for the distance. On other processors it loads both together.
            options["codemodel"] = "large"


class _Compiler(compiler.Compiler):
    """Numba's compiler, but that it makes no code in this process."""

    def __init__(
        self,
        typing_context: Context,
        context: Context,
        library: CodeLibrary,
        args: NumbaType,
        returned: NumbaType,
        *rest: Any,
    ) -> None:
        flags, local_types = rest
        flags = flags.copy()
        flags.no_compile = True
        super().__init__(typing_context, context, library, args, returned, flags, local_types)


class _Target(NamedTuple):
    """A processor that need not be this one."""

    target_context: Context
    typing_context: Context = cpu_target.typing_context
    options: Any = cpu_target.options


class _Kernel(CPUDispatcher):
    """A kernel that others of its target call, and nothing in this process."""

    def __init__(self, function: types.FunctionType, target: _Target) -> None:
        self.targetdescr = target  # type: ignore[assignment]
        super().__init__(function, targetoptions=_OPTIONS, pipeline_class=_Compiler)

    def add_overload(self, compiled: Compiled) -> None:
        # What stands for the function in this process, where it has no address.
        key = object()
        self.targetctx.insert_user_function(key, compiled.fndesc, [compiled.library])
        self.overloads[tuple(compiled.signature.args)] = compiled._replace(entry_point=key)


def jit(module_name: str) -> types.SimpleNamespace:
    """The entries of a module of kernels, compiled when first called."""
    kernels = copied(module_name, _lowered, numba.njit(error_model="numpy", nogil=True))
    return types.SimpleNamespace(**{name: kernels[name] for name in entries_in(module_name)})


def _lowered(value: Any) -> Any:
    return getattr(lowering, value.__name__) if getattr(value, "__module__", None) == intrinsics.__name__ else value


@global_compiler_lock
def object_file(module_name: str, cpu: str) -> bytes:
    """The entries of a module of kernels as an object file for a processor ("" for any of this architecture).

    Raises
    ------
    BuildError
        A kernel does not compile, or needs what is not in `loading.OUTSIDE`.
    """
    own_codegen = _Codegen(module_name, cpu_name=cpu)
    context = cpu_target.target_context.subtarget(_internal_codegen=own_codegen, aot_mode=True)
    target = _Target(context)
    kernels = copied(module_name, _lowered, lambda kernel: _Kernel(kernel, target))
    library = own_codegen.create_library(module_name)
    module = library.create_ir_module("entries")
    symbols = []
    for name, kernel in entries_in(module_name).items():
        signature = Signature.of(kernel)
        symbols.append(symbol_of(module_name, name))
        functions = []
        for i, variant in enumerate(signature.variants):
            compiled = _compiled(kernels[name], [_numba_type(p, variant) for p in signature.parameters])
            library.add_linking_library(compiled.library)
            with context.push_code_library(library):
                variant_entry = _Entry(context, module, f"{symbols[-1]}_{i}", signature, variant)
                variant_entry.write(compiled)
            functions.append(variant_entry.function)
        _write_choice(module, symbols[-1], functions)
    with interruption.postponed():
        library.add_ir_module(module)
        library.finalize()
        return _emitted(library, symbols)


def _compiled(dispatcher: Any, args: list[NumbaType]) -> Compiled:
    try:
        # An interruption that meets one of the compiler's callbacks is lost there, and breaks the compiler.
        with interruption.postponed():
            dispatcher.compile(tuple(args))
    except numba.core.errors.NumbaError as error:
        reason = " ".join(str(error).split())
        raise BuildError(f"{dispatcher.py_func.__module__}.{dispatcher.__name__}: {reason}") from error
    return dispatcher.overloads[tuple(args)]


def _numba_type(parameter: Parameter, variant: Variant) -> NumbaType:
    if isinstance(parameter, ArrayType):
        dtype = numba.from_dtype(np.dtype(variant.dtype(parameter)))
        return numba.types.Array(dtype, parameter.n_dimensions, "A" if parameter.strided else "C")
    if isinstance(parameter, tuple):
        fields = [_numba_type(field, variant) for field in parameter[1]]
        return numba.types.BaseTuple.from_types(fields, parameter[0])
    return {int: numba.int64, float: numba.float64, bool: numba.boolean}[parameter]


def _emitted(library: CodeLibrary, symbols: list[str]) -> bytes:
    """The object file, in which nothing but `symbols` can be seen, and of which nothing is left undefined."""
    module, machine = library._final_module, library.codegen._tm
    for item in [*module.functions, *module.global_variables]:
        if not item.is_declaration and item.name not in symbols:
            item.linkage = "internal"
    passes = llvm.create_pass_builder(machine, llvm.create_pipeline_tuning_options(speed_level=3))
    passes.getModulePassManager().run(module, passes)
    declared = [item.name for item in [*module.functions, *module.global_variables] if item.is_declaration]
    unknown = sorted({name for name in map(_outside_name, declared) if name} - OUTSIDE)
    if unknown:
        raise BuildError(f"kernels of {library.name} need {', '.join(unknown)}, which no process is sure to have")
    return machine.emit_object(module)  # type: ignore[no-any-return]


def _outside_name(name: str) -> str | None:
    """What a declared name asks for from outside; None where the compiler itself has it."""
    if not name.startswith("llvm."):
        return name
    called = _LIBRARY_CALLS.match(name)
    return called[1] + ("f" if called[2] else "") if called else None


def _write_choice(module: LlvmModule, symbol: str, functions: list[LlvmValue]) -> None:
    """The function that calls the first of some that takes the arguments."""
    function = ir.Function(module, ir.FunctionType(_INT, [_WORDS]), symbol)
    builder = ir.IRBuilder(function.append_basic_block())
    status = _INT(FAILED)
    for own in functions:
        status = builder.call(own, function.args)
        with builder.if_then(builder.icmp_signed("<=", status, _INT(0))):
            builder.ret(status)
    builder.ret(status)


class _Entry:
    """A function of C that checks its arguments and calls a kernel."""

    def __init__(
        self, context: Context, module: LlvmModule, symbol: str, signature: Signature, variant: Variant
    ) -> None:
        self.context, self.signature, self.variant = context, signature, variant
        self.function = ir.Function(module, ir.FunctionType(_INT, [_WORDS]), symbol)
        self.builder = ir.IRBuilder(self.function.append_basic_block())
        self.n_taken, self.places = 0, iter(signature.places)

    def write(self, compiled: Compiled) -> None:
        context, builder = self.context, self.builder
        values = [self._value(parameter) for parameter in self.signature.parameters]
        returned, args = compiled.signature.return_type, compiled.signature.args
        conv = context.call_conv
        kind = conv.get_function_type(returned, args)
        kernel = ir.Function(builder.module, kind, compiled.fndesc.llvm_func_name)
        status, result = conv.call_function(builder, kernel, returned, args, values)
        with builder.if_then(status.is_error, likely=False):
            builder.ret(_INT(FAILED))
        self._store(result, returned)
        builder.ret(_INT(0))

    def _store(self, result: LlvmValue, returned: NumbaType) -> None:
        wanted, builder = self.signature.returns, self.builder
        is_one = not isinstance(returned, numba.types.BaseTuple)
        own = [] if returned == numba.types.none else [returned] if is_one else returned.types
        if len(own) != len(wanted) or is_one != self.signature.returns_one:
            raise BuildError(f"{self.function.name} returns {returned}, which is not what is annotated")
        for i, (number, its_type) in enumerate(zip(wanted, own, strict=True)):
            one = result if self.signature.returns_one else builder.extract_value(result, i)
            target = numba.float64 if number is float else numba.int64
            place = builder.gep(self.function.args[0], [_WORD(N_HEAD + len(self.signature.leaves) + i)])
            one = self.context.cast(builder, one, its_type, target)
            builder.store(one, builder.bitcast(place, one.type.as_pointer()))

    def _value(self, parameter: Parameter) -> LlvmValue:
        if isinstance(parameter, tuple):
            fields = [self._value(field) for field in parameter[1]]
            return self.context.make_tuple(self.builder, _numba_type(parameter, self.variant), fields)
        return self._leaf(parameter)

    def _leaf(self, leaf: Leaf) -> LlvmValue:
        builder = self.builder
        place = builder.gep(self.function.args[0], [_WORD(N_HEAD + next(self.places))])
        self.n_taken += 1
        if isinstance(leaf, ArrayType):
            return self._array(leaf, builder.load(place))
        if leaf is float:
            return builder.load(builder.bitcast(place, ir.DoubleType().as_pointer()))
        number = builder.load(place)
        return self.context.cast(builder, number, numba.int64, numba.boolean) if leaf is bool else number

    def _array(self, leaf: ArrayType, address: LlvmValue) -> LlvmValue:
        builder, array_type = self.builder, _numba_type(leaf, self.variant)
        dtype = np.dtype(self.variant.dtype(leaf))
        # The type of an object is the last word of its head.
        after_head = builder.add(address, self._head(HEADER))
        own_type = builder.load(builder.inttoptr(builder.sub(after_head, _WORD(8)), _WORDS))
        self._check(builder.icmp_signed("==", own_type, self._head(NDARRAY)))
        array_object = builder.inttoptr(after_head, _ARRAY.as_pointer())
        self._check(builder.icmp_signed("==", self._field(array_object, _N_DIMENSIONS), _INT(leaf.n_dimensions)))
        flags = _INT(_ALIGNED | (0 if leaf.strided else _CONTIGUOUS))
        self._check(builder.icmp_signed("==", builder.and_(self._field(array_object, _FLAGS), flags), flags))
        description = builder.add(self._field(array_object, _DTYPE), self._head(HEADER))
        self._check(self._is_of(dtype, builder.inttoptr(description, _DESCRIPTION.as_pointer())))
        shape = self._words(array_object, _SHAPE, leaf.n_dimensions)
        strides = self._words(array_object, _STRIDES, leaf.n_dimensions)
        if not leaf.strided:
            strides = [_WORD(dtype.itemsize)]
            for extent in reversed(shape[1:]):
                strides.insert(0, builder.mul(strides[0], extent))
        array = self.context.make_array(array_type)(self.context, builder)
        array.data = builder.bitcast(self._field(array_object, _DATA), array.data.type)
        array.shape, array.strides = (self._word_array(words) for words in (shape, strides))
        array.itemsize = _WORD(dtype.itemsize)
        n_items = shape[0]
        for extent in shape[1:]:
            n_items = builder.mul(n_items, extent)
        array.nitems = n_items
        return array._getvalue()

    def _is_of(self, dtype: np.dtype[Any], description: LlvmValue) -> LlvmValue:
        """Whether a description of a type is of one of NumPy's types that have these numbers, in the order of here."""
        builder, found = self.builder, self._field(description, _TYPE_NUMBER)
        own = ir.Constant(ir.IntType(1), 0)
        for number in sorted({np.dtype(code).num for code in np.typecodes["All"] if np.dtype(code) == dtype}):
            own = builder.or_(own, builder.icmp_signed("==", found, _INT(number)))
        foreign = builder.icmp_signed("==", self._field(description, _BYTE_ORDER), _CHAR(ord(_FOREIGN_ORDER)))
        return builder.and_(own, builder.not_(foreign))

    def _head(self, place: int) -> LlvmValue:
        return self.builder.load(self.builder.gep(self.function.args[0], [_WORD(place)]))

    def _field(self, struct: LlvmValue, number: int) -> LlvmValue:
        return self.builder.load(self.builder.gep(struct, [_INT(0), _INT(number)]))

    def _words(self, struct: LlvmValue, number: int, n: int) -> list[LlvmValue]:
        words = self._field(struct, number)
        return [self.builder.load(self.builder.gep(words, [_WORD(i)])) for i in range(n)]

    def _word_array(self, words: list[LlvmValue]) -> LlvmValue:
        array = ir.Constant(ir.ArrayType(_WORD, len(words)), ir.Undefined)
        for i, word in enumerate(words):
            array = self.builder.insert_value(array, word, i)
        return array

    def _check(self, holds: LlvmValue) -> None:
        with self.builder.if_then(self.builder.not_(holds), likely=False):
            self.builder.ret(_INT(self.n_taken))
