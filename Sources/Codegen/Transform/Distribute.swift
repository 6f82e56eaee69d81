package import LazyOps
import LazyScheduler

extension LoopProgram {
  /// Whether `distribute` may be called.
  package func canDistribute(_ id: Int) -> Bool { (try? distributed(id)) != nil }

  /// Makes a loop each of the parts of a loop's body: of every loop or branch in it, and of the stores and
  /// accumulations between two of them. Returns the new loops' variables.
  ///
  ///     for i { s = 0; for k { s += f(i, k) }; x[i] = s }
  ///     ->    for i { s[i] = 0 }    for i { for k { s[i] += f(i, k) } }    for i { x[i] = s[i] }
  ///
  /// A local that carries something from one part to another, within a turn only, gets an element for each turn: a new
  /// first extent. Definitions go to every part that uses them; a loaded value that a later part could no longer load
  /// is kept in a local in the same way. Other elements must not be shared by different turns of two parts.
  package mutating func distribute(_ id: Int) -> [IndexVariable] {
    insist(on: "distribute", of: id) { program throws(Refusal) in try program.distributed(id) }
  }

  private func distributed(_ id: Int) throws(Refusal) -> (LoopProgram, [IndexVariable]) {
    let loop = try require(id)
    if loop.kind == .lanes { throw Refusal("lanes are one register") }
    let distribution = try Distribution(of: loop)
    var program = self
    let extent = loop.variable.bounds.upperBound + 1
    let turn = Index(loop.variable)

    // Values that go from part to part.
    var parts = distribution.parts
    if !distribution.kept.isEmpty { try requireOwnLocals(in: id) }
    for value in distribution.kept.sorted() {
      if loop.kind == .parallel { throw Refusal("v\(value) would go from one parallel loop to another") }
      let local = program.makeLocal("kept", values[value], [extent])
      for position in parts.indices { parts[position].keep(value, in: .local(local, [turn])) }
    }

    // Locals that go from part to part; nothing else may.
    let statements = parts.map(\.statements)
    var crossing: [Int] = []
    for (position, first) in statements.enumerated() {
      for second in statements[(position + 1)...] {
        let inside = Set((first + second).boundVariables.map(\.id))
        for access in first.accesses {
          if case .local(let local) = access.place.memory {
            if crossing.contains(local) { continue }
            // What a parallel loop leaves in locals is gone.
            if loop.kind == .parallel, second.accesses.contains(where: { $0.place.memory == access.place.memory }) {
              throw Refusal("\(locals[local].name) would go from one parallel loop to another")
            }
          }
          let pair = program.conflict([access], second.accesses) {
            program.areApart($0, $1, turns: loop.variable, inside: inside)
          }
          guard let pair else { continue }
          guard case .local(let local) = access.place.memory, isPrivate(local, to: id) else {
            throw Refusal("turns share \(program.text(pair.0.place)) with \(program.text(pair.1.place))")
          }
          crossing.append(local)
        }
      }
    }
    let widened = program.widen(crossing, by: extent, in: id)

    var variables: [IndexVariable] = []
    let loops = statements.map { part -> Statement in
      let wide = part.substituting(
        Substitution(place: { place in
          guard case .local(let local, let indices) = place, let wide = widened[local] else { return place }
          return .local(wide, [turn] + indices)
        }))
      let variable = program.makeVariable(bounds: loop.variable.bounds)
      variables.append(variable)
      let body = program.copy(wide, replacing: [id: Index(variable)])
      return .loop(Loop(variable: variable, name: loop.name, count: loop.count, kind: loop.kind, body: body))
    }
    program.replace(id, by: loops)
    try program.requireKinds(after: id, of: self)
    return (program, variables)
  }

  /// Gives locals a new first extent, and returns their numbers: new ones where there are uses outside a loop too.
  private mutating func widen(_ crossing: [Int], by extent: Int, in id: Int) -> [Int: Int] {
    var rest = self
    rest.replace(id, by: [])
    let outside = rest.body.touchedMemory
    var widened: [Int: Int] = [:]
    for local in crossing {
      let old = locals[local]
      widened[local] = outside.contains(.local(local)) ? makeLocal(old.name, old.dtype, old.extents) : local
      locals[widened[local]!].extents.insert(extent, at: 0)
    }
    return widened
  }
}

/// How the statements of one loop's body go to the parts it is distributed into.
private struct Distribution {
  struct Part {
    var statements: [Statement]
    /// Values that this part takes from an earlier one.
    var taken: Set<Value>
    /// Values that this part keeps for later ones.
    var given: Set<Value>

    /// Has a value of an earlier part loaded from a place, or stores it there where it is defined.
    mutating func keep(_ value: Value, in place: Place) {
      if taken.contains(value) { statements.insert(.define(value, .load(place, .always)), at: 0) }
      guard given.contains(value) else { return }
      statements = statements.flatMap { statement -> [Statement] in
        guard case .define(value, _) = statement else { return [statement] }
        return [statement, .store(place, value)]
      }
    }
  }

  private let body: [Statement]
  /// Positions in the body of what each part does, definitions left out.
  private var effects: [[Int]] = []
  private var definitions: [Value: Int] = [:]
  private var binds: [Int: Int] = [:]
  private(set) var parts: [Part] = []
  /// Values that are loaded in one part and used in a later one.
  private(set) var kept: Set<Value> = []

  init(of loop: Loop) throws(Refusal) {
    body = loop.body
    var isOpen = false
    for (position, statement) in body.enumerated() {
      switch statement {
      case .define(let value, _): definitions[value] = position
      case .bind(let variable, _, _): binds[variable.id] = position
      case .loop, .branch:
        effects.append([position])
        isOpen = false
      case .store, .accumulate, .multiplyAdd, .prefetch:
        if isOpen { effects[effects.count - 1].append(position) } else { effects.append([position]) }
        isOpen = true
      }
    }
    if effects.count < 2 { throw Refusal("its body has one part only") }
    collectParts()
    let checked = Set(parts.flatMap { $0.statements.boundVariables.map(\.id) })
    if !checked.isSuperset(of: binds.keys) { throw Refusal("an index is checked that no part uses") }
  }

  /// Finds the definitions each part needs, later parts first, because they ask earlier ones to keep values.
  private mutating func collectParts() {
    for part in effects.indices.reversed() {
      var needed = Set(effects[part])
      var taken: Set<Value> = []
      let given = kept.filter { owner(of: definitions[$0]!) == part }
      var open = effects[part] + given.map { definitions[$0]! }
      needed.formUnion(open)
      while let position = open.popLast() {
        let statement = CollectionOfOne(body[position])
        for value in statement.usedValues {
          guard let source = definitions[value] else { continue }
          if isOverwritten(source, before: part) {
            taken.insert(value)
            kept.insert(value)
          } else if needed.insert(source).inserted {
            open.append(source)
          }
        }
        for id in statement.usedVariables {
          if let source = binds[id], needed.insert(source).inserted { open.append(source) }
        }
      }
      parts.insert(Part(statements: needed.sorted().map { body[$0] }, taken: taken, given: given), at: 0)
    }
  }

  /// The part in which the definition at a position stands: that of the next effect.
  private func owner(of position: Int) -> Int { effects.firstIndex { $0.last! > position } ?? effects.count - 1 }

  /// Whether the definition at a position loads what is written between it and a part.
  private func isOverwritten(_ position: Int, before part: Int) -> Bool {
    guard let access = body[position].access, position < effects[part][0] else { return false }
    return body[position..<effects[part][0]].writtenMemory.contains(access.place.memory)
  }
}
