extension Tensor {
  /// Returns the same elements as a tensor no gradient flows through.
  public func detached() -> Tensor { Primitive.detach(self) }

  /// Whether the tensor is marked for gradients or computed from one that is, and so remembers what it is computed from
  /// even once it is realized.
  public var tracksGradient: Bool { node.tracksGradient }

  /// Returns the same elements as a leaf that is marked for gradients: a target of `gradients(with:)` whose readers
  /// remember how they were computed, even once they are realized. Gradients end here. floating point
  ///
  /// Tensors need no mark to be targets; without one, a result that is realized before the gradient is taken is a
  /// constant.
  public func trackingGradient() -> Tensor {
    Tensor.require(
      dtype.isFloatingPoint, "trackingGradient", "only floating-point tensors have gradients, not \(dtype)\(shape)")
    let state = node.snapshot
    // A pending value stays pending, so that all leaves of a model are computed in one schedule. In the body of a
    // captured function elements stay a part of the graph, which says where they come from.
    return Tensor(
      node: state.storage == nil || RandomGenerator.recorder != nil
        ? Node(.detach, [node], shape: shape, dtype: dtype, tracksGradient: true, stopsGradient: true)
        : Node(.buffer, shape: shape, dtype: dtype, storage: state.storage, tracksGradient: true))
  }
}
