import LazyOps
import LazyScheduler

extension LoopProgram {
  /// Returns what is wrong with the program, or nil where it is well formed:
  ///
  /// - each value is defined by one statement, before its uses and in a scope around them, with operands and a result
  ///   of the types its instruction asks for; each index variable is introduced by one loop or bind around its uses;
  /// - every place lies in its buffer or local, as far as bounds, and masks on single variables, tell;
  /// - loops are of a kind their place and body allow: see `Loop.Kind`.
  package func verify() -> String? {
    var verifier = LoopVerifier(program: self)
    do throws(LoopFault) {
      var scope = IndexScope()
      for length in lengths { scope.enter(length.variable) }
      try verifier.check(body, scope, isTopLevel: true)
      try verifier.checkLocalsOfParallelLoops()
    } catch {
      return error.text
    }
    return nil
  }
}

/// What is wrong with a loop program.
struct LoopFault: Error {
  let text: String
}

private struct LoopVerifier {
  let program: LoopProgram
  private var defined: [Bool]
  private var visible: [Bool]
  private var variables: Set<Int> = []

  init(program: LoopProgram) {
    self.program = program
    defined = [Bool](repeating: false, count: program.values.count)
    visible = defined
  }

  mutating func check(_ list: [Statement], _ outer: IndexScope, isTopLevel: Bool) throws(LoopFault) {
    var scope = outer
    var introduced: [Value] = []
    for statement in list {
      try checkUses(statement, scope)
      if let access = statement.access { try check(access, of: statement, scope) }
      switch statement {
      case .define(let value, let instruction):
        try require(defined.indices.contains(value), "a value without a type", statement)
        try require(!defined[value], "v\(value) is defined twice", statement)
        try checkTypes(value, instruction, statement)
        (defined[value], visible[value]) = (true, true)
        introduced.append(value)
      case .bind(let variable, let value, let failure):
        try require(type(value).isInteger, "an index from a value that is no integer", statement)
        try require(failure > 0, "a failure code below 1", statement)
        try introduce(variable, statement)
        scope.enter(variable)
      case .store(let place, let value):
        try require(type(place) == type(value), "value and place differ in type", statement)
      case .accumulate(let place, let op, let value):
        try require(type(place) == type(value), "value and place differ in type", statement)
        try require(op.accepts(type(place)), "not of that type", statement)
      case .multiplyAdd(let place, let a, let b):
        try require(type(place) == type(a) && type(a) == type(b), "values and place differ in type", statement)
        try require(type(place) != .bool, "a fused multiply-add of bool", statement)
      case .prefetch(let place):
        guard case .buffer(let number, _) = place, program.buffers.indices.contains(number) else {
          throw fault("no such buffer", statement)
        }
      case .loop(let loop):
        try introduce(loop.variable, statement)
        try check(loop, scope, isTopLevel: isTopLevel)
      case .branch(let condition, let then, let otherwise):
        var inner = scope
        inner.assume(condition)
        try check(then, inner, isTopLevel: false)
        try check(otherwise, scope, isTopLevel: false)
      }
    }
    for value in introduced { visible[value] = false }
  }

  private mutating func check(_ loop: Loop, _ scope: IndexScope, isTopLevel: Bool) throws(LoopFault) {
    let statement = Statement.loop(loop)
    let last = scope.bounds(of: loop.count).upperBound - 1
    try require(loop.variable.bounds.lowerBound == 0, "a loop's variable counts from 0", statement)
    try require(loop.variable.bounds.upperBound >= last, "the variable's bounds are too narrow", statement)
    var inner = scope
    inner.enter(loop.variable, count: loop.count)
    try check(loop.body, inner, isTopLevel: false)
    if let fault = program.fault(ofKind: loop, isOutermost: isTopLevel) { throw LoopFault(text: fault) }
  }

