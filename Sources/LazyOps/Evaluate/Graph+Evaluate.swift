extension Graph {
  /// Computes the outputs on the host, one node after the other: the meaning of every op, against which compiled
  /// kernels are compared, and what runs where there is no compiler.
  ///
  /// - Parameter leaves: the values of the buffers and arguments in the order of `self.leaves`; an argument may be a
  ///   scalar whatever the node's shape is.
  /// - Throws: `IndexOutOfRange`.
  package func evaluate(leaves: [HostArray]) throws(IndexOutOfRange) -> [HostArray] {
    precondition(leaves.count == self.leaves.count, "bug: \(leaves.count) values for \(self.leaves.count) leaves")
    var unbound = leaves[...]
    var values = [HostArray?](repeating: nil, count: nodes.count)
    // A value is dropped after the last node that reads it.
    var lastUse = Array(nodes.indices)
    for (id, node) in nodes.enumerated() { for source in node.sources { lastUse[source] = id } }
    for output in outputs { lastUse[output] = nodes.count }

    for (id, node) in nodes.enumerated() {
      if node.isLeaf {
        let leaf = unbound.removeFirst()
        precondition(leaf.dtype == node.dtype, "bug: \(leaf.dtype) for \(describe(id))")
        values[id] = leaf.shape == node.shape ? leaf : leaf.broadcast(to: node.shape)
      } else {
        values[id] = try node.evaluate(node.sources.map { values[$0]! })
        for source in node.sources where lastUse[source] == id { values[source] = nil }
      }
    }
    return outputs.map { values[$0]! }
  }
}

extension HostArray {
  /// Returns the one element everywhere.
  fileprivate func broadcast(to shape: Shape) -> HostArray {
    precondition(elements.count == 1, "bug: \(self.shape) for a leaf of shape \(shape)")
    var view = StridedView(shape)
    view.strides = view.strides.map { _ in 0 }
    return HostArray(elements.read(view), shape, dtype)
  }
}

extension Graph.Vertex {
  /// Computes the node's value from those of its sources.
  fileprivate func evaluate(_ sources: [HostArray]) throws(IndexOutOfRange) -> HostArray {
    HostArray(try elements(sources), shape, dtype)
  }

  private func elements(_ sources: [HostArray]) throws(IndexOutOfRange) -> HostArray.Elements {
    switch op {
    case .buffer, .argument, .length: preconditionFailure("bug: a leaf has no rule")
    case .constant(let value): .init(repeating: value.cast(to: dtype), count: shape.elementCount)
    case .iota(let axis): iota(axis)
    case .unary(let op): unary(op, sources[0])
    case .binary(let op): binary(op, sources[0], sources[1])
    case .select: select(sources[0], sources[1], sources[2])
    case .cast: sources[0].cast(to: dtype).elements
    case .bitcast: bitcast(sources[0])
    case .detach, .barrier, .reshape: sources[0].elements
    case .reduce(let op, let axes): reduce(op, axes, sources[0])
    case .scan(let op, let axis): scan(op, axis, sources[0])
    case .radixPass(let digit): try radixPass(digit, sources[0], sources[1])
    case .permute(let order): sources[0].elements.read(StridedView(sources[0].shape).permuted(order))
    case .expand: sources[0].elements.read(StridedView(sources[0].shape).expanded(to: shape))
    case .slice(let ranges): sources[0].elements.read(StridedView(sources[0].shape).sliced(ranges))
    case .window(let geometry): sources[0].elements.read(StridedView(sources[0].shape).windowed(geometry))
    case .pad(let ranges): zeros.replacing(StridedView(shape).sliced(ranges), with: sources[0].elements)
    case .overlapAdd(let geometry):
      zeros.adding(sources[0].elements, at: StridedView(shape).windowed(geometry)).rounded(to: dtype)
    case .concatenate(let axis): concatenate(axis, sources)
    case .gather(let axis): try gather(axis, sources[0], sources[1])
    case .scatterAdd(let axis): try scatterAdd(axis, sources[0], sources[1], sources[2])
    case .put(let axis): try put(axis, sources[0], sources[1], sources[2])
    case .update(let ranges):
      sources[0].elements.replacing(StridedView(shape).sliced(ranges), with: sources[1].elements)
    }
  }

  private var zeros: HostArray.Elements {
    .init(repeating: Scalar.integer(0).cast(to: dtype), count: shape.elementCount)
  }

  private func iota(_ axis: Int) -> HostArray.Elements {
    let (stride, extent) = (shape.strides[axis], shape[axis])
    return HostArray.Elements.integer((0..<shape.elementCount).map { Int64($0 / stride % extent) }).rounded(to: dtype)
  }

  private func unary(_ op: UnaryOp, _ x: HostArray) -> HostArray.Elements {
    switch x.elements {
    case .real(let values): .real(values.map(op.onReals)).rounded(to: dtype)
    case .integer(let values): .integer(values.map(op.onIntegers(dtype))).rounded(to: dtype)
    }
  }

  private func binary(_ op: BinaryOp, _ a: HostArray, _ b: HostArray) -> HostArray.Elements {
    func combine<T>(_ x: [T], _ y: [T], _ function: (T, T) -> T) -> [T] { x.indices.map { function(x[$0], y[$0]) } }
    return switch a.elements {
    case .real(let x): .real(combine(x, b.elements.reals, op.onReals)).rounded(to: dtype)
    case .integer(let x): .integer(combine(x, b.elements.integers, op.onIntegers(a.dtype))).rounded(to: dtype)
    }
  }

