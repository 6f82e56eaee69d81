/// A Swift value a tensor can be made from: a number, a truth value, or arrays of them nested to any depth.
public protocol TensorConvertible {
  /// The numbers in the value: the value's own type, or that of the elements of the innermost arrays.
  associatedtype TensorNumber: TensorScalar

  /// The rank of the tensor: 0 for a number, one more for each level of arrays.
  static var tensorRank: Int { get }

  /// The extents of the tensor, as the first elements at each level have them.
  var tensorExtents: [Int] { get }

  /// Appends the numbers in row-major order; an array whose count is not that in `extents` is a programmer's error.
  func appendNumbers(to numbers: inout [TensorNumber], extents: ArraySlice<Int>)
}

/// A Swift number or truth value, which stands in expressions beside tensors.
///
/// It is weakly typed there: it never widens a tensor of its own kind (truth values < integers < decimals), so
/// `float64Tensor * 2.0` and `int32Tensor + 1` keep their dtypes while `intTensor + 1.5` is `float32`.
public protocol TensorScalar: TensorConvertible where TensorNumber == Self {
  /// The dtype whose elements are laid out in memory as values of this type.
  static var elementType: DType { get }

  /// The value as a number of the graph.
  var tensorScalar: Scalar { get }
}

extension TensorScalar {
  /// The rank of a number: 0.
  public static var tensorRank: Int { 0 }

  /// The extents of a number: none.
  public var tensorExtents: [Int] { [] }

  /// Appends the number itself.
  public func appendNumbers(to numbers: inout [Self], extents: ArraySlice<Int>) { numbers.append(self) }

  /// The dtype of a tensor made from such numbers where none is named: decimals become `float32`.
  package static var defaultDType: DType { elementType == .float64 ? .float32 : elementType }

  /// Returns the dtype of the result where such a number meets a tensor of `dtype`.
  package static func promoted(with dtype: DType) -> DType {
    if elementType.isFloatingPoint { return dtype.isFloatingPoint ? dtype : .float32 }
    return elementType.isInteger && dtype == .bool ? .int64 : dtype
  }
}

// Swift has no Float16 on Intel Macs.
#if !(os(macOS) && arch(x86_64))
  extension Float16: TensorScalar {
    /// `float16`.
    public static var elementType: DType { .float16 }
    /// The value as a number of the graph.
    public var tensorScalar: Scalar { .real(Double(self)) }
  }
#endif

extension Float: TensorScalar {
  /// `float32`.
  public static var elementType: DType { .float32 }
  /// The value as a number of the graph.
  public var tensorScalar: Scalar { .real(Double(self)) }
}

extension Double: TensorScalar {
  /// `float64`.
  public static var elementType: DType { .float64 }
  /// The value as a number of the graph.
  public var tensorScalar: Scalar { .real(self) }
}

extension Int: TensorScalar {
  /// `int64`.
  public static var elementType: DType { .int64 }
  /// The value as a number of the graph.
  public var tensorScalar: Scalar { .integer(Int64(self)) }
}

extension Int64: TensorScalar {
  /// `int64`.
  public static var elementType: DType { .int64 }
  /// The value as a number of the graph.
  public var tensorScalar: Scalar { .integer(self) }
}

extension Int32: TensorScalar {
  /// `int32`.
  public static var elementType: DType { .int32 }
  /// The value as a number of the graph.
  public var tensorScalar: Scalar { .integer(Int64(self)) }
}

extension Int16: TensorScalar {
  /// `int16`.
  public static var elementType: DType { .int16 }
  /// The value as a number of the graph.
  public var tensorScalar: Scalar { .integer(Int64(self)) }
}

extension Int8: TensorScalar {
  /// `int8`.
  public static var elementType: DType { .int8 }
  /// The value as a number of the graph.
  public var tensorScalar: Scalar { .integer(Int64(self)) }
}

extension UInt: TensorScalar {
  /// `uint64`.
  public static var elementType: DType { .uint64 }
  /// The value as a number of the graph.
  public var tensorScalar: Scalar { Scalar(UInt64(self)) }
}

extension UInt64: TensorScalar {
  /// `uint64`.
  public static var elementType: DType { .uint64 }
  /// The value as a number of the graph.
  public var tensorScalar: Scalar { Scalar(self) }
}

extension UInt32: TensorScalar {
  /// `uint32`.
  public static var elementType: DType { .uint32 }
  /// The value as a number of the graph.
  public var tensorScalar: Scalar { .integer(Int64(self)) }
}

extension UInt16: TensorScalar {
  /// `uint16`.
  public static var elementType: DType { .uint16 }
  /// The value as a number of the graph.
  public var tensorScalar: Scalar { .integer(Int64(self)) }
}

extension UInt8: TensorScalar {
  /// `uint8`.
  public static var elementType: DType { .uint8 }
  /// The value as a number of the graph.
  public var tensorScalar: Scalar { .integer(Int64(self)) }
}

extension Bool: TensorScalar {
  /// `bool`.
  public static var elementType: DType { .bool }
  /// The truth value, 0 or 1 as a number of the graph.
  public var tensorScalar: Scalar { .integer(self ? 1 : 0) }
}

extension Array: TensorConvertible where Element: TensorConvertible {
  /// The numbers in the innermost arrays.
  public typealias TensorNumber = Element.TensorNumber

  /// The rank of an array: one more than its elements have.
  public static var tensorRank: Int { Element.tensorRank + 1 }

  /// The count, then the extents of the first element; zeros where there is none.
  public var tensorExtents: [Int] { [count] + (first?.tensorExtents ?? [Int](repeating: 0, count: Element.tensorRank)) }

  /// Appends the numbers of each element; a ragged array is a programmer's error.
  public func appendNumbers(to numbers: inout [TensorNumber], extents: ArraySlice<Int>) {
    Tensor.require(
      count == extents.first, "Tensor",
      "array is ragged: \(count) elements beside \(extents.first ?? 0) on axis \(extents.startIndex)")
    if let flat = self as? [TensorNumber] {
      numbers.append(contentsOf: flat)
    } else {
      for element in self { element.appendNumbers(to: &numbers, extents: extents.dropFirst()) }
    }
  }
}
