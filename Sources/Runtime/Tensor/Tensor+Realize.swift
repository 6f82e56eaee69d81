public import LazyOps

extension Tensor {
  /// Computes the tensor's elements, if that has not been done, and returns the tensor.
  ///
  /// Everything it depends on is fused into as few kernels as the scheduler finds. Copies of the tensor, and tensors
  /// made from it later, use the same elements. An index out of range and a compiler that fails stop the program with
  /// a message; `tryRealize()` throws instead.
  @discardableResult
  public func realize() -> Tensor {
    Tensor.realize([self])
    return self
  }

  /// Computes several tensors in one schedule: what they share is computed once.
  public static func realize(_ tensors: [Tensor]) {
    do { try tryRealize(tensors) } catch { fatalError("[realize] \(error)") }
  }

  /// Computes several tensors in one schedule: what they share is computed once.
  public static func realize(_ tensors: Tensor...) { realize(tensors) }

  /// Computes the tensor's elements and returns the tensor: `try x.tryRealize().floats` reads what `x.floats` does, and
  /// throws where that would stop the program.
  ///
  /// - Throws: `IndexOutOfRange` where an index read from a tensor names no element, `OutOfMemory`, `CompileError`
  ///   where a C compiler is there but fails, and `FileError` or `LoadError` where what it built cannot be kept or loaded.
  @discardableResult
  public func tryRealize() throws -> Tensor {
    try Tensor.tryRealize([self])
    return self
  }

  /// Computes several tensors in one schedule; throws what `tryRealize()` does.
  public static func tryRealize(_ tensors: [Tensor]) throws { try Realizer.realize(tensors.map(\.node)) }
}
