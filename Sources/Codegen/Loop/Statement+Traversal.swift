package import LazyOps
package import LazyScheduler

/// The memory a place lies in: a whole buffer or a whole local.
package enum Memory: Hashable, Sendable {
  case buffer(Int)
  case local(Int)
}

extension Place {
  /// The buffer or local the place lies in.
  package var memory: Memory {
    switch self {
    case .buffer(let buffer, _): .buffer(buffer)
    case .local(let local, _): .local(local)
    }
  }
}

/// One touch of memory by a statement.
package struct Access: Hashable, Sendable {
  package var place: Place
  package var reads: Bool
  package var writes: Bool
  /// What is known to hold where it happens: the mask, and the conditions of branches.
  package var conditions: [Condition] = []
}

extension Instruction {
  /// Calls `visit` for each index expression, those of masks included.
  package func forEachIndex(_ visit: (Index) -> Void) {
    switch self {
    case .constant, .argument, .unary, .binary, .select, .cast, .bitcast: return
    case .index(let index): visit(index)
    case .load(let place, let mask):
      for index in place.indices { visit(index) }
      for condition in mask.conditions { visit(condition.index) }
    case .test(let mask): for condition in mask.conditions { visit(condition.index) }
    }
  }
}

// What one statement does by itself, without the statements inside it.
extension Statement {
  /// The values the statement itself uses.
  package var operands: [Value] {
    switch self {
    case .define(_, let instruction): instruction.operands
    case .bind(_, let value, _), .store(_, let value), .accumulate(_, _, let value): [value]
    case .multiplyAdd(_, let a, let b): [a, b]
    case .prefetch, .loop, .branch: []
    }
  }

  /// The memory the statement itself touches.
  package var access: Access? {
    switch self {
    case .define(_, .load(let place, let mask)):
      Access(place: place, reads: true, writes: false, conditions: mask.conditions)
    case .store(let place, _): Access(place: place, reads: false, writes: true)
    case .accumulate(let place, _, _), .multiplyAdd(let place, _, _): Access(place: place, reads: true, writes: true)
    case .define, .bind, .prefetch, .loop, .branch: nil
    }
  }

  /// Calls `visit` for each index expression of the statement itself.
  package func forEachIndex(_ visit: (Index) -> Void) {
    switch self {
    case .define(_, let instruction): instruction.forEachIndex(visit)
    case .bind: return
    case .store(let place, _), .accumulate(let place, _, _), .multiplyAdd(let place, _, _), .prefetch(let place):
      for index in place.indices { visit(index) }
    case .loop(let loop): visit(loop.count)
    case .branch(let condition, _, _): visit(condition.index)
    }
  }

  /// The statement lists inside the statement.
  package var lists: [[Statement]] {
    switch self {
    case .define, .bind, .store, .accumulate, .multiplyAdd, .prefetch: []
    case .loop(let loop): [loop.body]
    case .branch(_, let then, let otherwise): [then, otherwise]
    }
  }

  /// Returns the statement with the lists inside it replaced.
  package func mapLists(_ transform: ([Statement]) -> [Statement]) -> Statement {
    switch self {
    case .define, .bind, .store, .accumulate, .multiplyAdd, .prefetch: return self
    case .loop(var loop):
      loop.body = transform(loop.body)
      return .loop(loop)
    case .branch(let condition, let then, let otherwise):
      return .branch(condition, transform(then), transform(otherwise))
    }
  }

  /// Whether the statement only gives a value or variable its meaning, and touches no memory but to read it.
  package var isDefinition: Bool {
    switch self {
    case .define, .bind: true
    case .store, .accumulate, .multiplyAdd, .prefetch, .loop, .branch: false
    }
  }

  /// Whether there is a loop in the statement, or it is one.
  package var hasLoop: Bool {
    switch self {
    case .define, .bind, .store, .accumulate, .multiplyAdd, .prefetch: false
    case .loop: true
    case .branch(_, let then, let otherwise): (then + otherwise).contains(where: \.hasLoop)
    }
  }
}

// What statements do, all that are inside them included.
extension Sequence<Statement> {
  /// Calls `visit` for every statement, at every depth, in the order of the text.
  package func forEachStatement(_ visit: (Statement) -> Void) {
    for statement in self {
      visit(statement)
      for list in statement.lists { list.forEachStatement(visit) }
    }
  }

  /// Every touch of memory, each once.
  package var accesses: [Access] {
    var seen: Set<Access> = []
    var found: [Access] = []
    collectAccesses([]) { if seen.insert($0).inserted { found.append($0) } }
    return found
  }

  private func collectAccesses(_ conditions: [Condition], _ visit: (Access) -> Void) {
    for statement in self {
      if var access = statement.access {
        access.conditions += conditions
        visit(access)
      }
      switch statement {
      case .define, .bind, .store, .accumulate, .multiplyAdd, .prefetch: continue
      case .loop(let loop): loop.body.collectAccesses(conditions, visit)
      case .branch(let condition, let then, let otherwise):
        then.collectAccesses(conditions + [condition], visit)
        otherwise.collectAccesses(conditions, visit)
      }
    }
  }

  /// The memory that is touched.
  package var touchedMemory: Set<Memory> { memory { _ in true } }

  /// The memory that is read.
  package var readMemory: Set<Memory> { memory(where: \.reads) }

  /// The memory that is written.
  package var writtenMemory: Set<Memory> { memory(where: \.writes) }

  private func memory(where isMeant: (Access) -> Bool) -> Set<Memory> {
    var found: Set<Memory> = []
    forEachStatement { if let access = $0.access, isMeant(access) { found.insert(access.place.memory) } }
    return found
  }

  /// The values that are used.
  package var usedValues: Set<Value> {
    var used: Set<Value> = []
    forEachStatement { used.formUnion($0.operands) }
    return used
  }

  /// The values that are defined.
  package var definedValues: Set<Value> {
    var defined: Set<Value> = []
    forEachStatement { if case .define(let value, _) = $0 { defined.insert(value) } }
    return defined
  }

  /// The index variables that occur, by id.
  package var usedVariables: Set<Int> {
    var used: Set<Int> = []
    forEachStatement { $0.forEachIndex { $0.forEachVariable { used.insert($0.id) } } }
    return used
  }

  /// The index variables that loops and binds introduce.
  package var boundVariables: [IndexVariable] {
    var bound: [IndexVariable] = []
    forEachStatement {
      switch $0 {
      case .loop(let loop): bound.append(loop.variable)
      case .bind(let variable, _, _): bound.append(variable)
      case .define, .store, .accumulate, .multiplyAdd, .prefetch, .branch: return
      }
    }
    return bound
  }
}
