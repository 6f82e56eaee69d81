import LazyOps
import LazyScheduler

/// The elements of a right factor that neighbouring columns share, each kept once: what a convolution reads of its input.
///
/// Column x and tap k of a kernel read the element at x + k. As a matrix of products and columns the factor has each
/// element once for every tap; in a patch a tap is a distance instead:
///
///     column (y, x), tap (ky, kx), channel c  ->  patch[c][(y + ky) * line + x + kx]
///
/// So columns are counted along whole lines of the patch. The last of a line, as many as there are taps but one, are
/// computed for nothing.
struct InputPatch {
  /// A range of columns, and the reduced range that moves the factor with it.
  struct Axis {
    let columns: IndexVariable
    let taps: Span?
    /// Whether the factor moves with column - tap, as in the gradient of a convolution.
    let isReversed: Bool

    var tapCount: Int { taps?.extent ?? 1 }
  }

  /// The ranges of columns, outermost first: one, or two.
  let axes: [Axis]
  /// The reduced ranges that are no taps.
  private let channels: [Span]

  /// How many multiply-adds of vectors take the time of packing one vector of the factor, and how many of hundred take
  /// that of one more because what is read of a patch is aligned to nothing and lies on many pages.
  private static let packing = 8
  private static let reading = 10

  /// Finds which reduced ranges are taps; nil where none are, or where it costs more than packing each column's elements
  /// for a result of so many rows. Taps are whole: blocks fall into none of them.
  init?(
    _ factor: Contraction.Factor, columns: [IndexVariable], depth: ArraySlice<Span>, whole: ArraySlice<Span>, rows: Int
  ) {
    guard columns.count <= 2 else { return nil }
    var taps: [IndexVariable] = []
    let axes = columns.map { range in
      for span in whole where span.isConstant && span.first == .constant(0) && !taps.contains(span.range) {
        guard factor.moves(with: range), factor.moves(with: span.range) else { continue }
        for isReversed in [false, true] where factor.isSame(with: range, span.range, isReversed: isReversed) {
          taps.append(span.range)
          return Axis(columns: range, taps: span, isReversed: isReversed)
        }
      }
      return Axis(columns: range, taps: nil, isReversed: false)
    }
    guard !taps.isEmpty else { return nil }
    self.axes = axes
    channels = depth.filter { !taps.contains($0.range) }
    let (needed, computed) = axes.count == 2 ? (axes[1].columns.extent, line) : (1, 1)
    let slower = 100 * (computed - needed) + InputPatch.reading * computed
    guard rows * slower <= 100 * InputPatch.packing * needed else { return nil }
  }

  /// The distance between columns that are neighbours in the outermost range.
  var line: Int { axes.count == 2 ? axes[1].columns.extent + axes[1].tapCount - 1 : 1 }

  /// How many products share an element.
  var tapCount: Int { axes.reduce(1) { $0 * $1.tapCount } }

  /// The distance between the elements for the first tap and the last.
  var reach: Int { (axes[0].tapCount - 1) * line + (axes.count == 2 ? axes[1].tapCount - 1 : 0) }

  /// The distance between the elements for the first tap and one at some values of the reduced ranges.
  func distance(at values: [IndexVariable: Index]) -> Index {
    axes.enumerated().reduce(Index.constant(0)) { distance, axis in
      guard let taps = axis.element.taps, let tap = values[taps.range] else { return distance }
      let own = axis.element.isReversed ? Index.constant(taps.extent - 1) - tap : tap
      return distance + own * (axis.offset == 0 ? line : 1)
    }
  }

  /// The value of an axis's columns, with the first tap, at which the factor is the patch's element at a position.
  func column(_ axis: Axis, at position: Index) -> Index { axis.isReversed ? position - (axis.tapCount - 1) : position }

  /// The position among channels that belongs to values of the reduced ranges in a block.
  func channel(at values: [IndexVariable: Index], in block: NestWriter.Block, _ nest: ContractionNest) -> Index {
    channels.reduce(Index.constant(0)) { position, span in
      let isBlocked = span.range == nest.depth[nest.blocked.position].range
      let own = values[span.range]! - span.first - (isBlocked ? block.start : .constant(0))
      return position * (isBlocked ? nest.blocked.size : span.extent) + own
    }
  }
}

extension Contraction.Factor {
  /// Whether the factor stays what it is when a column moves on and a tap moves back, or both on.
  fileprivate func isSame(with column: IndexVariable, _ tap: IndexVariable, isReversed: Bool) -> Bool {
    let moved = [column: Index(column) + 1, tap: Index(tap) + (isReversed ? 1 : -1)]
    return steps.allSatisfy { step in
      guard case .define(_, let instruction) = step else { return false }
      return instruction.map(values: { $0 }, replacing: { moved[$0] }) == instruction
    }
  }
}
