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

    /// Whether the factor is an element that counts as 0 where a mask does not hold.
    fileprivate func isZero(outside mask: Mask) -> Bool {
      guard steps.count == 1, case .define(_, .load(_, let own)) = steps[0] else { return false }
      return own.and(mask) == own
    }

    /// The factor as an element that is always there; nil if it is none, or its mask keeps it in its buffer.
    fileprivate func withoutMask(_ counts: [Int], of stage: Stage) -> Factor? {
      guard steps.count == 1, case .define(let value, .load(let place, _)) = steps[0],
        case .buffer(let buffer, let index) = place, counts.indices.contains(buffer),
        index.bounds.lowerBound >= 0, index.bounds.upperBound < counts[buffer], stage.values[value] == .float32
      else { return nil }
      return Factor(value: value, steps: [.define(value, .load(place, .always))], place: place)
    }

    private init(value: Value, steps: [Stage.Step], place: Place) {
      (self.value, self.steps, self.place) = (value, steps, place)
      var variables: Set<Int> = []
      for index in place.indices { index.forEachVariable { variables.insert($0.id) } }
      self.variables = variables
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
  ///
  /// A product that counts only where a mask holds is one of a factor that is 0 elsewhere and another without the mask.
  /// For that the other one must be there everywhere: `counts` are the numbers of elements of the section's buffers.
  init?(_ stage: Stage, counts: [Int] = []) {
    guard stage.results.count == 1, case .reduce(.sum, var sum, let target) = stage.results[0],
      stage.values[sum] == .float32, !stage.reduced.isEmpty
    else { return nil }
    var definitions: [Value: Instruction] = [:]
    for case .define(let value, let instruction) in stage.steps { definitions[value] = instruction }
    var mask = Mask.always
    while case .select(let test, let product, let zero)? = definitions[sum],
      case .test(let condition)? = definitions[test], case .constant(.real(0))? = definitions[zero]
    {
      mask = mask.and(condition)
      sum = product
    }
    guard case .binary(.multiply, let a, let b)? = definitions[sum],
      let left = Factor(a, of: stage), let right = Factor(b, of: stage)
    else { return nil }
    (self.stage, self.left, self.right, self.target) = (stage, left, right, target)
    if mask.isAlways { return }
    if right.isZero(outside: mask), let left = left.withoutMask(counts, of: stage) {
      self.left = left
    } else if left.isZero(outside: mask), let right = right.withoutMask(counts, of: stage) {
      self.right = right
    } else {
      return nil
    }
  }

  /// The reduced ranges, outermost first, in an order in which one factor lies in memory, the left one if it is an element.
  var depthOrder: [IndexVariable] {
    let order = stage.reduced
    guard let factor = [left, right].first(where: { $0.place != nil }) else { return order }
    let strides = order.map { factor.stride(of: $0).map(abs) }
    guard !strides.contains(nil) else { return order }
    return order.indices.sorted { (-strides[$0]!, $0) < (-strides[$1]!, $1) }.map { order[$0] }
  }

  /// Whether a nest can sum over the reduced ranges in some order: what ends at a run-time length is the outermost of
  /// them, and blocks fall into no other.
  func endsOutside(_ order: [IndexVariable]) -> Bool {
    if order.allSatisfy({ stage.ends[$0] == nil }) { return true }
    let inner = order.dropFirst()
    return inner.allSatisfy { stage.ends[$0] == nil }
      && 2 * inner.reduce(1) { $0 * $1.extent } <= ContractionNest.depthBlock
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
