import LazyOps

// Stages that go along an axis one element after the other.
extension SectionBuilder {
  /// Adds a stage that copies the target, unless it is updated in place, and one that adds the values to it, or puts
  /// them there, in order.
  mutating func appendScatter(_ member: SectionDraft.Member, _ node: Graph.Vertex, _ axis: Int) {
    if target == nil {
      let place = bufferPlace(member.node, member.indices)
      appendStage(spatial: ownVariables(member)) { builder in
        ([], [.store(place, builder.value(of: node.sources[0], at: member.indices))])
      }
    }
    let buffer = parameter(buffer(of: member.node))
    let count = graph.nodes[node.sources[2]].shape[axis]
    guard count > 0 else { return }
    var moved = member.indices
    var position: [IndexVariable] = []
    if count > 1 {
      position = [IndexVariable(id: section.nextVariable, extent: count)]
      section.nextVariable += 1
    }
    moved[axis] = position.first.map { .variable($0) } ?? .constant(0)
    let others = ownVariables(member).filter { .variable($0) != member.indices[axis] }
    appendStage(spatial: position + others) { builder in
      let isPut = node.op == .put(axis: axis)
      // The indices of a put are a list along the axis, the same for all others.
      let index = builder.value(of: node.sources[1], at: isPut ? [moved[axis]] : moved)
      let value = builder.value(of: node.sources[2], at: moved)
      var target = moved
      target[axis] = builder.position(index, extent: node.shape[axis])
      let place = Place.buffer(buffer, SourceIndices.flatten(target, node.shape))
      return ([], [isPut ? .put(place, value) : .add(place, value)])
    }
  }

  /// Adds a stage that combines each element with those before it. Sums and products of `float32` are kept in `float64`:
  /// thousands of roundings would add up.
  mutating func appendScan(_ member: SectionDraft.Member, _ node: Graph.Vertex, _ op: ReduceOp, _ axis: Int) {
    let place = bufferPlace(member.node, member.indices)
    let line = member.indices[axis].asVariable
    let isWidened = node.dtype == .float32 && (op == .sum || op == .product)
    appendStage(spatial: ownVariables(member).filter { $0 != line }) { builder in
      let value = builder.value(of: node.sources[0], at: member.indices)
      guard let line else { return ([], [.store(place, value)]) }
      return ([line], [.scan(op, isWidened ? builder.define(.cast(value), .float64) : value, place)])
    }
  }

  /// Adds the stages of a pass of a radix sort: the keys of each digit are counted, the counts are summed up to where
  /// each digit begins, and the indices are put there in turn.
  mutating func appendRadixPass(_ member: SectionDraft.Member, _ node: Graph.Vertex, _ digit: RadixDigit) {
    let counts = section.scratch.count
    section.scratch.append(Scratch(dtype: .int32, extents: [digit.count + 1]))
    let result = parameter(buffer(of: member.node))
    let extent = node.shape[digit.axis]
    let keys = graph.nodes[node.sources[0]].dtype
    let others = ownVariables(member).filter { .variable($0) != member.indices[digit.axis] }
    func makeRange(_ extent: Int) -> IndexVariable {
      defer { section.nextVariable += 1 }
      return IndexVariable(id: section.nextVariable, extent: extent)
    }
    /// The digit of the key at an index.
    func digitOfKey(_ builder: inout StageBuilder, at index: Index) -> IndexVariable {
      var indices = member.indices
      indices[digit.axis] = index
      let key = builder.value(of: node.sources[0], at: indices)
      let shift = builder.define(.constant(Scalar.integer(Int64(digit.shift)).cast(to: keys)), keys)
      let mask = builder.define(.constant(Scalar.integer(Int64(digit.count - 1)).cast(to: keys)), keys)
      let shifted = builder.define(.binary(.shiftRight, key, shift), keys)
      let masked = builder.define(.cast(builder.define(.binary(.and, shifted, mask), keys)), .int32)
      return builder.bind(masked, extent: digit.count)
    }

    precondition(others.isEmpty, "bug: a sort along one axis of several")
    let cleared = makeRange(digit.count + 1)
    appendStage(spatial: [cleared]) { builder in
      ([], [.store(.local(counts, [.variable(cleared)]), builder.define(.constant(.integer(0)), .int32))])
    }
    // An order names each key once: they are counted as they lie.
    let counted = makeRange(extent)
    appendStage(spatial: [counted]) { builder in
      let digit = digitOfKey(&builder, at: .variable(counted))
      let one = builder.define(.constant(.integer(1)), .int32)
      return ([], [.add(.local(counts, [Index(digit) + 1]), one)])
    }
    let summed = makeRange(digit.count + 1)
    appendStage(spatial: []) { builder in
      let place = Place.local(counts, [.variable(summed)])
      return ([summed], [.scan(.sum, builder.define(.load(place, .always), .int32), place)])
    }
    let placed = makeRange(extent)
    appendStage(spatial: [placed]) { builder in
      var indices = member.indices
      indices[digit.axis] = .variable(placed)
      let index = builder.value(of: node.sources[1], at: indices)
      let next = Place.local(
        counts, [Index(digitOfKey(&builder, at: .variable(builder.bind(index, extent: extent))))])
      indices[digit.axis] = .variable(builder.bind(builder.define(.load(next, .always), .int32), extent: extent))
      let one = builder.define(.constant(.integer(1)), .int32)
      return ([], [.put(.buffer(result, SourceIndices.flatten(indices, node.shape)), index), .add(next, one)])
    }
  }
}
