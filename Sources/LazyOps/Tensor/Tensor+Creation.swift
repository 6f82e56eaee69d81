extension Tensor {
  /// Creates a tensor from a number or from arrays of numbers nested to any depth.
  ///
  /// Decimals become `float32`, `Int` becomes `int64`, other types their own dtype; `dtype` asks for another one. Arrays
  /// at one level have equal counts: a ragged array is a programmer's error.
  public init<Value: TensorConvertible>(_ value: Value, dtype: DType? = nil) {
    let extents = value.tensorExtents
    var numbers: [Value.TensorNumber] = []
    numbers.reserveCapacity(extents.reduce(1, *))
    value.appendNumbers(to: &numbers, extents: extents[...])
    self.init(shape: Shape(extents), numbers, dtype: dtype)
  }

  /// Creates a tensor from a list of decimals; this overload lets `[1, .nan]` mean `Double`. -> [count]
  public init(_ numbers: [Double], dtype: DType? = nil) { self.init(shape: [numbers.count], numbers, dtype: dtype) }

  /// Creates a tensor from numbers in row-major order, as many as `shape` has elements.
  ///
  /// The dtype is chosen as for nested arrays.
  public init<Number: TensorScalar>(shape: Shape, _ numbers: [Number], dtype: DType? = nil) {
    Tensor.require(
      numbers.count == shape.elementCount, "Tensor", "\(numbers.count) numbers for the elements of shape \(shape)")
    let dtype = dtype ?? Number.defaultDType
    let storage = Storage(byteCount: shape.elementCount * dtype.byteCount)
    write(numbers, to: storage.base, as: dtype)
    self.init(node: Node(.buffer, shape: shape, dtype: dtype, storage: storage))
  }

  /// Creates a tensor by copying its elements' bytes, in row-major order and the machine's byte order.
  public init(bytes: UnsafeRawBufferPointer, shape: Shape, dtype: DType) {
    let byteCount = shape.elementCount * dtype.byteCount
    Tensor.require(bytes.count == byteCount, "Tensor", "\(bytes.count) bytes for the \(byteCount) of \(dtype)\(shape)")
    let storage = Storage(byteCount: byteCount)
    if let base = bytes.baseAddress { storage.base.copyMemory(from: base, byteCount: byteCount) }
    self.init(node: Node(.buffer, shape: shape, dtype: dtype, storage: storage))
  }

  /// Returns a scalar that is handed to the kernels when they run and is no part of their code.
  ///
  /// Use it for a number that changes from step to step, such as a learning rate: kernels compiled for one value
  /// serve all others.
  public static func argument(_ value: some TensorScalar, dtype: DType = .float32) -> Tensor {
    Primitive.argument(value.tensorScalar, dtype)
  }
}

/// Writes numbers to memory as elements of `dtype`.
private func write<Number: TensorScalar>(_ numbers: [Number], to base: UnsafeMutableRawPointer, as dtype: DType) {
  func store<Element: BitwiseCopyable>(_ convert: (Number) -> Element) {
    for (place, number) in numbers.enumerated() {
      base.storeBytes(of: convert(number), toByteOffset: place * MemoryLayout<Element>.stride, as: Element.self)
    }
  }
  func integer<Element: FixedWidthInteger & BitwiseCopyable>(_: Element.Type) {
    store { Element(truncatingIfNeeded: $0.tensorScalar.int64) }
  }
  if dtype == Number.elementType {
    numbers.withUnsafeBytes { bytes in
      if let source = bytes.baseAddress { base.copyMemory(from: source, byteCount: bytes.count) }
    }
    return
  }
  switch dtype {
  case .bool: store { $0.tensorScalar.isTrue }
  case .int8: integer(Int8.self)
  case .uint8: integer(UInt8.self)
  case .int16: integer(Int16.self)
  case .uint16: integer(UInt16.self)
  case .int32: integer(Int32.self)
  case .uint32: integer(UInt32.self)
  case .int64: integer(Int64.self)
  case .uint64: store { $0.tensorScalar.uint64 }
  case .float16: store { $0.tensorScalar.float.float16Bits }
  case .bfloat16: store { $0.tensorScalar.float.bfloat16Bits }
  case .float32: store { $0.tensorScalar.float }
  case .float64: store { $0.tensorScalar.double }
  }
}
