import LazyOps
import LazyScheduler

// Sums over an input patch: what is packed once for all taps of a kernel.
extension NestWriter {
  /// Copies what the columns read: for each channel as many lines as there are columns of the outer range and taps that
  /// reach further.
  mutating func pack(_ patch: InputPatch, _ block: Block) -> [Statement] {
    let nest = nest
    let taps = patch.axes.compactMap(\.taps?.range)
    let (outer, inner) = (patch.axes[0], patch.axes.dropFirst().first)
    return overDepth(block, besides: taps) { writer, channels, _ in
      let channel = patch.channel(at: channels, in: block, nest)
      func copy(_ writer: inout NestWriter, _ position: Index, _ values: [IndexVariable: Index]) -> [Statement] {
        let (value, steps) = writer.evaluate(nest.contraction.right) { values[$0] }
        return steps + [.store(.local(writer.packedRight!, [channel, position]), value)]
      }
      var values = channels
      for range in taps { values[range] = .constant(0) }
      return writer.loop(
        "line", nest.columns.count + (outer.tapCount - 1), atMost: nest.columns.extent + outer.tapCount - 1
      ) { writer, line in
        values[outer.columns] = nest.columns[patch.column(outer, at: line)]
        guard let inner else { return copy(&writer, line, values) }
        return writer.loop("lane", patch.line, .serial) { writer, lane in
          values[inner.columns] = patch.column(inner, at: lane)
          return copy(&writer, line * patch.line + lane, values)
        }
      }
    }
  }

  /// Multiplies and adds for all products of a block; a tap is a distance in the patch.
  mutating func sumUp(_ rows: Part, _ panel: Index, _ block: Block, from patch: InputPatch) -> [Statement] {
    let nest = nest
    return overDepth(block) { writer, values, k in
      let channel = patch.channel(at: values, in: block, nest)
      let first = panel * writer.tile.columns + patch.distance(at: values)
      return writer.everyRegister { writer, row, vector, lane in
        let (a, loadLeft) = writer.define(.load(writer.left(row, rows, k, values), .always))
        let place = Place.local(writer.packedRight!, [channel, first + vector * writer.tile.width + lane])
        let (b, loadRight) = writer.define(.load(place, .always))
        return [loadLeft, loadRight, .multiplyAdd(.local(writer.registers, [row, vector, lane]), a, b)]
      }
    }
  }
}
