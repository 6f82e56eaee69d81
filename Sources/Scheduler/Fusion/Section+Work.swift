import LazyOps

extension Section {
  /// The turns of a stage's loops at all points of the grid.
  package func turns(of stage: Stage) -> Int { stage.loops.reduce(gridPoints) { $0 * $1.extent } }

  /// The instructions executed, counted for one element at a time.
  package var instructionCount: Int {
    stages.reduce(0) { $0 + turns(of: $1) * ($1.steps.count + $1.results.count) }
  }

  /// The ops in the text of the section's stages.
  var operationCount: Int {
    stages.reduce(0) { count, stage in
      count
        + stage.steps.count {
          switch $0 {
          case .define(_, .unary), .define(_, .binary), .define(_, .select), .define(_, .cast): true
          case .define, .bind: false
          }
        }
    }
  }

  /// The schedule's numbers of the buffers the section reads.
  var readBuffers: Set<Int> {
    var read: Set<Int> = []
    for stage in stages {
      for case .define(_, .load(.buffer(let buffer, _), _)) in stage.steps { read.insert(buffers[buffer]) }
    }
    return read
  }

  /// Whether some stage combines over a range, or adds to places.
  var isReducing: Bool {
    stages.contains { stage in
      stage.results.contains {
        switch $0 {
        case .store: false
        case .reduce, .scan, .add, .put: true
        }
      }
    }
  }

  /// Whether the section's time goes into a large sum of products, which register tiles make short: it uses each element
  /// it reads many times over.
  func isComputeBound(_ all: [Buffer]) -> Bool {
    let elements = buffers.reduce(0) { $0 + all[$1].shape.elementCount }
    return stages.contains {
      $0.addsProducts && turns(of: $0) > Swift.max(CostModel.largeContraction, CostModel.uses * elements)
    }
  }
}

extension Stage {
  /// Whether the stage adds products up.
  fileprivate var addsProducts: Bool {
    results.contains { result in
      guard case .reduce(.sum, var value, _) = result else { return false }
      for case .define(let defined, let instruction) in steps.reversed() where defined == value {
        if case .binary(.multiply, _, _) = instruction { return true }
        // What counts only somewhere.
        if case .select(_, let kept, _) = instruction { value = kept }
      }
      return false
    }
  }
}
