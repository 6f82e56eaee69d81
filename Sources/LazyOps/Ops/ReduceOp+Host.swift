extension ReduceOp {
  /// The function that combines two elements.
  package var binary: BinaryOp {
    switch self {
    case .sum: .add
    case .product: .multiply
    case .maximum: .maximum
    case .minimum: .minimum
    }
  }

  /// Returns `a` and `b` combined; all three are elements of `dtype`.
  package func combine(_ a: Scalar, _ b: Scalar, _ dtype: DType) -> Scalar { binary.apply(a, b, dtype) }

  /// Returns what no elements combine to: for a maximum the least element of `dtype`, for a minimum the greatest.
  package func identity(_ dtype: DType) -> Scalar {
    switch self {
    case .sum: Scalar.integer(0).cast(to: dtype)
    case .product: Scalar.integer(1).cast(to: dtype)
    case .maximum: dtype.least
    case .minimum: dtype.greatest
    }
  }

  /// Whether elements of `dtype` can be combined.
  package func accepts(_ dtype: DType) -> Bool { binary.accepts(dtype) }
}

extension DType {
  /// The element not above any other: minus infinity for floating-point types.
  package var least: Scalar {
    switch self {
    case .bool, .uint8, .uint16, .uint32, .uint64: .integer(0)
    case .int8: .integer(Int64(Int8.min))
    case .int16: .integer(Int64(Int16.min))
    case .int32: .integer(Int64(Int32.min))
    case .int64: .integer(.min)
    case .float16, .bfloat16, .float32, .float64: .real(-.infinity)
    }
  }

  /// The element not below any other: infinity for floating-point types.
  package var greatest: Scalar {
    switch self {
    case .bool: .integer(1)
    case .int8: .integer(Int64(Int8.max))
    case .uint8: .integer(Int64(UInt8.max))
    case .int16: .integer(Int64(Int16.max))
    case .uint16: .integer(Int64(UInt16.max))
    case .int32: .integer(Int64(Int32.max))
    case .uint32: .integer(Int64(UInt32.max))
    case .int64: .integer(.max)
    case .uint64: .large(.max)
    case .float16, .bfloat16, .float32, .float64: .real(.infinity)
    }
  }
}

extension Scalar {
  /// Returns the element of `target` with the bits of this element of `source`; both have the same width. What is not
  /// zero is true.
  package func bitcast(from source: DType, to target: DType) -> Scalar {
    precondition(source.byteCount == target.byteCount, "bug: bitcast from \(source) to \(target)")
    let bits: Int64 =
      switch source {
      case .bool, .int8, .uint8, .int16, .uint16, .int32, .uint32, .int64, .uint64: int64
      case .float16: Int64(float.float16Bits)
      case .bfloat16: Int64(float.bfloat16Bits)
      case .float32: Int64(float.bitPattern)
      case .float64: Int64(bitPattern: double.bitPattern)
      }
    return switch target {
    case .bool, .int8, .uint8, .int16, .uint16, .int32, .uint32, .int64, .uint64: Scalar.integer(bits).cast(to: target)
    case .float16: .real(Double(Float(float16Bits: UInt16(truncatingIfNeeded: bits))))
    case .bfloat16: .real(Double(Float(bfloat16Bits: UInt16(truncatingIfNeeded: bits))))
    case .float32: .real(Double(Float(bitPattern: UInt32(truncatingIfNeeded: bits))))
    case .float64: .real(Double(bitPattern: UInt64(bitPattern: bits)))
    }
  }
}
