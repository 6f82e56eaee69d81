/// What can stand in the brackets of `x[...]`: integers, ranges, `...`, `.newAxis`, `.slice(from:to:by:)` and tensors of
/// integers; of a run-time length, `..<length`.
///
/// Integers and the ends of ranges count from the end where they are negative; the ends of ranges beyond the axis are
/// moved to its ends, as in PyTorch.
public protocol TensorIndex {
  /// The value as one of the kinds of index.
  var tensorIndexItem: TensorIndexItem { get }
}

/// One kind of index, with its values.
public struct TensorIndexItem: TensorIndex, Sendable {
  enum Kind: Sendable {
    case element(Int)
    case slice(from: Int?, to: Int?, by: Int)
    case upTo(Length)
    case newAxis
    case ellipsis
    case tensor(Tensor)
  }

  let kind: Kind

  /// The item itself.
  public var tensorIndexItem: TensorIndexItem { self }
}

extension TensorIndex where Self == TensorIndexItem {
  /// A new axis of extent 1.
  public static var newAxis: TensorIndexItem { TensorIndexItem(kind: .newAxis) }

  /// The element at an index that is handed to the kernels when they run; its axis is removed. Kernels compiled for one
  /// index serve all others. It does not count from the end.
  public static func argument(_ index: Int) -> TensorIndexItem {
    TensorIndexItem(kind: .tensor(.argument(index, dtype: .int64)))
  }

  /// All axes that no other index is for; `...` itself may be written as the first or second index.
  public static var ellipsis: TensorIndexItem { TensorIndexItem(kind: .ellipsis) }

  /// Every `step`th element from `from` up to but not including `to`; a negative step runs backwards, and an end that is
  /// absent is that of the axis.
  public static func slice(from: Int? = nil, to: Int? = nil, by step: Int = 1) -> TensorIndexItem {
    TensorIndexItem(kind: .slice(from: from, to: to, by: step))
  }
}

extension Int: TensorIndex {
  /// The element at an index; its axis is removed.
  public var tensorIndexItem: TensorIndexItem { TensorIndexItem(kind: .element(self)) }
}

extension Range: TensorIndex where Bound == Int {
  /// The elements from the lower bound up to but not including the upper one.
  public var tensorIndexItem: TensorIndexItem { .slice(from: lowerBound, to: upperBound) }
}

extension ClosedRange: TensorIndex where Bound == Int {
  /// The elements from the lower bound through the upper one.
  /// What ends with -1 ends with the last element.
  public var tensorIndexItem: TensorIndexItem {
    .slice(from: lowerBound, to: upperBound == -1 ? nil : upperBound + 1)
  }
}

extension PartialRangeFrom: TensorIndex where Bound == Int {
  /// The elements from the bound on.
  public var tensorIndexItem: TensorIndexItem { .slice(from: lowerBound) }
}

extension PartialRangeUpTo: TensorIndex where Bound == Int {
  /// The elements up to but not including the bound.
  public var tensorIndexItem: TensorIndexItem { .slice(to: upperBound) }
}

extension PartialRangeThrough: TensorIndex where Bound == Int {
  /// The elements through the bound.
  public var tensorIndexItem: TensorIndexItem { .slice(to: upperBound == -1 ? nil : upperBound + 1) }
}

extension Length {
  /// The elements below a length: `x[..<length]`. The axis of the result has the length as its extent; the axis indexed
  /// has at least the bound.
  public static prefix func ..< (length: Length) -> TensorIndexItem { TensorIndexItem(kind: .upTo(length)) }
}

extension Tensor: TensorIndex {
  /// The elements at the indices the tensor holds.
  public var tensorIndexItem: TensorIndexItem { TensorIndexItem(kind: .tensor(self)) }
}
