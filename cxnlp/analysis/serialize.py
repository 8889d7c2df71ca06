"""Frozen dataclasses to plain values and back, guided by their type hints alone."""

from __future__ import annotations

import math
import types
from dataclasses import fields, is_dataclass, replace
from functools import cache
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

T = TypeVar("T")


def to_plain(value: Any) -> Any:
    """Return `value` as dicts, lists and scalars; dataclasses add the properties their class lists in `DERIVED`."""
    if is_dataclass(value) and not isinstance(value, type):
        names = [item.name for item in fields(value)] + list(getattr(type(value), "DERIVED", ()))
        return {name: to_plain(getattr(value, name)) for name in names}
    if isinstance(value, tuple | list):
        return [to_plain(item) for item in value]
    return _round(value) if isinstance(value, float) else value


def rounded(value: T) -> T:
    """Return `value` with every number in it cut to six significant digits.

    More would be noise: it keeps files small and equal on machines that add up in another order.
    """
    result: T = _rounded(value)
    return result


def _rounded(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{item.name: _rounded(getattr(value, item.name)) for item in fields(value)})
    if isinstance(value, tuple):
        return tuple(_rounded(item) for item in value)
    return _round(value) if isinstance(value, float) else value


def _round(value: float) -> float:
    if not math.isfinite(value):
        raise ValueError(f"found {value}, expected a finite number")
    return float(f"{value:.6g}") + 0.0


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def from_plain(kind: type[T], plain: Any, place: str = "") -> T:
    """Build a `kind` from what `to_plain` made of one; raise `ValueError` naming the `place` that does not fit."""
    result: T = _read(kind, plain, place)
    return result


def _read(kind: Any, plain: Any, place: str) -> Any:
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        inner = [option for option in get_args(kind) if option is not type(None)]
        return None if plain is None else _read(inner[0], plain, place)
    if origin is Literal:
        if plain not in get_args(kind):
            raise ValueError(f"{place}: found {plain!r}, expected one of {', '.join(map(str, get_args(kind)))}")
        return plain
    if origin is tuple:
        return _read_tuple(get_args(kind), plain, place)
    if is_dataclass(kind):
        return _read_dataclass(kind, plain, place)
    if kind is float and isinstance(plain, int) and not isinstance(plain, bool):
        return float(plain)
    if not isinstance(plain, kind) or (kind is int and isinstance(plain, bool)):
        raise ValueError(f"{place}: found {type(plain).__name__}, expected {kind.__name__}")
    return plain


def _read_tuple(kinds: tuple[Any, ...], plain: Any, place: str) -> tuple[Any, ...]:
    if not isinstance(plain, list | tuple):
        raise ValueError(f"{place}: found {type(plain).__name__}, expected a list")
    if len(kinds) == 2 and kinds[1] is Ellipsis:
        return tuple(_read(kinds[0], item, f"{place}[{index}]") for index, item in enumerate(plain))
    if len(plain) != len(kinds):
        raise ValueError(f"{place}: found {len(plain)} items, expected {len(kinds)}")
    return tuple(_read(k, item, f"{place}[{index}]") for index, (k, item) in enumerate(zip(kinds, plain, strict=True)))


def _read_dataclass(kind: Any, plain: Any, place: str) -> Any:
    if not isinstance(plain, dict):
        raise ValueError(f"{place}: found {type(plain).__name__}, expected an object")
    hints = _hints(kind)
    missing = [item.name for item in fields(kind) if item.name not in plain]
    if missing:
        raise ValueError(f"{place or kind.__name__}: lacks {', '.join(missing)}")
    return kind(**{f.name: _read(hints[f.name], plain[f.name], f"{place}.{f.name}".lstrip(".")) for f in fields(kind)})
