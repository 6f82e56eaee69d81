public import LazyOps

extension Tensor {
  /// Calls `body` with the elements' bytes in row-major order, computing them first if need be. The bytes are the
  /// tensor's own: they are not copied, but where a run-time length is shorter than its bound, and must not be kept beyond
  /// the call.
  public func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
    if shape.isVariable { return try compacted().withUnsafeBytes(body) }
    Recording.refuse("elements of a tensor are read")
    realize()
    guard let storage = node.storage else { preconditionFailure("bug: a realized tensor without elements") }
    Recording.requireElements(storage, elementCount * dtype.byteCount)
    return try withExtendedLifetime(storage) {
      try body(UnsafeRawBufferPointer(start: storage.base, count: elementCount * dtype.byteCount))
    }
  }

  /// The elements as `Float`, in row-major order; a tensor of another type is converted.
  public var floats: [Float] { elements(as: .float32) }

  /// The elements as `Double`, in row-major order; a tensor of another type is converted.
  public var doubles: [Double] { elements(as: .float64) }

  /// The elements as `Int`, in row-major order; floating-point numbers are truncated towards zero.
  public var ints: [Int] { elements(as: .int64) }

  /// The elements as `UInt`, in row-major order; floating-point numbers are truncated towards zero.
  public var unsignedInts: [UInt] { elements(as: .uint64) }

  /// The elements as `Bool`, in row-major order: true where not zero.
  public var bools: [Bool] { (elements(as: .bool) as [UInt8]).map { $0 != 0 } }

  /// The only element of a tensor that has just one, as a number.
  public var item: Double {
    if shape.isVariable { return compacted().item }
    Tensor.require(elementCount == 1, "item", "a tensor of one element has an item, not one of shape \(shape)")
    return doubles[0]
  }

  /// The elements in memory, converted on the host where they are of another type.
  private func elements<Element: BitwiseCopyable>(as type: DType) -> [Element] {
    if shape.isVariable { return compacted().elements(as: type) }
    if dtype == type { return withUnsafeBytes { Array($0.bindMemory(to: Element.self)) } }
    Recording.refuse("elements of a tensor are read")
    realize()
    Recording.requireElements(node.storage!, elementCount * dtype.byteCount)
    let converted = HostArray(node).cast(to: type)
    return [Element](unsafeUninitializedCapacity: elementCount) { buffer, count in
      count = elementCount
      if count > 0 { converted.write(to: UnsafeMutableRawPointer(buffer.baseAddress!)) }
    }
  }
}
