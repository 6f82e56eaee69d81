extension Tensor {
  /// Returns a tensor of `value` everywhere; its dtype is that of the number (decimals are `float32`) unless named.
  public static func full<Number: TensorScalar>(_ shape: Shape, _ value: Number, dtype: DType? = nil) -> Tensor {
    Primitive.constant(value.tensorScalar, shape, dtype ?? Number.defaultDType)
  }

  /// Returns a tensor of zeros.
  public static func zeros(_ shape: Shape, dtype: DType = .float32) -> Tensor { full(shape, 0, dtype: dtype) }

  /// Returns a tensor of ones.
  public static func ones(_ shape: Shape, dtype: DType = .float32) -> Tensor { full(shape, 1, dtype: dtype) }

  /// Returns zeros of the shape and dtype of another tensor.
  public static func zeros(like other: Tensor) -> Tensor { zeros(other.shape, dtype: other.dtype) }

  /// Returns ones of the shape and dtype of another tensor.
  public static func ones(like other: Tensor) -> Tensor { ones(other.shape, dtype: other.dtype) }

  /// Returns `value` everywhere in the shape and dtype of another tensor.
  public static func full(like other: Tensor, _ value: some TensorScalar) -> Tensor {
    full(other.shape, value, dtype: other.dtype)
  }

  /// Returns the integers from 0 to `end` - 1. -> [end]
  public static func arange(_ end: Int, dtype: DType = .int64) -> Tensor { arange(0, end, dtype: dtype) }

  /// Returns the numbers from `start` up to but not including `end`, `step` apart. -> [ceil((end - start) / step)]
  ///
  /// A negative step counts down; `step` is not 0. Integers give `int64`, decimals `float32`, which are computed in
  /// `float64` and rounded once.
  public static func arange<Number: TensorScalar>(
    _ start: Number, _ end: Number, step: Number = 1, dtype: DType? = nil
  ) -> Tensor where Number: ExpressibleByIntegerLiteral {
    let dtype = dtype ?? Number.defaultDType
    let (first, last, distance) = (start.tensorScalar, end.tensorScalar, step.tensorScalar)
    require(distance.double != 0 && !distance.double.isNaN, "arange", "step is \(step)")
    let extent = ((last.double - first.double) / distance.double).rounded(.up)
    require(extent < 0x1p62, "arange", "from \(start) to \(end) by \(step) there is no end")
    let shape = Shape([extent > 0 ? Int(extent) : 0])
    let kind: DType = Number.elementType.isFloatingPoint ? .float64 : .int64
    let index = Primitive.cast(Primitive.iota(axis: 0, shape, .int64), to: kind)
    let steps = distance.double == 1 ? index : index * Primitive.constant(distance, shape, kind)
    let numbers = first.double == 0 ? steps : steps + Primitive.constant(first, shape, kind)
    return numbers.cast(to: dtype)
  }

  /// Returns `count` numbers evenly spaced from `start` to `end`, both included. -> [count]
  public static func linspace(_ start: Double, _ end: Double, count: Int, dtype: DType = .float32) -> Tensor {
    require(count >= 0, "linspace", "count is \(count)")
    let shape = Shape([count])
    let index = Primitive.iota(axis: 0, shape, .int64).cast(to: .float64)
    let step = count > 1 ? (end - start) / Double(count - 1) : 0
    // Each half is counted from its own end, so that both ends are exact.
    let rising = index * step + start
    let falling = end - (Double(count - 1) - index) * step
    return Tensor.where(index .< Double((count + 1) / 2), rising, falling).cast(to: dtype)
  }

  /// Returns ones where the row's index is the column's, zeros elsewhere. -> [rows, columns ?? rows]
  public static func eye(_ rows: Int, _ columns: Int? = nil, dtype: DType = .float32) -> Tensor {
    let shape = Shape([rows, columns ?? rows])
    let row = Primitive.iota(axis: 0, shape, .int64)
    return (row .== Primitive.iota(axis: 1, shape, .int64)).cast(to: dtype)
  }

  /// Returns a mask that is true on and below a diagonal of the last two axes: column <= row + diagonal. -> bool shape
  public static func lowerTriangle(_ shape: Shape, diagonal: Int = 0) -> Tensor {
    require(shape.rank >= 2, "lowerTriangle", "shape \(shape) has no rows and columns")
    let row = Primitive.iota(axis: shape.rank - 2, shape, .int64)
    let column = Primitive.iota(axis: shape.rank - 1, shape, .int64)
    return column .<= (diagonal == 0 ? row : row + diagonal)
  }

  /// Returns the elements on and below a diagonal of the last two axes, zeros above.
  public func tril(diagonal: Int = 0) -> Tensor {
    Tensor.where(Tensor.lowerTriangle(shape, diagonal: diagonal), self, Tensor.zeros(like: self))
  }

  /// Returns the elements on and above a diagonal of the last two axes, zeros below.
  public func triu(diagonal: Int = 0) -> Tensor {
    Tensor.where(Tensor.lowerTriangle(shape, diagonal: diagonal - 1), Tensor.zeros(like: self), self)
  }

  /// Returns vectors that are 1 at the index each element names and 0 elsewhere. self: [...] of integers ->
  /// [..., count]
  ///
  /// An element that is no index below `count` gives zeros.
  public func oneHot(_ count: Int, dtype: DType = .float32) -> Tensor {
    Tensor.require(self.dtype.isInteger, "oneHot", "indices are \(self.dtype), not integers")
    // A narrow type may not count as far as there are classes.
    let type = self.dtype.byteCount < 4 ? .int32 : self.dtype
    let classes = Primitive.iota(axis: 0, Shape([count]), type)
    return (unsqueezed(at: -1) .== classes).cast(to: dtype)
  }
}
