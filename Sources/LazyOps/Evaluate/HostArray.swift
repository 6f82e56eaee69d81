/// A tensor's elements as the evaluator holds them: all floating-point types as `Double`, all others as `Int64`, each
/// value being one the element type can hold; of `uint64` elements the integers are the bits.
package struct HostArray: Hashable, Sendable {
  /// Elements in row-major order: real for floating-point types, integer for all others.
  package enum Elements: Hashable, Sendable {
    case real([Double])
    case integer([Int64])
  }

  package let dtype: DType
  package let shape: Shape
  package let elements: Elements

  /// Creates an array of elements that `dtype` can hold.
  package init(_ elements: Elements, _ shape: Shape, _ dtype: DType) {
    precondition(elements.count == shape.elementCount, "bug: \(elements.count) elements for shape \(shape)")
    precondition(elements.isReal == dtype.isFloatingPoint, "bug: elements of another kind than \(dtype)")
    (self.elements, self.shape, self.dtype) = (elements, shape, dtype)
  }

  /// Creates an array of numbers rounded to `dtype`, as many as `shape` has elements.
  package init(_ numbers: [Double], _ shape: Shape, _ dtype: DType) {
    self.init(Elements.real(numbers).cast(from: .float64, to: dtype), shape, dtype)
  }

  /// Creates an array of one number everywhere.
  package init(_ value: Scalar, _ shape: Shape, _ dtype: DType) {
    self.init(Elements(repeating: value.cast(to: dtype), count: shape.elementCount), shape, dtype)
  }

  /// The elements as floating-point numbers.
  package var doubles: [Double] {
    switch elements {
    case .real(let values): values
    case .integer(let values): values.map { Scalar(bits: $0, of: dtype).double }
    }
  }

  /// Returns the array with 0 in place of what lies at `length` or beyond on an axis.
  package func cleared(from length: Int, on axis: Int) -> HostArray {
    let (stride, extent) = (shape.strides[axis], shape[axis])
    func clear<Number>(_ numbers: [Number], _ zero: Number) -> [Number] {
      numbers.enumerated().map { $0 / stride % extent < length ? $1 : zero }
    }
    return switch elements {
    case .real(let values): HostArray(.real(clear(values, 0)), shape, dtype)
    case .integer(let values): HostArray(.integer(clear(values, 0)), shape, dtype)
    }
  }

  /// The elements one by one.
  package var scalars: [Scalar] {
    switch elements {
    case .real(let values): values.map { .real($0) }
    case .integer(let values): values.map { Scalar(bits: $0, of: dtype) }
    }
  }

  /// Creates an array of elements that `dtype` can hold.
  package init(scalars: [Scalar], _ shape: Shape, _ dtype: DType) {
    self.init(dtype.isFloatingPoint ? .real(scalars.map(\.double)) : .integer(scalars.map(\.int64)), shape, dtype)
  }
}

extension HostArray {
  /// Reads elements from memory, which need not be aligned.
  package init(_ bytes: UnsafeRawBufferPointer, _ shape: Shape, _ dtype: DType) {
    precondition(bytes.count >= shape.elementCount * dtype.byteCount, "bug: \(bytes.count) bytes for \(dtype)\(shape)")
    func read<T: BitwiseCopyable>(_: T.Type) -> [T] {
      (0..<shape.elementCount).map { bytes.loadUnaligned(fromByteOffset: $0 * MemoryLayout<T>.size, as: T.self) }
    }
    let elements: Elements =
      switch dtype {
      case .bool: .integer(read(UInt8.self).map { $0 == 0 ? 0 : 1 })
      case .int8: .integer(read(Int8.self).map { Int64($0) })
      case .uint8: .integer(read(UInt8.self).map { Int64($0) })
      case .int16: .integer(read(Int16.self).map { Int64($0) })
      case .uint16: .integer(read(UInt16.self).map { Int64($0) })
      case .int32: .integer(read(Int32.self).map { Int64($0) })
      case .uint32: .integer(read(UInt32.self).map { Int64($0) })
      case .int64, .uint64: .integer(read(Int64.self))
      case .float16: .real(read(UInt16.self).map { Double(Float(float16Bits: $0)) })
      case .bfloat16: .real(read(UInt16.self).map { Double(Float(bfloat16Bits: $0)) })
      case .float32: .real(read(Float.self).map { Double($0) })
      case .float64: .real(read(Double.self))
      }
    self.init(elements, shape, dtype)
  }

  /// Reads what a leaf of a graph is bound to: the elements of a realized node, or the value of an argument.
  package init(_ leaf: Node) {
    if let storage = leaf.storage {
      self.init(UnsafeRawBufferPointer(start: storage.base, count: storage.byteCount), leaf.shape, leaf.dtype)
    } else if let value = leaf.argument {
      self.init(value, leaf.shape, leaf.dtype)
    } else {
      preconditionFailure("bug: \(leaf.op) has no value")
    }
  }

