package import LazyOps

extension Tensor {
  /// Returns a tensor with the elements of this one, which is realized, and without its history.
  package func asLeaf(tracksGradient: Bool = false) -> Tensor {
    guard let storage = node.storage else { preconditionFailure("bug: a leaf is made of a tensor that is realized") }
    let leaf = Tensor(
      node: Node(.buffer, shape: shape, dtype: dtype, storage: storage, tracksGradient: tracksGradient))
    Recording.current?.note(leaf, standsFor: self)
    return leaf
  }
}
