public import LazyOps

extension Tensor {
  /// Computes the tensor's elements without blocking a thread of Swift's concurrency, and returns the tensor.
  ///
  ///     let loss = try await model(x).crossEntropy(y).realized().item
  ///
  /// What reads elements is at hand at once afterwards. The work is done by a few threads kept for it, however many tasks
  /// wait. A task that is cancelled before its turn comes throws `CancellationError`, and nothing is computed; what
  /// has begun is brought to its end.
  ///
  /// - Throws: what `tryRealize()` does, and `CancellationError`.
  @discardableResult
  public func realized() async throws -> Tensor {
    try await Tensor.realized([self])
    return self
  }

  /// Computes several tensors in one schedule without blocking a thread of Swift's concurrency, and returns them; throws
  /// what `realized()` does.
  @discardableResult
  public static func realized(_ tensors: [Tensor]) async throws -> [Tensor] {
    try Task.checkCancellation()
    if !tensors.allSatisfy(\.isRealized) {
      try await RealizeQueue.shared.run { try Tensor.tryRealize(tensors) }
    }
    return tensors
  }
}