  private func select(_ condition: HostArray, _ a: HostArray, _ b: HostArray) -> HostArray.Elements {
    let c = condition.elements.integers
    func choose<T>(_ x: [T], _ y: [T]) -> [T] { c.indices.map { c[$0] != 0 ? x[$0] : y[$0] } }
    return switch a.elements {
    case .real(let x): .real(choose(x, b.elements.reals))
    case .integer(let x): .integer(choose(x, b.elements.integers))
    }
  }

  private func bitcast(_ x: HostArray) -> HostArray.Elements {
    HostArray(scalars: x.scalars.map { $0.bitcast(from: x.dtype, to: dtype) }, shape, dtype).elements
  }

  /// Combines in index order; sums and products of floating-point elements are rounded once, at the end.
  private func reduce(_ op: ReduceOp, _ axes: [Int], _ x: HostArray) -> HostArray.Elements {
    let kept = (0..<x.shape.rank).filter { !axes.contains($0) }
    let count = axes.reduce(1) { $0 * x.shape[$1] }
    func reduce<T>(_ values: [T], _ identity: T, _ combine: (T, T) -> T) -> [T] {
      (0..<shape.elementCount).map { row in
        // Starting from the first element, not the identity, keeps a lone -0.
        count == 0 ? identity : values[row * count + 1..<(row + 1) * count].reduce(values[row * count], combine)
      }
    }
    switch x.elements.read(StridedView(x.shape).permuted(kept + axes)) {
    case .real(let values):
      return .real(reduce(values, op.identity(dtype).double, op.binary.onReals)).rounded(to: dtype)
    case .integer(let values):
      return .integer(reduce(values, op.identity(dtype).int64, op.binary.onIntegers(dtype))).rounded(to: dtype)
    }
  }

  private func concatenate(_ axis: Int, _ sources: [HostArray]) -> HostArray.Elements {
    func join<T>(_ arrays: [[T]]) -> [T] {
      let rows = shape.dimensions[..<axis].reduce(1, *)
      var result: [T] = []
      result.reserveCapacity(shape.elementCount)
      for row in 0..<rows {
        for array in arrays {
          let count = array.count / rows
          result += array[row * count..<(row + 1) * count]
        }
      }
      return result
    }
    let arrays = sources.map(\.elements)
    return dtype.isFloatingPoint ? .real(join(arrays.map(\.reals))) : .integer(join(arrays.map(\.integers)))
  }

  private func gather(_ axis: Int, _ data: HostArray, _ index: HostArray) throws(IndexOutOfRange) -> HostArray.Elements
  {
    let places = try places(index, on: axis, of: data.shape)
    return switch data.elements {
    case .real(let values): .real(places.map { values[$0] })
    case .integer(let values): .integer(places.map { values[$0] })
    }
  }

  private func scatterAdd(
    _ axis: Int, _ target: HostArray, _ index: HostArray, _ values: HostArray
  ) throws(IndexOutOfRange) -> HostArray.Elements {
    let places = try places(index, on: axis, of: target.shape)
    func add<T>(_ target: [T], _ values: [T], _ sum: (T, T) -> T) -> [T] {
      var sums = target
      for (place, value) in zip(places, values) { sums[place] = sum(sums[place], value) }
      return sums
    }
    return switch target.elements {
    case .real(let target): .real(add(target, values.elements.reals, +)).rounded(to: dtype)
    case .integer(let target): .integer(add(target, values.elements.integers, &+)).rounded(to: dtype)
    }
  }

  private func put(
    _ axis: Int, _ target: HostArray, _ index: HostArray, _ values: HostArray
  ) throws(IndexOutOfRange) -> HostArray.Elements {
    let (inner, extent, count) = (shape.strides[axis], shape[axis], index.shape[0])
    let indices = index.elements.integers
    for index in indices where !(0..<extent ~= Int(index)) {
      throw IndexOutOfRange(op: "put", index: Int(index), extent: extent)
    }
    func put<T>(_ target: [T], _ values: [T]) -> [T] {
      var result = target
      for (position, value) in values.enumerated() {
        let place = Int(indices[position / inner % count])
        result[(position / inner / count * extent + place) * inner + position % inner] = value
      }
      return result
    }
    return switch target.elements {
    case .real(let target): .real(put(target, values.elements.reals))
    case .integer(let target): .integer(put(target, values.elements.integers))
    }
  }

  /// Returns the places in an array of `shape` that the elements of `index` name.
  func places(_ index: HostArray, on axis: Int, of shape: Shape) throws(IndexOutOfRange) -> [Int] {
    let indices = index.elements.integers
    let (inner, extent, count) = (shape.strides[axis], shape[axis], index.shape[axis])
    var places: [Int] = []
    places.reserveCapacity(indices.count)
    for (position, index) in indices.enumerated() {
      guard 0..<extent ~= Int(index) else {
        let name = if case .gather = op { "gather" } else { "scatterAdd" }
        throw IndexOutOfRange(op: name, index: Int(index), extent: extent)
      }
      places.append((position / inner / count * extent + Int(index)) * inner + position % inner)
    }
    return places
  }
}
