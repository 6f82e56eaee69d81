package import LazyOps
package import LazyScheduler

extension Schedule {
  /// Computes the graph's outputs by running every section's loop program in the evaluator: what shows, without a
  /// compiler, whether scheduling, lowering and the transformations kept the graph's meaning.
  ///
  /// - Parameters:
  ///   - leaves: the elements or the scalar of each leaf, in their order.
  ///   - program: the loop program to run for a section.
  /// - Returns: the outputs, and whether every index read from a tensor was valid.
  package func evaluate(
    leaves: [HostArray], _ program: (Section) -> LoopProgram
  ) -> (outputs: [HostArray], isSound: Bool) {
    var memory = buffers.map { buffer -> [Scalar] in
      if case .leaf(let leaf) = buffer.kind { return leaves[leaf].scalars }
      // What nobody has written shows up in the result.
      return .init(repeating: Scalar.real(.nan).cast(to: buffer.dtype), count: buffer.shape.elementCount)
    }
    var isSound = true
    for section in kernels.flatMap(\.sections) {
      for number in section.writtenBuffers {
        guard let over = buffers[number].over else { continue }
        memory[number] = memory[over]
        memory[over] = .init(repeating: Scalar.real(.nan).cast(to: buffers[over].dtype), count: memory[over].count)
      }
      var touched = section.buffers.map { memory[$0] }
      let scalars = section.arguments.map { leaves[arguments[$0].leaf].scalars[0] }
      if program(section).evaluate(buffers: &touched, arguments: scalars) != 0 { isSound = false }
      for (position, number) in section.buffers.enumerated() { memory[number] = touched[position] }
    }
    let results = zip(outputs, outputShapes).map { HostArray(scalars: memory[$0], $1, buffers[$0].dtype) }
    return (results, isSound)
  }
}
