"""What this machine's processor does fast, and what the C library is told before long work."""

from __future__ import annotations

import ctypes
import sys

import torch


def has_fast_bf16() -> bool:
    """Return whether this processor multiplies bf16 natively: AVX512-BF16 or AMX."""
    return bool(torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())


def keep_freed_memory() -> None:
    """Tell glibc to keep large freed blocks instead of returning them: saves page faults in every training step."""
    if not sys.platform.startswith("linux"):
        return
    try:
        libc = ctypes.CDLL(None)
        libc.mallopt(-3, 1 << 30)  # M_MMAP_THRESHOLD
        libc.mallopt(-1, (1 << 31) - 1)  # M_TRIM_THRESHOLD
    except (OSError, AttributeError):  # another C library
        return
