"""No fresh pages in the hot loop: the C library is told to keep the memory that a training step gives back.

A training step of a U-Net makes and drops some hundred arrays of 8 to 25 MiB. glibc gives large blocks back to the
system, and as soon as twice the largest of them is free at the end of the heap, that too; a moment later it asks for
them again, and the system maps each page anew and fills it with zeros on its first touch. Measured (a step of the
`ddpm` workload, one thread of a Zen 5): 60,000 page faults a step, and with them 1,270 ms of CPU time instead of 1,085.
What is kept is at most what a step needs anyway: the peak is the same, only the process holds it until it ends.

Two of glibc's settings do it: blocks up to the first come from the heap, where freed ones are used again, instead of
from maps of their own; the heap's top is not given back below the second. Larger blocks still come and go. Other C
libraries (musl, macOS, Windows) have no such settings and are left as they are, and so is a glibc that the environment
tells something of its own.

Reference: The GNU C Library Reference Manual, Malloc Tunable Parameters,
https://www.gnu.org/software/libc/manual/html_node/Malloc-Tunable-Parameters.html
"""

import ctypes
import os

TRIM_THRESHOLD, MMAP_THRESHOLD = -1, -3  # the parameters' numbers in malloc.h
LARGEST = 32 << 20  # bytes; glibc refuses a higher threshold
KEEP = 2**31 - 1  # bytes at the heap's top that stay; mallopt takes an int
OWN_WORDS = ("GLIBC_TUNABLES", "MALLOC_TRIM_THRESHOLD_", "MALLOC_MMAP_THRESHOLD_", "MALLOC_MMAP_MAX_")


def keep_memory():
    """Let the C library keep freed memory for the next step; True if it is glibc and agreed to.

    It holds for the whole process. Nothing changes where the environment has settings of its own (``MALLOC_…_``,
    ``GLIBC_TUNABLES``), or where the C library is another.
    """
    if not _is_glibc() or any(name in os.environ for name in OWN_WORDS):
        return False
    mallopt = ctypes.CDLL(None).mallopt
    return bool(mallopt(MMAP_THRESHOLD, LARGEST) and mallopt(TRIM_THRESHOLD, KEEP))


def _is_glibc():
    try:
        return bool(os.confstr("CS_GNU_LIBC_VERSION"))
    except (AttributeError, ValueError, OSError):  # no confstr, or one that does not know the name
        return False
