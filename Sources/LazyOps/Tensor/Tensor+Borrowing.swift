extension Tensor {
  /// Creates a tensor on memory that somebody else owns; nothing is copied.
  ///
  /// The memory must stay where it is, and must not be written to, until `release` is called: once, on any thread, when
  /// the last tensor that reads it is gone. Tensors never write to it.
  ///
  /// - Parameters:
  ///   - bytes: the elements in row-major order and the machine's byte order, aligned for the dtype: a `float32` begins
  ///     at a multiple of 4. Those of `bool` are 0 or 1.
  ///   - release: gives the memory back.
  public init(
    borrowing bytes: UnsafeRawBufferPointer, shape: Shape, dtype: DType, release: @escaping @Sendable () -> Void
  ) {
    let byteCount = shape.elementCount * dtype.byteCount
    Tensor.require(bytes.count == byteCount, "Tensor", "\(bytes.count) bytes for the \(byteCount) of \(dtype)\(shape)")
    let address = UInt(bitPattern: bytes.baseAddress)
    Tensor.require(
      address % UInt(dtype.byteCount) == 0, "Tensor",
      "the memory of \(dtype)\(shape) begins at \(String(address, radix: 16)), no multiple of \(dtype.byteCount): "
        + "copy it with Tensor(bytes:shape:dtype:)")
    // Of no bytes the address does not matter, but there has to be one.
    let base = UnsafeMutableRawPointer(mutating: bytes.baseAddress) ?? UnsafeMutableRawPointer(bitPattern: 64)!
    let storage = Storage(base: base, byteCount: byteCount) { _, _ in release() }
    self.init(node: Node(.buffer, shape: shape, dtype: dtype, storage: storage))
  }

  /// Creates a tensor on memory that lives as long as an object, which is kept alive; nothing is copied.
  ///
  ///     let file = try Data(contentsOf: url, options: .alwaysMapped) as NSData
  ///     let bytes = UnsafeRawBufferPointer(start: file.bytes, count: file.length)
  ///     let weights = Tensor(borrowing: bytes, of: file, shape: [50257, 768], dtype: .float32)
  ///
  /// The memory must not be written to while there is a tensor that reads it.
  public init(borrowing bytes: UnsafeRawBufferPointer, of owner: AnyObject, shape: Shape, dtype: DType) {
    // Only held and let go, which any thread may do.
    nonisolated(unsafe) let owner = owner
    self.init(borrowing: bytes, shape: shape, dtype: dtype) { withExtendedLifetime(owner) {} }
  }
}
