public import LazyOps

/// A layer that brings its last axes to mean 0 and variance 1, then scales and moves them. (Ba et al. 2016)
public struct LayerNorm: Layer, Sendable {
  /// The factors, of the normalized shape; 1 to begin with.
  public let weight: Parameter
  /// What is added, of the normalized shape; 0 to begin with.
  public let bias: Parameter?
  /// What is added to the variance, so that a constant does not divide by 0.
  public let epsilon: Double

  /// Creates a layer over the last axes, which have the extents of `shape`.
  public init(_ shape: Shape, epsilon: Double = 1e-5, bias: Bool = true, dtype: DType = .float32) {
    Tensor.require(shape.rank > 0, "LayerNorm", "there is no axis to normalize over")
    weight = Parameter(.ones(shape, dtype: dtype))
    self.bias = bias ? Parameter(.zeros(shape, dtype: dtype)) : nil
    self.epsilon = epsilon
  }

  /// Creates a layer over a last axis of extent `width`.
  public init(_ width: Int, epsilon: Double = 1e-5, bias: Bool = true, dtype: DType = .float32) {
    self.init([width], epsilon: epsilon, bias: bias, dtype: dtype)
  }

  /// Returns `x` normalized, scaled and moved. x: [..., shape...] -> the same shape
  public func callAsFunction(_ x: Tensor) -> Tensor {
    let rank = weight.shape.rank
    Tensor.require(
      x.rank >= rank && Array(x.shape.dimensions.suffix(rank)) == weight.shape.dimensions, "LayerNorm",
      "the last axes of \(x.shape) are not \(weight.shape)")
    return x.layerNorm(axes: (1...rank).map { -$0 }, weight: weight(), bias: bias?(), epsilon: epsilon)
  }
}
