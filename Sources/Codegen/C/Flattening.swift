import LazyOps
import LazyScheduler

/// A loop program as its text will stand: `unrolled` loops are written out, and what `lanes` loops define is in the
/// scope around them, for such a loop is not a loop in C but a row of vector statements.
struct FlatProgram {
  var program: LoopProgram
  /// For each value how many lanes it has; 0 for a scalar.
  var laneCounts: [Int]
  /// What defines each value.
  var definitions: [Instruction]

  init(_ program: LoopProgram) {
    var flattening = Flattening(program)
    var scope = Flattening.Scope()
    let body = flattening.flatten(program.body, &scope, lanes: nil)
    self.program = program
    self.program.body = body
    self.program.values = flattening.values
    laneCounts = flattening.laneCounts
    definitions = flattening.definitions
  }
}

/// The loop over the lanes of one register.
struct Lanes {
  let variable: IndexVariable
  let count: Int

  /// How an index expression grows from lane to lane; nil where it is not even.
  func stride(of place: Place) -> Int? {
    let indices = place.indices
    if indices.dropLast().contains(where: { $0.contains(variable.id) }) { return nil }
    return indices.last.map { $0.coefficient(of: variable.id) } ?? 0
  }
}

/// Writes loops out and numbers the values anew. A turn that computes what an earlier one has at hand uses that: a tile
/// loads each of its operands once.
private struct Flattening {
  private(set) var values: [DType] = []
  private(set) var laneCounts: [Int] = []
  private(set) var definitions: [Instruction] = []
  private let source: LoopProgram
  private var replacements: [Int: Index] = [:]
  private var nextVariable: Int
  /// How many unrolled loops are around.
  private var repetition = 0

  struct Computation: Hashable {
    var instruction: Instruction
    var dtype: DType
  }

  /// What is at hand at a point of the text.
  struct Scope {
    /// New numbers of the source's values.
    var renamed: [Value: Value] = [:]
    var known: [Computation: Value] = [:]
    var loaded: [Memory: [Computation: Value]] = [:]
  }

  init(_ source: LoopProgram) {
    self.source = source
    nextVariable = source.nextVariable
  }

  mutating func flatten(_ list: [Statement], _ scope: inout Scope, lanes: Lanes?) -> [Statement] {
    var result: [Statement] = []
    for statement in list {
      switch statement {
      case .define(let value, let instruction):
        if let definition = define(value, instruction, &scope, lanes) { result.append(definition) }
      case .bind(let variable, let value, let failure):
        var bound = variable
        if repetition > 0 {
          bound = IndexVariable(id: nextVariable, bounds: variable.bounds)
          nextVariable += 1
          replacements[variable.id] = Index(bound)
        }
        result.append(.bind(bound, scope.renamed[value]!, failure: failure))
      case .store(let place, let value):
        let place = replaced(place)
        result.append(.store(place, scope.renamed[value]!))
        scope.loaded[place.memory] = nil
      case .accumulate(let place, let op, let value):
        let place = replaced(place)
        result.append(.accumulate(place, op, scope.renamed[value]!))
        scope.loaded[place.memory] = nil
      case .multiplyAdd(let place, let a, let b):
        let place = replaced(place)
        result.append(.multiplyAdd(place, scope.renamed[a]!, scope.renamed[b]!))
        scope.loaded[place.memory] = nil
      case .prefetch(let place):
        result.append(.prefetch(replaced(place)))
      case .loop(let loop):
        result += flatten(loop, &scope, lanes: lanes)
      case .branch(let condition, let then, let otherwise):
        let condition = condition.substituting { replacements[$0.id] }
        if let decided = condition.decided {
          result += flatten(decided ? then : otherwise, &scope, lanes: lanes)
        } else {
          var (first, second) = (scope, scope)
          let sides = (flatten(then, &first, lanes: lanes), flatten(otherwise, &second, lanes: lanes))
          result.append(.branch(condition, sides.0, sides.1))
          for memory in (then + otherwise).writtenMemory { scope.loaded[memory] = nil }
        }
      }
    }
    return result
  }

