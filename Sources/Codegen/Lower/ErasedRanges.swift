import LazyOps
import LazyScheduler

/// What masks erase in a section: for each stage the condition outside which nothing it computes has a part in any
/// result.
///
/// Two things are followed. Forwards, what a value is where a condition fails: `where(i >= j, s, -inf)` is -infinity
/// there, its exponential 0, and neither changes a maximum or a sum. Backwards, where elements of scratch are read at
/// all: scores that a mask replaces are not. So the stages of masked attention need only the keys that a query sees.
///
/// It is taken for granted that what is erased is finite: -infinity less a maximum is -infinity, 0 times a value is 0.
struct ErasedRanges {
  /// For each stage, the condition on its ranges and the grid's outside which it may be left out; nil where there is
  /// none.
  private(set) var conditions: [Condition?]

  /// A number that a value is wherever a condition fails.
  private struct Guard: Equatable {
    let condition: Condition
    let constant: Scalar
  }

  /// The elements of a scratch array that are needed.
  private enum Need: Equatable {
    case none
    /// Those at indices of which a condition holds, in which `ErasedRanges.element` stands for the index.
    case some(Condition)
    case all

    func joined(_ other: Need) -> Need {
      if self == other || other == .none { return self }
      return self == .none ? other : .all
    }
  }

  /// Stands for the index of an element of scratch.
  private static let element = IndexVariable(id: -1, extent: 1 << 40)

  init(_ section: Section) {
    conditions = section.stages.map { _ in nil }
    // Forwards: what scratch holds outside a condition, and what each stage's values are.
    var held: [Int: Guard] = [:]
    var guards: [[Value: Guard]] = []
    for stage in section.stages {
      let known = ErasedRanges.guards(in: stage, held)
      for result in stage.results {
        guard case .local(let local, let indices) = result.place else { continue }
        held[local] = nil
        guard case .store(_, let value) = result, let index = indices.first?.asVariable, let own = known[value] else {
          continue
        }
        held[local] = Guard(condition: own.condition.renamed(index, to: ErasedRanges.element), constant: own.constant)
      }
      guards.append(known)
    }
    // Backwards: what is needed of scratch, and so of each stage.
    var needs: [Int: Need] = [:]
    for (position, stage) in section.stages.enumerated().reversed() {
      let condition = ErasedRanges.restriction(of: stage, guards[position], needs)
      conditions[position] = condition
      var own: [Int: Need] = [:]
      for case .define(let value, .load(.local(let local, let indices), _)) in stage.steps {
        var need = Need.all
        if let index = indices.first?.asVariable, indices.count == 1 {
          if let seen = condition ?? ErasedRanges.selection(of: value, in: stage), seen.index.contains(index.id) {
            need = .some(seen.renamed(index, to: ErasedRanges.element))
          }
        }
        own[local] = (own[local] ?? .none).joined(need)
      }
      for result in stage.results {
        if case .local(let local, _) = result.place { needs[local] = Need.none }
      }
      for (local, need) in own { needs[local] = (needs[local] ?? .none).joined(need) }
    }
  }

  // MARK: - Forwards

  /// The values of a stage that are a constant where a condition fails.
  private static func guards(in stage: Stage, _ held: [Int: Guard]) -> [Value: Guard] {
    var found: [Value: Guard] = [:]
    var constants: [Value: Scalar] = [:]
    var tests: [Value: Condition] = [:]
    for case .define(let value, let instruction) in stage.steps {
      let dtype = stage.values[value]
      switch instruction {
      case .constant(let scalar): constants[value] = scalar
      case .test(let mask): tests[value] = mask.conditions.count == 1 ? mask.conditions[0] : nil
      case .load(.local(let local, let indices), .always):
        guard let index = indices.first?.asVariable, indices.count == 1, let own = held[local] else { continue }
        found[value] = Guard(condition: own.condition.renamed(element, to: index), constant: own.constant)
      case .select(let test, let a, let b):
        guard let condition = tests[test] else { continue }
        if let constant = constants[b] {
          found[value] = Guard(condition: condition, constant: constant)
        } else if let constant = constants[a], let other = condition.opposite {
          found[value] = Guard(condition: other, constant: constant)
        }
      case .unary(let op, let a):
        found[value] = found[a].map { Guard(condition: $0.condition, constant: op.apply($0.constant, dtype)) }
      case .cast(let a):
        found[value] = found[a].map { Guard(condition: $0.condition, constant: $0.constant.cast(to: dtype)) }
      case .binary(let op, let a, let b):
        found[value] = combined(op, found[a], constants[a], found[b], constants[b], stage.values[a])
      case .argument, .index, .load, .bitcast: continue
      }
    }
    return found
  }

