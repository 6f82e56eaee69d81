extension Tensor {
  /// Returns the tensor repeated along new outer axes and axes of extent 1. self: broadcasts to `shape` -> shape
  public func broadcast(to shape: Shape) -> Tensor {
    Tensor.require(
      Shape.broadcast(self.shape, shape) == shape, "broadcast", "\(self.shape) does not broadcast to \(shape)")
    return spread(over: shape)
  }

  /// Returns the tensor under `shape`, to which it is known to broadcast: a reshape and an expand, where needed.
  func spread(over shape: Shape) -> Tensor {
    if self.shape == shape { return self }
    if rank == shape.rank { return Primitive.expand(self, to: shape) }
    let outer = [Extent](repeating: .constant(1), count: shape.rank - rank)
    return Primitive.expand(Primitive.reshape(self, to: Shape(extents: outer + self.shape.extents)), to: shape)
  }

  /// Returns the dtype both tensors of an elementwise op are cast to, by PyTorch's rules.
  ///
  /// A tensor of rank 0 beside one of higher rank counts only by its kind (bool < integers < floating point): it widens
  /// no tensor of its own kind.
  public static func promotedDType(_ a: Tensor, _ b: Tensor) -> DType {
    if a.dtype == b.dtype { return a.dtype }
    if a.rank == 0, b.rank > 0, a.dtype.kind <= b.dtype.kind { return b.dtype }
    if b.rank == 0, a.rank > 0, b.dtype.kind <= a.dtype.kind { return a.dtype }
    return promotedDType(of: [a, b])
  }

  /// Returns the dtype that tensors, one at least, are promoted to whatever their ranks.
  static func promotedDType(of tensors: [Tensor]) -> DType {
    tensors.dropFirst().reduce(tensors[0].dtype) { dtype, tensor in
      guard let common = DType.promoted(dtype, tensor.dtype) else {
        misuse("promotion", "\(dtype) and \(tensor.dtype) have no common dtype; cast one of them")
      }
      return common
    }
  }

  /// Returns both operands of an elementwise op in one dtype, the promoted one unless given, and one shape.
  static func aligned(_ op: String, _ a: Tensor, _ b: Tensor, dtype: DType? = nil) -> (Tensor, Tensor) {
    let dtype = dtype ?? promotedDType(a, b)
    // Cast before spreading: there are fewer elements.
    let (x, y) = (a.cast(to: dtype), b.cast(to: dtype))
    if x.shape == y.shape { return (x, y) }
    guard let shape = Shape.broadcast(a.shape, b.shape) else {
      misuse(op, "shapes do not broadcast: \(a.shape) and \(b.shape)")
    }
    return (x.spread(over: shape), y.spread(over: shape))
  }

  /// Returns the tensor and a constant of its shape, in the dtype the number promotes it to.
  func aligned<Number: TensorScalar>(with number: Number) -> (Tensor, Tensor) {
    let dtype = Number.promoted(with: dtype)
    return (cast(to: dtype), Primitive.constant(number.tensorScalar, shape, dtype))
  }

  /// Returns the tensor as it is where it is floating point, else as `float32`: what a function of real numbers takes.
  var floating: Tensor { dtype.isFloatingPoint ? self : cast(to: .float32) }

  /// Returns a function of the tensor in the dtype that its elements are computed with in, rounded to their own once:
  /// what several ops make up is as exact for 16-bit floating-point types as one op is. Integers become `float32`.
  func widened(_ function: (Tensor) -> Tensor) -> Tensor {
    let x = floating
    return x.dtype.isHalf ? function(x.cast(to: x.dtype.arithmetic)).cast(to: x.dtype) : function(x)
  }

  /// Returns a function of two tensors that are promoted to one 16-bit floating-point type, computed and rounded as
  /// `widened` does; of others as they are.
  static func widened(_ a: Tensor, _ b: Tensor, _ function: (Tensor, Tensor) -> Tensor) -> Tensor {
    // No such type is the promoted one where neither operand is of it.
    guard a.dtype.isHalf || b.dtype.isHalf, case let dtype = promotedDType(a, b), dtype.isHalf else {
      return function(a, b)
    }
    func wide(_ tensor: Tensor) -> Tensor { tensor.cast(to: dtype).cast(to: dtype.arithmetic) }
    return function(wide(a), wide(b)).cast(to: dtype)
  }
}

extension DType {
  /// The place of the dtype's kind in bool < integers < floating point.
  fileprivate var kind: Int { isFloatingPoint ? 2 : isInteger ? 1 : 0 }
}
