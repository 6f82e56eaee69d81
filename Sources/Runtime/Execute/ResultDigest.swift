import LazyOps

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Fingerprints of a realize: of what is asked for (the graph and the numbers in its leaves) and of the answer.
///
/// With `DIGEST=file` both go to that file, a line a realize. Two runs computed the same bits if nothing that was asked
/// in both has different answers: `.ci/threads` compares the test suite's for several numbers of threads.
struct ResultDigest {
  private let path: String
  private let question: Hash128

  /// Takes the fingerprint of a graph and its leaves, or returns nil where nobody wants it. Kernels may write over
  /// leaves: it is to be called before they run.
  init?(_ graph: Graph, leaves: [Node], donated: [Int: Storage] = [:]) {
    guard let path = Environment.current.digestPath else { return nil }
    self.path = path
    var text = graph.description
    for (position, leaf) in leaves.enumerated() {
      let storage = donated[position] ?? leaf.storage
      text += leaf.argument.map { "\n\($0)" } ?? "\n\(ResultDigest.fingerprint(leaf, storage).hex)"
    }
    question = Hash128(text)
  }

  /// Writes the line for the realized nodes that were asked for.
  func record(_ outputs: [Node]) {
    let answer = Hash128(outputs.map { ResultDigest.fingerprint($0, $0.storage).hex }.joined(separator: "\n"))
    let descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { return Warning.once("DIGEST", "\(path) cannot be written: \(errorText(errno))") }
    defer { close(descriptor) }
    // One write: lines of different threads and processes do not mix.
    _ = Array("\(question.hex) \(answer.hex)\n".utf8).withUnsafeBytes { Files.writeAll(descriptor, $0) }
  }

  private static func fingerprint(_ node: Node, _ storage: Storage?) -> Hash128 {
    guard let storage else { preconditionFailure("bug: a realized node without elements") }
    // What lies beyond a length is any.
    if node.shape.isVariable, node.storage === storage {
      let compact = Tensor(node: node).compacted().node
      return fingerprint(compact, compact.storage)
    }
    let count = node.shape.elementCount * node.dtype.byteCount
    return withExtendedLifetime(storage) { Hash128(UnsafeRawBufferPointer(start: storage.base, count: count)) }
  }
}