  private func checkUses(_ statement: Statement, _ scope: IndexScope) throws(LoopFault) {
    for value in statement.operands {
      try require(visible.indices.contains(value) && visible[value], "v\(value) is not defined here", statement)
    }
    var missing: IndexVariable?
    statement.forEachIndex { $0.forEachVariable { if !scope.contains($0) { missing = $0 } } }
    if let missing { throw fault("the variable \(missing) does not exist here", statement) }
  }

  private func check(_ access: Access, of statement: Statement, _ outer: IndexScope) throws(LoopFault) {
    let extents: [Int]
    switch access.place {
    case .buffer(let number, _):
      try require(program.buffers.indices.contains(number), "no such buffer", statement)
      try require(!access.writes || program.buffers[number].isWritten, "the buffer is only read", statement)
      extents = [program.buffers[number].count]
    case .local(let number, _):
      try require(program.locals.indices.contains(number), "no such local", statement)
      extents = program.locals[number].extents
    }
    let indices = access.place.indices
    try require(indices.count == extents.count, "\(indices.count) indices for \(extents.count) extents", statement)
    var scope = outer
    if case .define(_, .load(_, let mask)) = statement { scope.assume(mask) }
    if scope.isUnreachable || scope.hasOtherConditions { return }
    for (index, extent) in zip(indices, extents) {
      let bounds = scope.bounds(of: index)
      if bounds.lowerBound < 0 || bounds.upperBound >= extent {
        throw fault("\(index) can be \(bounds), outside 0..<\(extent)", statement)
      }
    }
  }

  private mutating func introduce(_ variable: IndexVariable, _ statement: Statement) throws(LoopFault) {
    try require(variable.id < program.nextVariable, "\(variable) is not below nextVariable", statement)
    try require(variables.insert(variable.id).inserted, "\(variable) is introduced twice", statement)
  }

  private func checkTypes(
    _ value: Value, _ instruction: Instruction, _ statement: Statement
  ) throws(LoopFault) {
    let result = type(value)
    let fits: Bool
    switch instruction {
    case .constant(let scalar): fits = scalar.cast(to: result) == scalar
    case .argument(let number):
      fits = program.arguments.indices.contains(number) && program.arguments[number] == result
    case .index: fits = result != .bool
    case .load(let place, _): fits = type(place) == result
    case .unary(let op, let a): fits = type(a) == result && op.accepts(result)
    case .binary(let op, let a, let b):
      fits = type(a) == type(b) && op.accepts(type(a)) && result == (op.isComparison ? .bool : type(a))
    case .select(let a, let b, let c): fits = type(a) == .bool && type(b) == result && type(c) == result
    case .cast: fits = true
    case .bitcast(let a): fits = type(a).byteCount == result.byteCount
    case .test: fits = result == .bool
    }
    try require(fits, "types do not fit", statement)
  }

  /// Checks that no local carries anything between a parallel loop and what is outside: each turn has its own.
  func checkLocalsOfParallelLoops() throws(LoopFault) {
    var (inside, outside): (Set<Memory>, Set<Memory>) = ([], [])
    for statement in program.body {
      let touched = CollectionOfOne(statement).accesses.map(\.place.memory)
      if case .loop(let loop) = statement, loop.kind == .parallel {
        inside.formUnion(touched)
      } else {
        outside.formUnion(touched)
      }
    }
    for case .local(let local) in inside.intersection(outside) {
      throw LoopFault(text: "\(program.locals[local].name) is used inside and outside a parallel loop")
    }
  }

  private func type(_ value: Value) -> DType { program.values[value] }

  private func type(_ place: Place) -> DType {
    switch place {
    case .buffer(let number, _): program.buffers[number].dtype
    case .local(let number, _): program.locals[number].dtype
    }
  }

  private func require(_ holds: Bool, _ text: @autoclosure () -> String, _ statement: Statement) throws(LoopFault) {
    if !holds { throw fault(text(), statement) }
  }

  private func fault(_ text: String, _ statement: Statement) -> LoopFault {
    LoopFault(text: "\(text): \(program.text(statement))")
  }
}
