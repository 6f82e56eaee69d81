import LazyOps
import LazyScheduler

// Transformations that leave the loops alone.
extension LoopProgram {
  /// Removes definitions nobody uses, stores to locals that nothing reads, loops and branches that do nothing, and loops
  /// that never run. A checked index stays.
  package mutating func removeDeadCode() {
    var used: Set<Value> = []
    let read = body.readMemory
    func isUnread(_ statement: Statement) -> Bool {
      guard case .store(.local(let local, _), _) = statement else { return false }
      return !read.contains(.local(local))
    }
    // From the end to the start, all uses of a value come before its definition.
    func live(_ list: [Statement]) -> [Statement] {
      var kept: [Statement] = []
      for statement in list.reversed() {
        switch statement {
        case .define(let value, let instruction):
          if !used.contains(value) { continue }
          used.formUnion(instruction.operands)
          kept.append(statement)
        case .bind, .store, .accumulate, .multiplyAdd, .prefetch:
          if isUnread(statement) { continue }
          used.formUnion(statement.operands)
          kept.append(statement)
        case .loop(let loop):
          if loop.count.bounds.upperBound <= 0 { continue }
          let inner = statement.mapLists(live)
          if inner.lists != [[]] { kept.append(inner) }
        case .branch(let condition, let then, let otherwise):
          if let decided = condition.decided {
            kept += live(decided ? then : otherwise).reversed()
            continue
          }
          let inner = statement.mapLists(live)
          if inner.lists != [[], []] { kept.append(inner) }
        }
      }
      return kept.reversed()
    }
    body = live(body)
  }

  /// Defines equal values once: a definition that an earlier one in scope repeats is removed, loads included where
  /// nothing has written their memory in between. What is stored in a local need not be loaded from there.
  package mutating func mergeCommonValues() {
    var merged = Substitution()
    let types = values

    struct Key: Hashable {
      var dtype: DType
      var instruction: Instruction
    }

    func forget(_ memory: Set<Memory>, _ known: inout [Key: Value]) {
      if memory.isEmpty { return }
      known = known.filter { key, _ in
        if case .load(let place, _) = key.instruction { return !memory.contains(place.memory) }
        return true
      }
    }

    func unique(_ list: [Statement], _ outer: [Key: Value]) -> [Statement] {
      var known = outer
      return list.compactMap { statement -> Statement? in
        switch statement {
        case .define(let value, let instruction):
          let key = Key(dtype: types[value], instruction: merged(instruction))
          if let earlier = known[key] {
            merged.values[value] = earlier
            return nil
          }
          known[key] = value
          return .define(value, key.instruction)
        case .store(let place, let value):
          forget([place.memory], &known)
          let stored = merged(value)
          // 16-bit elements are rounded as they are stored.
          if case .local(let local, _) = place, locals[local].dtype == types[stored], !types[stored].isHalf {
            known[Key(dtype: types[stored], instruction: .load(merged(place), .always))] = stored
          }
          return merged(statement)
        case .bind, .accumulate, .multiplyAdd, .prefetch:
          forget(CollectionOfOne(statement).writtenMemory, &known)
          return merged(statement)
        case .loop(let loop):
          // A turn sees what the turns before it have written.
          forget(loop.body.writtenMemory, &known)
          return statement.mapLists { unique($0, known) }
        case .branch:
          let inner = statement.mapLists { unique($0, known) }
          forget(CollectionOfOne(statement).writtenMemory, &known)
          return inner
        }
      }
    }
    body = unique(body, [:])
  }

  /// Numbers values and index variables in the order of the text, and drops locals that nothing touches: equal
  /// programs that were transformed on different ways print the same.
  package mutating func renumber() {
    var substitution = Substitution()
    var types: [DType] = []
    var used: Set<Int> = []
    body.forEachStatement { statement in
      if case .define(let value, _) = statement {
        substitution.values[value] = types.count
        types.append(values[value])
      }
      if case .local(let local)? = statement.access?.place.memory { used.insert(local) }
    }
    for (number, variable) in body.boundVariables.enumerated() {
      substitution.variables[variable.id] = IndexVariable(id: number, bounds: variable.bounds)
    }
    for position in lengths.indices {
      let variable = lengths[position].variable
      lengths[position].variable = IndexVariable(id: substitution.variables.count, bounds: variable.bounds)
      substitution.variables[variable.id] = lengths[position].variable
    }
    let kept = locals.indices.filter(used.contains)
    let numbers = Dictionary(uniqueKeysWithValues: kept.enumerated().map { ($0.element, $0.offset) })
    substitution.place = { place in
      guard case .local(let local, let indices) = place else { return place }
      return .local(numbers[local]!, indices)
    }
    body = body.substituting(substitution)
    locals = kept.map { locals[$0] }
    values = types
    nextVariable = substitution.variables.count
  }
}
