public import LazyOps

extension Tensor {
  /// Creates a tensor of zeros in memory of its own, without a kernel.
  package static func zerosInMemory(_ shape: Shape, dtype: DType) -> Tensor {
    do {
      let storage = try StoragePool.shared.allocateZeros(byteCount: shape.elementCount * dtype.byteCount)
      return Tensor(node: Node(.buffer, shape: shape, dtype: dtype, storage: storage))
    } catch {
      fatalError("[zeros] \(error)")
    }
  }

  /// Calls `body` with the elements in row-major order, computing them first if need be. They are not copied, and must
  /// not be kept beyond the call.
  ///
  /// - Parameter type: the type that elements of the tensor's dtype are laid out as, `Float` for `float32`; another one
  ///   is a programmer's error.
  public func withUnsafeElements<Element: TensorScalar & BitwiseCopyable, Result>(
    as type: Element.Type, _ body: (UnsafeBufferPointer<Element>) throws -> Result
  ) rethrows -> Result {
    Tensor.require(
      Element.elementType == dtype, "withUnsafeElements",
      "\(Element.self) is laid out as \(Element.elementType), not as the elements of \(dtype)\(shape)")
    return try withUnsafeBytes { try body($0.bindMemory(to: Element.self)) }
  }
}
