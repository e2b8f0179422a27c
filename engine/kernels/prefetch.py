"""Asking for memory before its turn, from compiled loops that jump about in an array too large for any cache."""

from engine.kernels.compiled import COMPILED

# Bytes that the processor fetches at a time.
LINE = 64


def prefetch(array, row):
    """Ask for a row of a contiguous array of two axes. Does nothing where numba cannot be imported."""


if COMPILED:
    from llvmlite import ir  # type: ignore[import-untyped]
    from numba.core import cgutils, types
    from numba.extending import intrinsic

    @intrinsic
    def prefetch(typing_context, array, row):
        """Ask for a row of a contiguous array of two axes."""

        def generate(context, builder, signature, arguments):
            view = context.make_array(signature.args[0])(context, builder, arguments[0])
            stride = cgutils.unpack_tuple(builder, view.strides)[0]
            place = context.cast(builder, arguments[1], signature.args[1], types.intp)
            pointer, number = ir.IntType(8).as_pointer(), ir.IntType(32)
            start = builder.gep(builder.bitcast(view.data, pointer), [builder.mul(stride, place)])
            kind = ir.FunctionType(ir.VoidType(), [pointer, number, number, number])
            ask = builder.module.declare_intrinsic("llvm.prefetch", [pointer], kind)
            lines = stride.type(0), stride, stride.type(LINE)
            with cgutils.for_range_slice(builder, *lines, inc=True) as (offset, _):
                # To be read, and soon again: into every cache; data, not code.
                builder.call(ask, [builder.gep(start, [offset]), number(0), number(3), number(1)])
            return context.get_dummy_value()

        return types.void(array, row), generate
