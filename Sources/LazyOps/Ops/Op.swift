/// What a node of the graph computes. Sources, shape and dtype stand beside it in the node.
///
/// `docs/ir.md` states the meaning of every case; `docs/adding-an-op.md` says which tables hold a row for each.
public enum Op: Hashable, Sendable {
  // Leaves.

  /// Elements in memory: a tensor made from numbers, or one already realized.
  case buffer
  /// One value everywhere; part of the structure, so kernels are compiled with it.
  case constant(Scalar)
  /// One value everywhere, handed to the kernels when they run; the node holds it, the structure does not.
  case argument
  /// An integer from 1 to a bound, handed to the kernels when they run: how long an axis is. The bound is part of the
  /// structure.
  case length(bound: Int)
  /// The index along an axis, as an integer.
  case iota(axis: Int)

  // Elementwise: sources have the node's shape.
  case unary(UnaryOp)
  case binary(BinaryOp)
  /// Sources: condition (bool), value where true, value where false.
  case select
  /// Converts each element to the node's dtype.
  case cast
  /// Reads each element's bits as another type of the same width.
  case bitcast
  /// The source, through which no gradient flows.
  case detach
  /// Sources: a value, and tensors of any shape and dtype to wait for. The value; equal to no other node, so that what
  /// is computed from it is not shared with what was computed before, and not computed before the others are.
  case barrier

  // Reductions; the axes are removed from the shape.
  case reduce(ReduceOp, axes: [Int])

  // In order along one axis.
  /// Combines each element with all before it on the axis: result[..., j, ...] = op of source[..., 0...j, ...].
  case scan(ReduceOp, axis: Int)
  /// Sources: keys (unsigned integers), order (int32). The order, sorted stably by some bits of the keys that it names on
  /// the axis: one pass of a radix sort.
  case radixPass(RadixDigit)

  // Movement: no arithmetic, only other indices.
  /// The same elements in row-major order under the node's shape.
  case reshape
  /// Axis `i` of the result is axis `order[i]` of the source.
  case permute([Int])
  /// Repeats axes of extent 1; ranks are equal.
  case expand
  /// Takes `count` elements of each axis from `start`, `step` apart; a negative step runs backwards.
  case slice([AxisRange])
  /// Puts the source at those positions of a zero tensor of the node's shape: the adjoint of `slice`.
  case pad([AxisRange])
  /// Sliding windows: result[..., i, ..., k] = source[..., i * stride + k * dilation, ...], `k` being a new last axis.
  case window(WindowGeometry)
  /// Sums what each element of the source of a `window` contributed to: the adjoint of `window`.
  case overlapAdd(WindowGeometry)
  /// Joins the sources along an axis.
  case concatenate(axis: Int)

  // Data-dependent indices.
  /// Sources: data, index. result[i..., j, k...] = data[i..., index[i..., j, k...], k...], the index being on `axis`.
  case gather(axis: Int)
  /// Sources: target, index, values. Adds each value to the target's element its index names; the adjoint of `gather`.
  case scatterAdd(axis: Int)
  /// Sources: target, index, values. result[i..., index[j], k...] = values[i..., j, k...], `index` being a list and
  /// `index[j]` on `axis`; elsewhere the target. Of equal indices the last counts.
  case put(axis: Int)
  /// Sources: target, value. The target with the elements of a region replaced.
  case update([AxisRange])
}

/// An elementwise function of one source.
public enum UnaryOp: String, CaseIterable, Hashable, Sendable {
  case negate, absolute, sign, not
  case sqrt, reciprocal
  case exp, exp2, expm1, log, log2, log1p
  case sin, cos, tan, tanh, erf
  case floor, ceiling, round, truncate
}

/// An elementwise function of two sources of one dtype.
public enum BinaryOp: String, CaseIterable, Hashable, Sendable {
  case add, subtract, multiply, divide, floorDivide, remainder, power, maximum, minimum
  case equal, notEqual, less, lessEqual
  case and, or, xor, shiftLeft, shiftRight

  /// Whether the result is `bool` whatever the sources are.
  public var isComparison: Bool {
    switch self {
    case .equal, .notEqual, .less, .lessEqual: true
    case .add, .subtract, .multiply, .divide, .floorDivide, .remainder, .power, .maximum, .minimum, .and, .or, .xor,
      .shiftLeft, .shiftRight:
      false
    }
  }
}

/// A way to combine the elements along axes.
public enum ReduceOp: String, CaseIterable, Hashable, Sendable {
  case sum, product, maximum, minimum
}

/// What one pass of a radix sort goes by: bits `shift` to `shift` + `bits` - 1 of keys that lie along `axis`.
public struct RadixDigit: Hashable, Sendable {
  /// The axis that is sorted.
  public let axis: Int
  /// The lowest bit.
  public let shift: Int
  /// How many bits there are.
  public let bits: Int

  /// Creates the digit of `bits` bits from `shift` on.
  public init(axis: Int, shift: Int, bits: Int) {
    self.axis = axis
    self.shift = shift
    self.bits = bits
  }

  /// The number of different digits.
  package var count: Int { 1 << bits }
}

/// Positions along one axis: `start`, `start + step`, ..., `count` of them.
public struct AxisRange: Hashable, Sendable {
  /// The first position.
  public let start: Int
  /// The distance between positions; not zero, negative to run backwards.
  public let step: Int
  /// How many positions there are.
  public let count: Int

  /// Creates `count` positions from `start`, `step` apart.
  public init(start: Int, step: Int = 1, count: Int) {
    self.start = start
    self.step = step
    self.count = count
  }

  /// Whether this is every position of an axis of `extent`, in order.
  package func isWhole(_ extent: Int) -> Bool { start == 0 && (step == 1 || extent == 1) && count == extent }
}

/// How windows slide along one axis of a tensor.
public struct WindowGeometry: Hashable, Sendable {
  /// The axis they slide along.
  public let axis: Int
  /// The elements in a window.
  public let size: Int
  /// The distance between the starts of neighbouring windows.
  public let stride: Int
  /// The distance between neighbouring elements of a window.
  public let dilation: Int

  /// Creates a geometry; `size`, `stride` and `dilation` are positive.
  public init(axis: Int, size: Int, stride: Int = 1, dilation: Int = 1) {
    self.axis = axis
    self.size = size
    self.stride = stride
    self.dilation = dilation
  }

  /// Returns the number of windows along an axis of `extent`; 0 where not even one fits.
  public func windowCount(over extent: Int) -> Int {
    let span = (size - 1) * dilation + 1
    return extent < span ? 0 : (extent - span) / stride + 1
  }
}
