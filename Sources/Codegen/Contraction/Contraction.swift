import LazyOps
import LazyScheduler

/// A stage that sums up products of two factors: a matrix product, a convolution, an einsum, a row of attention scores.
///
/// A factor is any expression: an element of a buffer or of scratch, or what a few steps make of some, masks and casts
/// included. Ranges are sorted by which factor they move: *rows* move only the left one, *columns* only the right one.
struct Contraction {
  /// One side of the product.
  struct Factor {
    /// The value in the stage.
    let value: Value
    /// The steps it takes, in order.
    let steps: [Stage.Step]
    /// The place of the factor where it is a float32 element that is always there.
    let place: Place?
    private let variables: Set<Int>

    /// Whether the factor depends on a range.
    func moves(with range: IndexVariable) -> Bool { variables.contains(range.id) }

    /// How far apart in memory the elements for neighbours of a range lie; nil where that is uneven, or the factor is
    /// no element.
    func stride(of range: IndexVariable) -> Int? {
      switch place {
      case .buffer(_, let index)?: return index.coefficient(of: range.id)
      case .local(_, let indices)?:
        if indices.dropLast().contains(where: { $0.contains(range.id) }) { return nil }
        return indices.last.map { $0.coefficient(of: range.id) } ?? 0
      case nil: return nil
      }
    }

    fileprivate init?(_ value: Value, of stage: Stage) {
      var needed: Set<Value> = [value]
      var steps: [Stage.Step] = []
      var variables: Set<Int> = []
      for step in stage.steps.reversed() {
        switch step {
        case .define(let value, let instruction):
          guard needed.contains(value) else { continue }
          needed.formUnion(instruction.operands)
          instruction.forEachIndex { $0.forEachVariable { variables.insert($0.id) } }
          steps.append(step)
        case .bind: return nil
        }
      }
      (self.value, self.variables) = (value, variables)
      self.steps = steps.reversed()
      if steps.count == 1, case .define(_, .load(let place, .always)) = steps[0], stage.values[value] == .float32 {
        self.place = place
      } else {
        place = nil
      }
    }
  }

  let stage: Stage
  var left: Factor
  var right: Factor
  /// Where the sum goes.
  let target: Place

  /// Recognizes a stage whose only result is a float32 sum of products; nil for every other one.
  init?(_ stage: Stage) {
    guard stage.results.count == 1, case .reduce(.sum, let sum, let target) = stage.results[0],
      stage.values[sum] == .float32, !stage.reduced.isEmpty
    else { return nil }
    for case .define(sum, .binary(.multiply, let a, let b)) in stage.steps {
      guard let left = Factor(a, of: stage), let right = Factor(b, of: stage) else { return nil }
      (self.stage, self.left, self.right, self.target) = (stage, left, right, target)
      return
    }
    return nil
  }

  /// The number of products that are added up for each result.
  var depth: Int { stage.reduced.reduce(1) { $0 * $1.extent } }

  /// The ranges that move the left factor only, the right one only.
  func rows(among ranges: [IndexVariable]) -> [IndexVariable] {
    ranges.filter { left.moves(with: $0) && !right.moves(with: $0) }
  }

  func columns(among ranges: [IndexVariable]) -> [IndexVariable] {
    ranges.filter { right.moves(with: $0) && !left.moves(with: $0) }
  }

  /// The contraction with the factors exchanged.
  var exchanged: Contraction {
    var result = self
    (result.left, result.right) = (right, left)
    return result
  }
}
