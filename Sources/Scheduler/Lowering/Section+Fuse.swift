import LazyOps

extension Section {
  /// Returns one section that does what this one and `other`, which is independent of it, do side by side, in fewer
  /// passes: the sum and the maximum of one tensor. Nil where their grids differ or no two stages become one.
  func fused(with other: Section) -> Section? {
    guard grid.map(\.extent) == other.grid.map(\.extent),
      scratch.reduce(0, { $0 + $1.byteCount }) + other.scratch.reduce(0, { $0 + $1.byteCount })
        <= CostModel.scratchBytes,
      members.count + other.members.count <= CostModel.membersPerSection,
      !stages.contains(where: \.bindsIndices), !other.stages.contains(where: \.bindsIndices)
    else { return nil }
    var both = self
    let buffers = other.buffers.map { buffer in both.position(of: buffer, in: \.buffers) }
    let arguments = other.arguments.map { argument in both.position(of: argument, in: \.arguments) }
    var renamed = Dictionary(uniqueKeysWithValues: zip(other.grid, grid))
    for range in other.stages.flatMap(\.loops) {
      renamed[range] = IndexVariable(id: both.nextVariable, extent: range.extent)
      both.nextVariable += 1
    }
    both.stages += other.stages.map { stage in
      var stage = stage
      stage.spatial = stage.spatial.map { renamed[$0]! }
      stage.reduced = stage.reduced.map { renamed[$0]! }
      stage.substitute { renamed[$0].map { .variable($0) } }
      stage.renumber(buffers: buffers, locals: { $0 + scratch.count }, arguments: arguments)
      return stage
    }
    both.scratch += other.scratch
    both.members += other.members
    both.boundaries += other.boundaries
    both.merge()
    return both.stages.count < stages.count + other.stages.count ? both : nil
  }

  /// The position of a number in one of the section's lists, to which it is added if need be.
  private mutating func position(of number: Int, in list: WritableKeyPath<Section, [Int]>) -> Int {
    if let position = self[keyPath: list].firstIndex(of: number) { return position }
    self[keyPath: list].append(number)
    return self[keyPath: list].count - 1
  }
}

extension Stage {
  /// Whether the stage reads indices from a tensor.
  fileprivate var bindsIndices: Bool { steps.contains { if case .bind = $0 { true } else { false } } }

  /// Replaces the numbers of buffers, local arrays and arguments.
  fileprivate mutating func renumber(buffers: [Int], locals: (Int) -> Int, arguments: [Int]) {
    func renumbered(_ place: Place) -> Place {
      switch place {
      case .buffer(let buffer, let index): .buffer(buffers[buffer], index)
      case .local(let local, let indices): .local(locals(local), indices)
      }
    }
    steps = steps.map { step in
      switch step {
      case .define(let value, .load(let place, let mask)): .define(value, .load(renumbered(place), mask))
      case .define(let value, .argument(let number)): .define(value, .argument(arguments[number]))
      case .define, .bind: step
      }
    }
    results = results.map { result in
      switch result {
      case .store(let place, let value): .store(renumbered(place), value)
      case .reduce(let op, let value, let place): .reduce(op, value, renumbered(place))
      case .add(let place, let value): .add(renumbered(place), value)
      }
    }
  }
}
