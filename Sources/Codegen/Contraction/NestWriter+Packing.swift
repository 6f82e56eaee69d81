import LazyOps
import LazyScheduler

// The copies of a factor that lie in memory as the tile reads them.
extension NestWriter {
  /// Loops over the products of a block; the body gets the values of the reduced ranges and the position, of all of them
  /// or of those outside the one at `end`, or of all but some others.
  mutating func overDepth(
    _ block: Block, upTo end: Int? = nil, besides left: [IndexVariable] = [],
    _ body: (inout NestWriter, [IndexVariable: Index], Index) -> [Statement]
  ) -> [Statement] {
    let nest = nest
    func nested(
      _ writer: inout NestWriter, _ spans: ArraySlice<Span>, _ values: [IndexVariable: Index], _ position: Index
    ) -> [Statement] {
      guard let span = spans.first else { return body(&writer, values, position) }
      if left.contains(span.range) { return nested(&writer, spans.dropFirst(), values, position) }
      let isBlocked = spans.startIndex == nest.blocked.position
      return writer.loop(
        "k", isBlocked ? block.count : span.count, atMost: isBlocked ? nest.blocked.size : span.extent
      ) { writer, k in
        var values = values
        values[span.range] = span[isBlocked ? block.start + k : k]
        return nested(&writer, spans.dropFirst(), values, position * span.extent + k)
      }
    }
    return nested(
      &self, nest.depth[nest.blocked.position..<(end ?? nest.depth.count)], block.outer, .constant(0))
  }

  /// Copies the steps of a factor, with ranges replaced; returns its value.
  mutating func evaluate(
    _ factor: Contraction.Factor, _ values: @escaping (IndexVariable) -> Index?
  ) -> (Value, [Statement]) {
    var renamed: [Value: Value] = [:]
    var statements: [Statement] = []
    for case .define(let value, let instruction) in factor.steps {
      renamed[value] = program.makeValue(contraction.stage.values[value])
      statements.append(
        .define(renamed[value]!, instruction.map(values: { renamed[$0]! }, replacing: values)))
    }
    return (renamed[factor.value]!, statements)
  }

  mutating func packRight(_ panels: Index, _ block: Block) -> [Statement] {
    let (nest, columns, size) = (nest, nest.columns, tile.columns)
    if let patch = nest.patch { return pack(patch, block) }
    if !nest.innerColumns.isEmpty { return packFlatColumns(block) }
    return loop("panel", panels, atMost: columns.extent.ceilDivided(by: size)) { writer, panel in
      let all = writer.packsAhead ? .constant(columns.extent) : columns.count
      let count = Index.min(.constant(size), all - panel * size)
      let plain = writer.overDepth(block) { writer, values, k in
        writer.loop("lane", count, atMost: size) { writer, lane in
          let column = columns[panel * size + lane]
          let (value, steps) = writer.evaluate(nest.contraction.right) { $0 == columns.range ? column : values[$0] }
          return steps + [.store(.local(writer.packedRight!, [panel, k, lane]), value)]
        }
      }
      guard let transposed = writer.packTransposed(panel, block) else { return plain }
      if let count = count.constantValue { return count == size ? transposed : plain }
      return [.branch(Condition(count, in: size..<(size + 1)), transposed, plain)]
    }
  }

