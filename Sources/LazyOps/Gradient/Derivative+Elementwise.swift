extension UnaryOp {
  /// Returns the gradient that arrives at the source `x` when `g` arrives at the result `y`; nil where the derivative is
  /// zero wherever there is one.
  func derivative(_ x: Tensor, _ y: Tensor, _ g: Tensor) -> Tensor? {
    switch self {
    case .negate: -g
    case .absolute: g * x.sign()
    case .sqrt: g * 0.5 / y
    case .reciprocal: -(g * y * y)
    case .exp: g * y
    case .exp2: g * y * ln2
    case .expm1: g * x.exp()
    case .log: g / x
    case .log2: g / (x * ln2)
    case .log1p: g / (x + 1)
    case .sin: g * x.cos()
    case .cos: -(g * x.sin())
    case .tan: g * (y * y + 1)
    case .tanh: g * (1 - y * y)
    case .erf: g * (-(x * x)).exp() * (2 / Double.pi.squareRoot())
    case .sign, .not, .floor, .ceiling, .round, .truncate: nil
    }
  }
}

private let ln2 = 0.6931471805599453

extension BinaryOp {
  /// Returns the gradient that arrives at the left source `a` when `g` arrives at the result `y`; nil for zero.
  func leftDerivative(_ a: Tensor, _ b: Tensor, _ y: Tensor, _ g: Tensor) -> Tensor? {
    switch self {
    case .add, .subtract, .remainder: g
    case .multiply: g * b
    case .divide: g / b
    // 0 at 0 ^ 0, where b * a ^ (b - 1) would be 0 * infinity.
    case .power: g * b * Primitive.binary(.power, a, Tensor.where((a .== 0) .& (b .== 0), 0, b - 1))
    case .maximum: Tensor.where(a .== b, g * 0.5, Tensor.where(a .< b, 0, g))
    case .minimum: Tensor.where(a .== b, g * 0.5, Tensor.where(b .< a, 0, g))
    case .floorDivide, .equal, .notEqual, .less, .lessEqual, .and, .or, .xor, .shiftLeft, .shiftRight: nil
    }
  }

  /// Returns the gradient that arrives at the right source `b` when `g` arrives at the result `y`; nil for zero.
  func rightDerivative(_ a: Tensor, _ b: Tensor, _ y: Tensor, _ g: Tensor) -> Tensor? {
    switch self {
    case .add: g
    case .subtract: -g
    case .multiply: g * a
    case .divide: -(g * y / b)
    case .remainder: -(g * a.floorDivided(by: b))
    // 0 where a is 0 and b is not negative, where y * log(a) would be 0 * -infinity.
    case .power: g * y * Tensor.where((a .== 0) .& (b .>= 0), 1, a).log()
    case .maximum: Tensor.where(a .== b, g * 0.5, Tensor.where(b .< a, 0, g))
    case .minimum: Tensor.where(a .== b, g * 0.5, Tensor.where(a .< b, 0, g))
    case .floorDivide, .equal, .notEqual, .less, .lessEqual, .and, .or, .xor, .shiftLeft, .shiftRight: nil
    }
  }
}
