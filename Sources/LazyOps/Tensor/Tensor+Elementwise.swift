/// Functions of each element. Those of real numbers give `float32` for integers and truth values.
extension Tensor {
  /// Returns the absolute value; the least integer stays what it is.
  public func abs() -> Tensor { number(.absolute) }
  /// Returns -1, 0 or 1 by the sign; zeros keep theirs and NaN stays.
  public func sign() -> Tensor { number(.sign) }
  /// Returns the element times itself.
  public func square() -> Tensor { self * self }

  /// Returns the square root; NaN for negative numbers.
  public func sqrt() -> Tensor { real(.sqrt) }
  /// Returns 1 / sqrt(x).
  public func rsqrt() -> Tensor { widened { $0.sqrt().reciprocal() } }
  /// Returns 1 / x.
  public func reciprocal() -> Tensor { real(.reciprocal) }

  /// Returns e to the power of x.
  public func exp() -> Tensor { real(.exp) }
  /// Returns 2 to the power of x.
  public func exp2() -> Tensor { real(.exp2) }
  /// Returns exp(x) - 1, exact near 0 too.
  public func expm1() -> Tensor { real(.expm1) }
  /// Returns the natural logarithm; -infinity for 0 and NaN for negative numbers.
  public func log() -> Tensor { real(.log) }
  /// Returns the logarithm to base 2.
  public func log2() -> Tensor { real(.log2) }
  /// Returns the logarithm to base 10.
  public func log10() -> Tensor { widened { $0.log() / 2.302585092994046 } }
  /// Returns log(1 + x), exact near 0 too.
  public func log1p() -> Tensor { real(.log1p) }

  /// Returns the sine of an angle in radians.
  public func sin() -> Tensor { real(.sin) }
  /// Returns the cosine of an angle in radians.
  public func cos() -> Tensor { real(.cos) }
  /// Returns the tangent of an angle in radians.
  public func tan() -> Tensor { real(.tan) }
  /// Returns the hyperbolic sine, exact near 0 too.
  public func sinh() -> Tensor {
    // 2 sinh(x / 2) cosh(x / 2): the exponential of x itself overflows before its half does.
    widened { x in
      let (up, down) = x.halfExponentials
      return (up - down) * 0.5 * (up + down + 2)
    }
  }
  /// Returns the hyperbolic cosine.
  public func cosh() -> Tensor {
    // 1 + 2 sinh(x / 2)²: its derivative is exact near 0 too.
    widened { x in
      let (up, down) = x.halfExponentials
      return (up - down).square() * 0.5 + 1
    }
  }
  /// Returns the hyperbolic tangent.
  public func tanh() -> Tensor { real(.tanh) }
  /// Returns the error function, 2 / sqrt(pi) times the integral of exp(-t²) from 0 to x.
  public func erf() -> Tensor { real(.erf) }

  /// Returns the largest integer not above x, in the same dtype.
  public func floor() -> Tensor { rounded(.floor) }
  /// Returns the smallest integer not below x, in the same dtype.
  public func ceil() -> Tensor { rounded(.ceiling) }
  /// Returns the nearest integer, of two the even one, in the same dtype.
  public func round() -> Tensor { rounded(.round) }
  /// Returns x without its fraction, in the same dtype.
  public func trunc() -> Tensor { rounded(.truncate) }

  /// exp(x / 2) - 1 and exp(-x / 2) - 1.
  private var halfExponentials: (up: Tensor, down: Tensor) {
    let half = floating * 0.5
    return (half.expm1(), (-half).expm1())
  }

  private func real(_ op: UnaryOp) -> Tensor { Primitive.unary(op, floating) }

  private func number(_ op: UnaryOp) -> Tensor {
    Tensor.require(op.accepts(dtype), op.rawValue, "does not take \(dtype)")
    return Primitive.unary(op, self)
  }

  private func rounded(_ op: UnaryOp) -> Tensor {
    Tensor.require(dtype != .bool, op.rawValue, "does not take bool")
    return dtype.isFloatingPoint ? Primitive.unary(op, self) : self
  }
}

extension Tensor {
  /// Returns the elements converted to another dtype: rounded, wrapped to its width, truncated towards zero from
  /// decimals to integers, and true unless zero for `bool`.
  public func cast(to dtype: DType) -> Tensor {
    if self.dtype == dtype { return self }
    // No gradient flows through what is not a real number, so none is tracked.
    if !dtype.isFloatingPoint {
      return Tensor(node: Node(.cast, [node], shape: shape, dtype: dtype, tracksGradient: false))
    }
    return Primitive.cast(self, to: dtype)
  }

  /// Returns the elements' bits read as another dtype of the same width.
  public func bitcast(to dtype: DType) -> Tensor {
    Tensor.require(
      self.dtype.byteCount == dtype.byteCount, "bitcast", "\(self.dtype) and \(dtype) differ in width")
    return Primitive.bitcast(self, to: dtype)
  }
}