  /// Writes the elements to memory with room for them, as the element type lays them out.
  package func write(to base: UnsafeMutableRawPointer) {
    func write<S, T: BitwiseCopyable>(_ values: [S], _ convert: (S) -> T) {
      for (place, value) in values.enumerated() {
        base.storeBytes(of: convert(value), toByteOffset: place * MemoryLayout<T>.size, as: T.self)
      }
    }
    switch (elements, dtype) {
    case (.real(let values), .float16): write(values) { Float($0).float16Bits }
    case (.real(let values), .bfloat16): write(values) { Float($0).bfloat16Bits }
    case (.real(let values), .float32): write(values) { Float($0) }
    case (.real(let values), .float64): write(values) { $0 }
    case (.integer(let values), .bool), (.integer(let values), .uint8): write(values) { UInt8($0) }
    case (.integer(let values), .int8): write(values) { Int8($0) }
    case (.integer(let values), .int16): write(values) { Int16($0) }
    case (.integer(let values), .uint16): write(values) { UInt16($0) }
    case (.integer(let values), .int32): write(values) { Int32($0) }
    case (.integer(let values), .uint32): write(values) { UInt32($0) }
    case (.integer(let values), .int64), (.integer(let values), .uint64): write(values) { $0 }
    case (.real, .bool), (.real, .int8), (.real, .uint8), (.real, .int16), (.real, .uint16), (.real, .int32),
      (.real, .uint32), (.real, .int64), (.real, .uint64), (.integer, .float16), (.integer, .bfloat16),
      (.integer, .float32), (.integer, .float64):
      preconditionFailure("bug: elements of another kind than \(dtype)")
    }
  }
}

extension HostArray {
  /// Returns the elements converted to another type, as `Scalar.cast` does.
  package func cast(to dtype: DType) -> HostArray {
    HostArray(elements.cast(from: self.dtype, to: dtype), shape, dtype)
  }
}

extension HostArray.Elements {
  /// One value `count` times.
  init(repeating value: Scalar, count: Int) {
    switch value {
    case .real(let value): self = .real([Double](repeating: value, count: count))
    case .integer, .large: self = .integer([Int64](repeating: value.int64, count: count))
    }
  }

  var count: Int {
    switch self {
    case .real(let values): values.count
    case .integer(let values): values.count
    }
  }

  var isReal: Bool {
    switch self {
    case .real: true
    case .integer: false
    }
  }

  /// The elements, which are floating-point numbers.
  var reals: [Double] {
    guard case .real(let values) = self else { preconditionFailure("bug: integers for floating-point numbers") }
    return values
  }

  /// The elements, which are integers or truth values.
  var integers: [Int64] {
    guard case .integer(let values) = self else { preconditionFailure("bug: floating-point numbers for integers") }
    return values
  }

  /// Returns each element of `source` as `dtype` holds it.
  func cast(from source: DType, to dtype: DType) -> HostArray.Elements {
    if source == dtype { return self }
    switch self {
    case .real(let values):
      if dtype == .float64 { return self }
      if dtype == .float32 { return .real(values.map { Double(Float($0)) }) }
      if dtype.isFloatingPoint { return .real(values.map { Double(Float($0).rounded(to: dtype)) }) }
      return .integer(values.map { Scalar.real($0).cast(to: dtype).int64 })
    case .integer(let values):
      if dtype == .int64 || dtype == .uint64 { return self }
      if dtype.isFloatingPoint { return .real(values.map { Scalar(bits: $0, of: source).cast(to: dtype).double }) }
      return .integer(values.map { Scalar.integer($0).cast(to: dtype).int64 })
    }
  }

  /// Returns what arithmetic on elements of `dtype` gave, rounded or wrapped to it.
  func rounded(to dtype: DType) -> HostArray.Elements {
    cast(from: isReal ? .float64 : .int64, to: dtype)
  }

  /// Returns the elements at the places of `view`, in its order.
  func read(_ view: StridedView) -> HostArray.Elements {
    func read<T>(_ values: [T]) -> [T] {
      var result: [T] = []
      result.reserveCapacity(view.extents.reduce(1, *))
      view.forEach { result.append(values[$0]) }
      return result
    }
    return switch self {
    case .real(let values): .real(read(values))
    case .integer(let values): .integer(read(values))
    }
  }

  /// Combines `values`, in order, with the elements at the places of `view`; a place may come more than once.
  func writing(
    _ values: HostArray.Elements, at view: StridedView, _ onReals: (Double, Double) -> Double,
    _ onIntegers: (Int64, Int64) -> Int64
  ) -> HostArray.Elements {
    func write<T>(_ target: [T], _ values: [T], _ combine: (T, T) -> T) -> [T] {
      var (result, next) = (target, 0)
      view.forEach { place in
        result[place] = combine(result[place], values[next])
        next += 1
      }
      return result
    }
    return switch self {
    case .real(let target): .real(write(target, values.reals, onReals))
    case .integer(let target): .integer(write(target, values.integers, onIntegers))
    }
  }

  /// Returns the elements with those at the places of `view` replaced.
  func replacing(_ view: StridedView, with values: HostArray.Elements) -> HostArray.Elements {
    writing(values, at: view, { $1 }, { $1 })
  }

  /// Returns the elements with `values` added at the places of `view`; the sums are yet to be rounded.
  func adding(_ values: HostArray.Elements, at view: StridedView) -> HostArray.Elements {
    writing(values, at: view, +, &+)
  }
}
