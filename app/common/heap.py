"""The heap of the server: what is loaded once is set aside, so that collections look only at what people make."""

import ctypes
import gc
import sys

_modules = 0


def settle() -> bool:
    """Set aside all that lives now, if modules were loaded since the last time; whether it did.

    Imports of torch, numba and Plotly leave objects by the million that never die, and a full collection walks over all of them:
    a quarter of a second during which no session moves. `gc.freeze` takes them out of its way. Modules come only with the first
    page, query and scorer of their kind, so this happens a few times in the life of a server; garbage is collected before,
    so that none is kept.
    """
    global _modules
    if len(sys.modules) <= _modules:
        return False
    _modules = len(sys.modules)
    gc.collect()
    gc.freeze()
    return True


def give_back() -> None:
    """Collect what was let go, also of what was set aside, and hand its memory back to the system.

    What is large here, a build with all that was opened of it, refers to itself and dies in a collection only; none looks at
    what was set aside, and allocators keep what was freed in small pieces.
    """
    gc.unfreeze()
    gc.collect()
    gc.freeze()
    # Of the C libraries glibc keeps it and can be told; others cannot be asked, and need not be.
    if sys.platform == "linux" and (trim := getattr(ctypes.CDLL(None), "malloc_trim", None)):
        trim(0)