  private mutating func flatten(_ loop: Loop, _ scope: inout Scope, lanes: Lanes?) -> [Statement] {
    var result = loop
    result.count = loop.count.substituting { replacements[$0.id] }
    switch loop.kind {
    case .unrolled:
      guard let count = result.count.constantValue else {
        preconditionFailure("bug: \(source.name) unrolls a loop of \(result.count) turns")
      }
      repetition += 1
      defer { repetition -= 1 }
      var turns: [Statement] = []
      for turn in 0..<max(count, 0) {
        replacements[loop.variable.id] = .constant(turn)
        turns += flatten(loop.body, &scope, lanes: lanes)
      }
      replacements[loop.variable.id] = nil
      return turns
    case .lanes:
      if let count = result.count.constantValue, count > 1, lanes == nil {
        let inner = Lanes(variable: loop.variable, count: count)
        if isVectorCode(loop.body, inner, scope) {
          result.body = flatten(loop.body, &scope, lanes: inner)
          return [.loop(result)]
        }
      }
      result.kind = .vector
    case .serial, .parallel, .vector, .transposed: break
    }
    // A turn sees what the turns before it have written.
    let written = loop.body.writtenMemory
    for memory in written { scope.loaded[memory] = nil }
    var inner = scope
    result.body = flatten(loop.body, &inner, lanes: lanes)
    return [.loop(result)]
  }

  /// Defines a value, or finds it defined.
  private mutating func define(
    _ value: Value, _ instruction: Instruction, _ scope: inout Scope, _ lanes: Lanes?
  ) -> Statement? {
    let instruction = instruction.map(values: { scope.renamed[$0]! }, replacing: { replacements[$0.id] })
    let key = Computation(instruction: instruction, dtype: source.values[value])
    var memory: Memory?
    if case .load(let place, _) = instruction { memory = place.memory }
    if let earlier = memory.map({ scope.loaded[$0]?[key] }) ?? scope.known[key] {
      scope.renamed[value] = earlier
      return nil
    }
    let number = values.count
    values.append(key.dtype)
    definitions.append(instruction)
    laneCounts.append(lanes.map { laneCount(instruction, $0) { laneCounts[$0] } } ?? 0)
    scope.renamed[value] = number
    if let memory { scope.loaded[memory, default: [:]][key] = number } else { scope.known[key] = number }
    return .define(number, instruction)
  }

  private func replaced(_ place: Place) -> Place { place.substituting { replacements[$0.id] } }

  /// How many lanes a value has that is computed for all of them.
  private func laneCount(_ instruction: Instruction, _ lanes: Lanes, _ laneCount: (Value) -> Int) -> Int {
    if case .load(let place, _) = instruction { return lanes.stride(of: place) == 0 ? 0 : lanes.count }
    return instruction.operands.contains { laneCount($0) > 0 } ? lanes.count : 0
  }

  /// Whether vector types can do what a `lanes` loop asks for. What they cannot is left to the compiler's vectorizer.
  private func isVectorCode(_ list: [Statement], _ lanes: Lanes, _ scope: Scope) -> Bool {
    var counts: [Value: Int] = [:]
    func count(_ value: Value) -> Int { counts[value] ?? scope.renamed[value].map { laneCounts[$0] } ?? 0 }
    func isVector(_ place: Place) -> Bool {
      let dtype = dtype(of: place)
      return dtype.isFloatingPoint && !dtype.isHalf && lanes.stride(of: replaced(place)) == 1
    }
    return list.allSatisfy { statement in
      switch statement {
      case .define(let value, let instruction):
        counts[value] = laneCount(instruction.map(values: { $0 }, replacing: { replacements[$0.id] }), lanes, count)
        switch instruction {
        case .constant, .argument: return true
        case .index(let index): return !index.contains(lanes.variable.id)
        case .test(let mask): return !mask.contains(lanes.variable.id)
        case .load(let place, let mask):
          return !mask.contains(lanes.variable.id) && (isVector(place) || lanes.stride(of: replaced(place)) == 0)
        case .binary(.add, _, _), .binary(.subtract, _, _), .binary(.multiply, _, _), .binary(.divide, _, _):
          return counts[value] == 0 || !source.values[value].isHalf
        case .unary, .binary, .select, .cast, .bitcast: return counts[value] == 0
        }
      case .store(let place, _), .accumulate(let place, .sum, _), .accumulate(let place, .product, _),
        .multiplyAdd(let place, _, _):
        return isVector(place)
      case .bind, .accumulate(_, .maximum, _), .accumulate(_, .minimum, _), .prefetch, .loop, .branch: return false
      }
    }
  }

  private func dtype(of place: Place) -> DType {
    switch place {
    case .buffer(let buffer, _): source.buffers[buffer].dtype
    case .local(let local, _): source.locals[local].dtype
    }
  }
}