  private static func combined(
    _ op: BinaryOp, _ a: Guard?, _ constantA: Scalar?, _ b: Guard?, _ constantB: Scalar?, _ dtype: DType
  ) -> Guard? {
    if op.isComparison { return nil }
    if let a, let b, a.condition == b.condition {
      return Guard(condition: a.condition, constant: op.apply(a.constant, b.constant, dtype))
    }
    if let a, let constantB { return Guard(condition: a.condition, constant: op.apply(a.constant, constantB, dtype)) }
    if let b, let constantA { return Guard(condition: b.condition, constant: op.apply(constantA, b.constant, dtype)) }
    guard dtype.isFloatingPoint else { return nil }
    func isErasing(_ constant: Scalar, left: Bool) -> Bool {
      switch op {
      case .add: constant.double == -.infinity
      case .subtract: left && constant.double == -.infinity
      case .multiply: constant.double == 0
      case .divide: left && constant.double == 0
      case .floorDivide, .remainder, .power, .equal, .notEqual, .less, .lessEqual, .maximum, .minimum, .and, .or, .xor,
        .shiftLeft, .shiftRight:
        false
      }
    }
    if let a, isErasing(a.constant, left: true) { return a }
    if let b, isErasing(b.constant, left: false) { return b }
    return nil
  }

  // MARK: - Backwards

  /// The condition outside which all of a stage's results are without effect.
  private static func restriction(of stage: Stage, _ guards: [Value: Guard], _ needs: [Int: Need]) -> Condition? {
    var common: Condition?
    let given = stage.ends.min { $0.key.id < $1.key.id }.map { Condition(Index($0.key) - $0.value, in: Int.min..<0) }
    for result in stage.results {
      var condition: Condition?
      if case .local(let local, let indices) = result.place {
        let need = needs[local] ?? .none
        if need == .none { continue }
        if case .some(let needed) = need, let index = indices.first?.asVariable {
          condition = needed.renamed(element, to: index)
        }
      }
      if case .reduce(let op, let value, _) = result, condition == nil, let own = guards[value],
        own.constant.double == op.identity(stage.values[value]).double,
        stage.reduced.contains(where: { own.condition.index.contains($0.id) })
      {
        condition = own.condition
      }
      // Nothing is added to a sum over the grid's rows.
      if let sum = stage.rowSum, let own = guards[sum.term], own.constant.double == 0 { condition = own.condition }
      guard let condition = condition ?? given, common == nil || common == condition else { return nil }
      common = condition
    }
    return common
  }

  /// The condition under which a value is used: it is only chosen by `select` where that holds.
  private static func selection(of value: Value, in stage: Stage) -> Condition? {
    var tests: [Value: Condition] = [:]
    var derived: Set<Value> = [value]
    var common: Condition?
    for case .define(let next, let instruction) in stage.steps {
      if case .test(let mask) = instruction, mask.conditions.count == 1 { tests[next] = mask.conditions[0] }
      guard instruction.operands.contains(where: derived.contains) else { continue }
      guard case .select(let test, let a, let b) = instruction, let condition = tests[test], !derived.contains(test),
        derived.contains(a) != derived.contains(b)
      else {
        derived.insert(next)
        continue
      }
      guard let seen = derived.contains(a) ? condition : condition.opposite, common == nil || common == seen else {
        return nil
      }
      common = seen
    }
    // What is not behind a select by the end is used everywhere.
    for result in stage.results {
      switch result {
      case .store(_, let value), .reduce(_, let value, _), .scan(_, let value, _), .add(_, let value),
        .put(_, let value):
        if derived.contains(value) { return nil }
      }
    }
    return common
  }
}

