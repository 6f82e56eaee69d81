import LazyCodegen
import LazyOps

extension MachinePeaks {
  /// The independent chains of multiply-adds: enough to hide the latency of one, and not more than there are registers.
  static let chains = 12

  /// Two C functions like those of kernels. `peak_multiply_add` does a turn of the chains for each task;
  /// `peak_read` reads the bytes from `begin` to `end` of its second buffer. Both write what they have computed to the
  /// first one if it is no number, which the compiler cannot know: it never is.
  static func source(vectorByteCount: Int) -> String {
    let lanes = vectorByteCount / 4
    let vector = DType.float32.vectorType(lanes: lanes)
    let names = (0..<chains).map { "a\($0)" }
    let signature = "(void *const *buffers, const union argument *arguments, long begin, long end, int *failure) {"
    func keep(_ count: Int) -> [String] {
      let total = names.prefix(count).joined(separator: " + ")
      return ["  \(vector) total = \(total);", "  if (total[0] != total[0]) *(\(vector) *)buffers[0] = total;", "}"]
    }

    var lines = ["void peak_multiply_add\(signature)", "  const \(vector) x = broadcast_\(vector)(0.5f);"]
    // Chains that begin alike would be computed once.
    for (number, name) in names.enumerated() {
      lines.append("  \(vector) \(name) = broadcast_\(vector)(\(number).0f);")
    }
    lines.append("  for (long turn = begin; turn < end; turn++) {")
    for name in names { lines.append("    \(name) = fma_\(vector)(\(name), x, x);") }
    lines += ["  }"] + keep(chains)

    let streams = 4
    lines += ["", "void peak_read\(signature)", "  const \(vector) *bytes = (const \(vector) *)buffers[1];"]
    for name in names.prefix(streams) { lines.append("  \(vector) \(name) = broadcast_\(vector)(0.0f);") }
    lines.append("  for (long i = begin / \(vectorByteCount); i < end / \(vectorByteCount); i += \(streams)) {")
    for (number, name) in names.prefix(streams).enumerated() { lines.append("    \(name) += bytes[i + \(number)];") }
    lines += ["  }"] + keep(streams)
    return lines.joined(separator: "\n")
  }
}
