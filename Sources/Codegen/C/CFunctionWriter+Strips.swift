import LazyOps
import LazyScheduler

// Compilers that vectorize a loop do not make the machine's conversions of 16-bit floating-point numbers of it. So such
// numbers that lie side by side are converted strip by strip: widened before a short loop over `float`, narrowed after.
extension CFunctionWriter {
  /// The neighbours of a strip: a few vector registers.
  private static let strip = 64
  /// The shortest loop for which strips pay.
  private static let shortest = 16

  /// Writes a vector loop in strips; returns whether that was worth it.
  mutating func writeInStrips(_ loop: Loop) -> Bool {
    let (loads, stores) = narrowPlaces(loop)
    guard !loads.isEmpty || !stores.isEmpty else { return false }
    if let count = loop.count.constantValue, count < CFunctionWriter.shortest { return false }
    let name = name(loop.variable, loop.name)
    let count = indexText.expression(loop.count).operand(.sum)
    let (first, end) = (names.take("first"), names.take("last"))
    let size = CFunctionWriter.strip
    write("for (long \(first) = 0; \(first) < \(count); \(first) += \(size)) {")
    depth += 1
    write("const long \(end) = \(count) - \(first) < \(size) ? \(count) : \(first) + \(size);")
    let outer = strips
    var arrays: [(place: Place, name: String)] = []
    for place in loads + stores {
      let array = names.take("strip")
      arrays.append((place, array))
      strips[place] = "\(array)[\(name) - \(first)]"
    }
    write("float " + arrays.map { "\($0.name)[\(size)]" }.joined(separator: ", ") + ";")
    /// Where the strip of a place begins.
    func start(_ place: Place) -> String {
      variableNames[loop.variable.id] = first
      defer { variableNames[loop.variable.id] = name }
      return "&\(subscripted(place, span: 1))"
    }
    for (place, array) in arrays.prefix(loads.count) {
      write("widen_float16(\(array), \(start(place)), \(end) - \(first));")
    }
    write("#pragma omp simd")
    write("for (long \(name) = \(first); \(name) < \(end); \(name)++) {")
    indented { $0.writeList(loop.body) }
    write("}")
    for (place, array) in arrays.dropFirst(loads.count) {
      write("narrow_float16(\(start(place)), \(array), \(end) - \(first));")
    }
    depth -= 1
    write("}")
    strips = outer
    for (_, array) in arrays { names.release(array) }
    names.release(first)
    names.release(end)
    forget(loop.variable)
    return true
  }

  /// The places of `float16` elements that the turns of an innermost vector loop read or write side by side, each turn
  /// for itself.
  private func narrowPlaces(_ loop: Loop) -> (loads: [Place], stores: [Place]) {
    guard loop.kind == .vector, !checked else { return ([], []) }
    var (loads, stores): ([Place], [Place]) = ([], [])
    var (read, written): (Set<Memory>, Set<Memory>) = ([], [])
    for statement in loop.body {
      switch statement {
      case .loop, .branch, .bind: return ([], [])
      case .define, .store, .accumulate, .multiplyAdd, .prefetch: break
      }
      guard let access = statement.access else { continue }
      let memory = access.place.memory
      if access.reads {
        read.insert(memory)
        if !access.writes, access.conditions.isEmpty, isStrip(access.place, loop), !loads.contains(access.place) {
          loads.append(access.place)
        }
      }
      if access.writes {
        // Of two stores to one buffer it may matter which is the last.
        if !written.insert(memory).inserted { return ([], []) }
        if !access.reads, isStrip(access.place, loop) { stores.append(access.place) }
      }
    }
    return (
      loads.filter { !written.contains($0.memory) }, stores.filter { !read.contains($0.memory) }
    )
  }

  private func isStrip(_ place: Place, _ loop: Loop) -> Bool {
    guard case .buffer(let buffer, let index) = place, program.buffers[buffer].dtype == .float16 else { return false }
    return index.coefficient(of: loop.variable.id) == 1
  }
}
