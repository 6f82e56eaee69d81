extension Tensor {
  /// Returns the same elements as a tensor no gradient flows through.
  public func detached() -> Tensor { Primitive.detach(self) }

  /// Whether the tensor is marked for gradients or computed from one that is, and so remembers what it is computed from
  /// even once it is realized.
  public var tracksGradient: Bool { node.tracksGradient }
}
