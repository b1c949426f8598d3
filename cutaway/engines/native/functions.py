"""exp, log, tanh, erf, lane by lane: within two units in the last place of a float (erf: 2e-7).

Each takes apart what it is given (a power of two and a small rest) and follows a polynomial on the rest. The
polynomials of exp, log and tanh are those of Cephes (Moshier 1989, expf.c, logf.c, tanhf.c); erf is 7.1.26 of
Abramowitz and Stegun (1964).
"""

from __future__ import annotations

from collections.abc import Sequence

from cutaway.engines.native.language import Code, Value, lanes, short, vector

LOG2_E = 1.44269504088896341
LN2_HIGH, LN2_LOW = 0.693359375, -2.12194440e-4
"""Their sum is log 2; the first has so few digits that whole multiples of it are exact."""


def polynomial(code: Code, x: Value, coefficients: Sequence[float]) -> Value:
    """c0 x^n + c1 x^(n-1) + ... + cn."""
    y = code.like(coefficients[0], x)
    for c in coefficients[1:]:
        y = code.multiply_add(y, x, code.like(c, x))
    return y


def whole_numbers(x: Value) -> str:
    """The kind of whole numbers that fills the same register."""
    return vector("i32", lanes(x.kind)) if lanes(x.kind) else "i32"


def exp(code: Code, x: Value) -> Value:
    """e^x: 0 below -103, infinite above 88.7; what is not a number stays so."""
    bounded = code.where(x > 89.0, code.like(89.0, x), x)
    bounded = code.where(bounded < -104.0, code.like(-104.0, x), bounded)
    n = code.call(
        f"llvm.floor.{short(x.kind)}", x.kind, code.multiply_add(bounded, code.like(LOG2_E, x), code.like(0.5, x))
    )
    rest = code.multiply_add(n, code.like(-LN2_HIGH, x), bounded)
    rest = code.multiply_add(n, code.like(-LN2_LOW, x), rest)
    y = polynomial(
        code,
        rest,
        (1.9875691500e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1),
    )
    y = code.multiply_add(y, rest * rest, rest + 1.0)
    # 2^n in two halves, so that neither leaves the range of floats before the product does
    kind = whole_numbers(x)
    whole = code.convert("fptosi", code.where(x.equals(x), n, code.like(0.0, x)), kind)
    half = code.write(f"ashr {kind} {whole.name}, {code.of(kind, 1).name}", kind)
    y = y * power_of_two(code, half, x.kind) * power_of_two(code, whole - half, x.kind)
    return code.where(x.equals(x), y, x)


def power_of_two(code: Code, n: Value, kind: str) -> Value:
    """2^n for n from -126 to 127, by writing n where a float keeps its exponent."""
    return code.convert("bitcast", (n + 127) << 23, kind)


def log(code: Code, x: Value) -> Value:
    """The natural logarithm of a positive normal number."""
    kind = whole_numbers(x)
    bits = code.convert("bitcast", x, kind)
    exponent = code.convert("sitofp", (bits >> 23) - 126, x.kind)
    m = code.convert("bitcast", (bits & 0x007FFFFF) | 0x3F000000, x.kind)  # from 0.5 to 1
    low = m < 0.707106781186547524
    exponent = code.where(low, exponent - 1.0, exponent)
    m = code.where(low, m + m, m) - 1.0
    square = m * m
    y = polynomial(
        code,
        m,
        (
            7.0376836292e-2,
            -1.1514610310e-1,
            1.1676998740e-1,
            -1.2420140846e-1,
            1.4249322787e-1,
            -1.6668057665e-1,
            2.0000714765e-1,
            -2.4999993993e-1,
            3.3333331174e-1,
        ),
    )
    y = y * m * square
    y = code.multiply_add(exponent, code.like(LN2_LOW, x), y)
    y = code.multiply_add(square, code.like(-0.5, x), y)
    return code.multiply_add(exponent, code.like(LN2_HIGH, x), m + y)


def sigmoid(code: Code, x: Value) -> Value:
    """1 / (1 + e^-x), as the layer declares it: never the power of a large number."""
    small = exp(code, -code.size(x))
    return code.where(x < 0.0, small, code.like(1.0, x)) / (small + 1.0)


def tanh(code: Code, x: Value) -> Value:
    """The hyperbolic tangent."""
    size = code.size(x)
    square = x * x
    near = polynomial(
        code,
        square,
        (-5.70498872745e-3, 2.06390887954e-2, -5.37397155531e-2, 1.33314422036e-1, -3.33332819422e-1),
    )
    near = code.multiply_add(near * square, x, x)
    far = 1.0 - 2.0 / (exp(code, size + size) + 1.0)
    far = code.where(x < 0.0, -far, far)
    return code.where(size < 0.625, near, code.where(x.equals(x), far, x))


def erf(code: Code, x: Value) -> Value:
    """The error function, to 2e-7 of 1."""
    size = code.size(x)
    t = 1.0 / code.multiply_add(size, code.like(0.3275911, x), code.like(1.0, x))
    y = polynomial(code, t, (1.061405429, -1.453152027, 1.421413741, -0.284496736, 0.254829592)) * t
    y = 1.0 - y * exp(code, -(size * size))
    return code.where(x < 0.0, -y, y)
