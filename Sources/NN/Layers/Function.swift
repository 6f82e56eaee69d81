public import LazyOps

/// A layer without parameters: a function of one tensor, to stand among others in `Sequential`.
///
///     Sequential(Linear(2, 16), Function.relu, Linear(16, 1), Function { $0.squeezed(at: -1) })
public struct Function: Layer, Sendable {
  private let body: @Sendable (Tensor) -> Tensor

  /// Creates a layer that computes `body`.
  public init(_ body: @escaping @Sendable (Tensor) -> Tensor) { self.body = body }

  /// Returns the function of `x`.
  public func callAsFunction(_ x: Tensor) -> Tensor { body(x) }
}

extension Function {
  /// x where it is positive, else 0.
  public static let relu = Function { $0.relu() }
  /// The hyperbolic tangent.
  public static let tanh = Function { $0.tanh() }
  /// 1 / (1 + exp(-x)).
  public static let sigmoid = Function { $0.sigmoid() }
  /// x times the normal distribution's cumulative function.
  public static let gelu = Function { $0.gelu() }
  /// x sigmoid(x).
  public static let silu = Function { $0.silu() }
  /// All axes but the first as one: [n, d...] -> [n, product of d].
  public static let flatten = Function { $0.flatten(from: 1) }

  /// The largest element of each window of `size` by `size`, which do not overlap unless `stride` says so.
  public static func maxPool2d(_ size: Int, stride: Int? = nil) -> Function {
    Function { $0.maxPool2d(size, stride: stride) }
  }
}