  /// Packs all columns of a panel where elements lie side by side along the innermost reduced ranges: squares of them are
  /// transposed in registers. Nil where they do not.
  mutating func packTransposed(_ panel: Index, _ block: Block) -> [Statement]? {
    let (nest, size, right) = (nest, tile.columns, nest.contraction.right)
    guard let place = right.place, right.stride(of: nest.columns.range) ?? 0 > 1,
      let run = nest.run(of: right, in: block)
    else { return nil }
    guard run.extent >= tile.width else { return nil }
    return overDepth(block, upTo: run.position) { writer, outer, position in
      func copy(_ writer: inout NestWriter, _ k: Index, _ lane: Index) -> [Statement] {
        var values = ContractionNest.values(of: nest.depth, inside: run.position, at: k, from: run.start)
        values.merge(outer) { own, _ in own }
        values[nest.columns.range] = nest.columns[panel * size + lane]
        let (value, load) = writer.define(.load(place.substituting { values[$0] }, .always))
        return [load, .store(.local(writer.packedRight!, [panel, position * run.extent + k, lane]), value)]
      }
      // Smaller squares take what is left over of larger ones.
      var (statements, done): ([Statement], Index) = ([], .constant(0))
      for width in [writer.tile.width, writer.tile.width / 2, writer.tile.width / 4] where width >= 4 {
        let first = done
        let count = (run.count - first).floorDivide(by: width)
        if count == .constant(0) { continue }
        statements += writer.loop("square", count, atMost: run.extent / width) { writer, square in
          writer.loop("side", size / width, .serial) { writer, side in
            writer.loop("lane", width, .transposed) { writer, lane in
              writer.loop("k", width, .vector) { writer, k in
                copy(&writer, first + square * width + k, side * width + lane)
              }
            }
          }
        }
        done += count * width
        // What a run-time length leaves over is not worth more loops.
        if run.count.constantValue == nil { break }
      }
      if done == run.count { return statements }
      return statements
        + writer.loop("k", run.count - done, atMost: writer.tile.width - 1) { writer, k in
          writer.loop("lane", size, .serial) { writer, lane in copy(&writer, done + k, lane) }
        }
    }
  }

  /// Packs columns of several ranges, row by row of the products.
  mutating func packFlatColumns(_ block: Block) -> [Statement] {
    let nest = nest
    return overDepth(block) { writer, values, k in
      func nested(
        _ writer: inout NestWriter, _ ranges: ArraySlice<IndexVariable>, _ values: [IndexVariable: Index],
        _ position: Index
      ) -> [Statement] {
        guard let range = ranges.first else {
          let (value, steps) = writer.evaluate(nest.contraction.right) { values[$0] }
          return steps + [.store(.local(writer.packedRight!, [k, position]), value)]
        }
        return writer.loop("lane", range.extent, .serial) { writer, lane in
          var values = values
          values[range] = lane
          return nested(&writer, ranges.dropFirst(), values, position * range.extent + lane)
        }
      }
      return writer.loop("column", nest.columns.count, atMost: nest.columns.extent) { writer, column in
        var values = values
        values[nest.columns.range] = nest.columns[column]
        return nested(&writer, nest.innerColumns[...], values, column)
      }
    }
  }

  mutating func packLeft(_ rows: Part, _ block: Block) -> [Statement] {
    let nest = nest
    return loop("row", rows.count, atMost: tile.rows) { writer, row in
      writer.overDepth(block) { writer, values, k in
        let position = nest.rows.map { $0[rows.start + row] }
        let (value, steps) = writer.evaluate(nest.contraction.left) {
          $0 == nest.rows?.range ? position : values[$0]
        }
        return steps + [.store(.local(writer.packedLeft!, [row, k]), value)]
      }
    }
  }
}

extension ContractionNest {
  /// The innermost reduced ranges of a block along which the elements of a factor lie side by side: from `position` on,
  /// which begins at `start`. They have `count` products, and at most `extent`.
  fileprivate func run(
    of factor: Contraction.Factor, in block: NestWriter.Block
  ) -> (position: Int, start: Index, count: Index, extent: Int)? {
    var (position, inner) = (depth.count, 1)
    while position > blocked.position, depth[position - 1].isConstant,
      factor.stride(of: depth[position - 1].range) == inner
    {
      position -= 1
      if position > blocked.position { inner *= depth[position].extent }
    }
    if position == depth.count { return nil }
    if position > blocked.position { return (position, .constant(0), .constant(inner), inner) }
    return (position, block.start, block.count * inner, blocked.size * inner)
  }
}