extension ErasedRanges {
  /// The part of a stage's range that a block of rows needs, cut at multiples of `grain`: where it begins, and where it
  /// ends. Nil where it needs all of it.
  ///
  /// - Parameters:
  ///   - rows: the range of rows, of which the block has `count` from `first` on.
  func span(
    of range: IndexVariable, in stage: Int, rows: IndexVariable, first: Index, count: Index, grain: Int
  ) -> (begin: Index, end: Index)? {
    guard let condition = conditions[stage], range.extent > grain,
      let stride = condition.index.coefficient(of: range.id),
      abs(stride) == 1, let slope = condition.index.coefficient(of: rows.id)
    else { return nil }
    // rest + stride * value lies in the condition's range.
    let rest = condition.index - Index(range) * stride
    let last = first + count - 1
    let low = rest.substituting { $0 == rows ? (slope > 0 ? first : last) : nil }
    let high = rest.substituting { $0 == rows ? (slope > 0 ? last : first) : nil }
    var (begin, end): (Index, Index) = (.constant(0), .constant(range.extent))
    if stride > 0 {
      if condition.boundsBelow { begin = Index.constant(condition.range.lowerBound) - high }
      if condition.boundsAbove { end = Index.constant(condition.range.upperBound) - low }
    } else {
      if condition.boundsAbove { begin = low - (condition.range.upperBound - 1) }
      if condition.boundsBelow { end = high - condition.range.lowerBound + 1 }
    }
    begin = Index.max(.constant(0), Index.min(begin, .constant(range.extent - 1)).floorDivide(by: grain) * grain)
    // Whole multiples are told to be such.
    let whole = (end + (grain - 1)).floorDivide(by: grain)
    end =
      range.extent % grain == 0
      ? Index.min(.constant(range.extent / grain), whole) * grain
      : Index.min(.constant(range.extent), whole * grain)
    return (begin, Index.max(end, .constant(0)))
  }
}

extension ErasedRanges {
  /// The part of a stage's range in which a condition holds for all rows of a block, cut at multiples of `grain`; it may
  /// be empty, and then ends before it begins.
  static func certain(
    _ condition: Condition, of range: IndexVariable, rows: IndexVariable, first: Index, count: Index, grain: Int
  ) -> (begin: Index, end: Index)? {
    guard let stride = condition.index.coefficient(of: range.id), abs(stride) == 1,
      let slope = condition.index.coefficient(of: rows.id)
    else { return nil }
    let rest = condition.index - Index(range) * stride
    let last = first + count - 1
    let low = rest.substituting { $0 == rows ? (slope > 0 ? first : last) : nil }
    let high = rest.substituting { $0 == rows ? (slope > 0 ? last : first) : nil }
    var (begin, end): (Index, Index) = (.constant(0), .constant(range.extent))
    if stride > 0 {
      if condition.boundsBelow { begin = Index.constant(condition.range.lowerBound) - low }
      if condition.boundsAbove { end = Index.constant(condition.range.upperBound) - high }
    } else {
      if condition.boundsAbove { begin = high - (condition.range.upperBound - 1) }
      if condition.boundsBelow { end = low - condition.range.lowerBound + 1 }
    }
    return ((begin + (grain - 1)).floorDivide(by: grain) * grain, end.floorDivide(by: grain) * grain)
  }
}

extension Condition {
  /// The condition on another variable.
  fileprivate func renamed(_ variable: IndexVariable, to other: IndexVariable) -> Condition {
    substituting { $0 == variable ? Index(other) : nil }
  }

  /// The condition that holds where this one fails; nil where it has two ends.
  var opposite: Condition? {
    if boundsAbove && !boundsBelow { return Condition(index, in: range.upperBound..<Int.max) }
    if boundsBelow && !boundsAbove { return Condition(index, in: Int.min..<range.lowerBound) }
    return nil
  }
}
