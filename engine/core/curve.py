"""Is a public Ed25519 key worth anything? RFC 8032, sections 5.1.2 to 5.1.4, as far as that question needs it.

With a key of small order everybody can sign: one signature fits every message. What signs verifies with OpenSSL; this
here only looks at public keys, so nothing in it has to hide how long it takes.
"""

_P = 2**255 - 19
_ORDER = 2**252 + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, -1, _P) % _P
_ROOT_OF_MINUS_ONE = pow(2, (_P - 1) // 4, _P)

_Point = tuple[int, int, int, int]  # X, Y, Z, T with x = X/Z, y = Y/Z, x·y = T/Z
_NEUTRAL: _Point = (0, 1, 1, 0)


def weakness(public: bytes) -> str:
    """Why nobody's secret stands behind these 32 bytes; empty when they are a key as every key is made.

    Such a one is a point of the curve in its one spelling, a multiple of the base point, and not the neutral element.
    """
    y = int.from_bytes(public, "little") & (2**255 - 1)
    if y >= _P:
        return "it is not the one spelling of a point"
    x = _x(y, sign=public[31] >> 7)
    if x is None:
        return "it is not a point of the curve"
    point = (x, y, 1, x * y % _P)
    if _is_neutral(_times(8, point)):
        return "it is a point of small order, with which everybody can sign"
    if not _is_neutral(_times(_ORDER, point)):
        return "it is no multiple of the base point"
    return ""


def _x(y: int, sign: int) -> int | None:
    """The x of that sign (its lowest bit) on the curve -x² + y² = 1 + d·x²·y²; None where there is none."""
    square = (y * y - 1) * pow(_D * y * y + 1, -1, _P) % _P  # d is no square, so the divisor is never 0
    x = pow(square, (_P + 3) // 8, _P)
    if (x * x - square) % _P:
        x = x * _ROOT_OF_MINUS_ONE % _P
    if (x * x - square) % _P or (x == 0 and sign):
        return None
    return x if x & 1 == sign else _P - x


def _times(factor: int, point: _Point) -> _Point:
    result = _NEUTRAL
    while factor:
        if factor & 1:
            result = _plus(result, point)
        point = _plus(point, point)
        factor >>= 1
    return result


def _plus(one: _Point, other: _Point) -> _Point:
    """Complete, so it doubles, too."""
    x1, y1, z1, t1 = one
    x2, y2, z2, t2 = other
    a, b = (y1 - x1) * (y2 - x2) % _P, (y1 + x1) * (y2 + x2) % _P
    c, d = 2 * t1 * t2 * _D % _P, 2 * z1 * z2 % _P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % _P, g * h % _P, f * g % _P, e * h % _P


def _is_neutral(point: _Point) -> bool:
    x, y, z, _ = point
    return x == 0 and y == z
