public import LazyOps
import LazyScheduler

extension Tensor {
  /// Returns the kernels that realizing some tensors together would run, as a picture in Graphviz's language: a cluster
  /// for each kernel with the ops it computes, boxes for the buffers between them, shapes and types on the edges.
  ///
  /// Nothing is compiled or run. Tensors that are realized already need no kernel and are not shown. To see the picture:
  ///
  ///     dot -Tsvg graph.dot -o graph.svg
  public static func dot(of tensors: [Tensor]) -> String {
    let pending = tensors.map(\.node).filter { $0.storage == nil }
    return Schedule(Realizer.snapshot(of: pending).graph).dot
  }

  /// Returns the kernels that realizing some tensors together would run, as a picture in Graphviz's language.
  public static func dot(of tensors: Tensor...) -> String { dot(of: tensors) }

  /// Writes what `dot(of:)` returns to a file, which appears whole or not at all.
  ///
  /// - Throws: `FileError` where the file cannot be written.
  public static func saveDot(of tensors: [Tensor], to path: String) throws {
    try DotFile.write(dot(of: tensors), to: path)
  }
}
