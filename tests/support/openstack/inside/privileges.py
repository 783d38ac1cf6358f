"""Takes rights of root away from services that do not have them in production."""

import ctypes
import os

_LIBC = ctypes.CDLL(None, use_errno=True)
_VERSION = 0x20080522  # _LINUX_CAPABILITY_VERSION_3 in <linux/capability.h>
_CAP_DAC_OVERRIDE = 1


class _Header(ctypes.Structure):
    _fields_ = [("version", ctypes.c_uint32), ("pid", ctypes.c_int)]


class _Set(ctypes.Structure):
    """Half of the capabilities, as bits."""

    _fields_ = [
        ("effective", ctypes.c_uint32),
        ("permitted", ctypes.c_uint32),
        ("inheritable", ctypes.c_uint32),
    ]


def obey_write_modes() -> None:
    """Make files and folders without a writing bit unwritable for this process, even as root.

    It may still read and enter everything, such as the folder of PostgreSQL's socket.
    """
    header = _Header(_VERSION, 0)
    sets = (_Set * 2)()
    _check(_LIBC.capget(ctypes.byref(header), sets))
    sets[0].effective &= ~(1 << _CAP_DAC_OVERRIDE)
    sets[0].permitted &= ~(1 << _CAP_DAC_OVERRIDE)
    _check(_LIBC.capset(ctypes.byref(header), sets))


def _check(result: int) -> None:
    if result:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
