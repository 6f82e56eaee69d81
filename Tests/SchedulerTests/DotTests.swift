import LazyOps
import LazyScheduler
import Testing

/// What a schedule's picture shows.
@Suite struct DotTests {
  private func leaf(_ extents: Int...) -> Tensor {
    let shape = Shape(extents)
    return Tensor(shape: shape, [Float](repeating: 1, count: shape.elementCount))
  }

  private func schedule(_ tensors: [Tensor]) -> Schedule { Schedule(Graph.snapshot(of: tensors.map(\.node)).graph) }

  /// Graphs that between them have every kind of op, buffer and kernel.
  private func graphs() -> [String: [Tensor]] {
    let (x, y) = (leaf(8, 6), leaf(6, 4))
    let indices = Tensor(shape: [3], [Int64](repeating: 1, count: 3))
    let images = leaf(2, 1, 8, 8)
    let weight = leaf(4, 1, 3, 3)
    let pooled = images.conv2d(weight, padding: 1).relu().maxPool2d(2)
    let loss = pooled.flatten(from: 1).linear(leaf(10, 64)).crossEntropy(Tensor([1, 2]))
    let rate = Tensor.argument(0.1)
    return [
      "chain": [((x * 2).tanh() + 1).exp()],
      "softmax": [x.softmax(axis: -1)],
      "matmul": [(x.matmul(y) + leaf(4)).gelu()],
      "gather": [x.take(indices, axis: 0) * 2],
      "joined": [Tensor.concatenate([x, x.flip(axes: [0]) * 3], axis: 0)],
      "training": [loss, weight - loss.gradients(with: [weight])[0] * rate],
      "leafItself": [x],
      "constant": [Tensor.zeros([3])],
      "empty": [Tensor.zeros([0, 3]) + 1, Tensor.zeros([0, 3]).sum(axes: [0])],
      "nothing": [],
      "long": [(0..<400).reduce(leaf(4)) { sum, _ in (sum + 1).sin() }],
    ]
  }

  @Test func everyPictureIsSound() throws {
    for (name, tensors) in graphs() {
      let schedule = schedule(tensors)
      let picture = try DotPicture(schedule.dot)
      #expect(picture.clusters.count == schedule.kernels.count, "\(name)")
      for edge in picture.edges {
        #expect(picture.nodes[edge.from] != nil && picture.nodes[edge.to] != nil, "\(name): \(edge)")
      }
      for (node, drawn) in picture.nodes where drawn.clusters.isEmpty {
        #expect(node.contains("b"), "\(name): \(node) is in no kernel")
      }
    }
  }

  /// The ops of a kernel are found from the graph; the buffers found on the way are those its stages read and write.
  @Test func kernelsTouchTheBuffersDrawn() throws {
    for (name, tensors) in graphs() {
      let schedule = schedule(tensors)
      let picture = try DotPicture(schedule.dot)
      for (number, kernel) in schedule.kernels.enumerated() {
        let own = Set(picture.nodes(in: "cluster_k\(number)").keys)
        let ends = picture.edges.flatMap { own.contains($0.from) ? [$0.to] : own.contains($0.to) ? [$0.from] : [] }
        let drawn = Set(ends.filter { !own.contains($0) }.compactMap { Int($0.drop { $0 != "b" }.dropFirst()) })
        #expect(drawn == Set(kernel.buffers), "\(name): kernel \(number)\n\(schedule)")
      }
    }
  }

  @Test func theSameGraphGivesTheSameText() {
    let (first, second) = (graphs(), graphs())
    for (name, tensors) in first { #expect(schedule(tensors).dot == schedule(second[name]!).dot, "\(name)") }
  }

  @Test func softmaxIsOneClusterOfItsOps() throws {
    let picture = try DotPicture(schedule([leaf(4, 8).softmax(axis: -1)]).dot)
    let labels = picture.nodes(in: "cluster_k0").values.compactMap { $0.attributes["label"] }.sorted()
    #expect(
      labels == [
        "0.0", "exp", "expand", "expand", "minimum", "multiply", "reciprocal", "reduce_maximum\naxes [1]",
        "reduce_sum\naxes [1]", "reshape", "reshape", "subtract",
      ])
    let title = try #require(picture.clusters["cluster_k0"]?["label"])
    #expect(title.contains("kernel 0") && title.contains("reduce_maximum, exp, reduce_sum, multiply"))
    #expect(title.contains("grid 4") && title.contains("3 stages") && title.contains("40 bytes of scratch"))
    let result = picture.edges.filter { $0.to == "b1" }.map { $0.attributes["label"] }
    #expect(result == [" float32[4, 8]"])
  }

  @Test func everyEdgeSaysWhatFlows() throws {
    for tensors in graphs().values {
      for edge in try DotPicture(schedule(tensors).dot).edges {
        let label = try #require(edge.attributes["label"])
        let dtype = DType.allCases.first { label.hasPrefix(" \($0)[") }
        #expect(dtype != nil && label.hasSuffix("]"), "\(label)")
      }
    }
  }

  @Test func buffersTellTheirKindShapeAndBytes() throws {
    let x = leaf(64, 512)
    let hidden = x.matmul(leaf(512, 512))
    let picture = try DotPicture(schedule([hidden.matmul(leaf(512, 128)), x]).dot)
    let boxes = picture.nodes.values.filter { $0.clusters.isEmpty }
    func box(_ kind: String) -> [[String: String]] {
      boxes.map(\.attributes).filter { $0["label"]?.contains(kind) ?? false }
    }
    let temporary = try #require(box(": temporary").first)
    #expect(temporary["label"]?.hasSuffix(": temporary\nfloat32[64, 512]\n128 KiB") == true)
    let output = try #require(box(": output 0").first)
    #expect(output["label"]?.hasSuffix(": output 0\nfloat32[64, 128]\n32 KiB") == true)
    // A leaf that is a result too: once as a result, and beside the kernel that reads it.
    #expect(box(": leaf 0, output 1").count == 2)
    #expect(Set([temporary, output, box(": leaf 0")[0]].map { $0["fillcolor"] }).count == 3)
  }

  @Test func inlineOpsAreDrawnInEachKernelThatComputesThem() throws {
    let shifted = leaf(256).abs()
    let product = leaf(64, 96).matmul(leaf(96, 256))
    let schedule = schedule([product + shifted, (leaf(8, 256) + shifted).sum(axes: [0])])
    try #require(schedule.kernels.count == 2)
    let picture = try DotPicture(schedule.dot)
    for cluster in ["cluster_k0", "cluster_k1"] {
      let nodes = picture.nodes(in: cluster)
      #expect(nodes.values.contains { $0.attributes["label"] == "absolute" }, "\(schedule)")
    }
  }

  @Test func movementAndArgumentsLookDifferent() throws {
    let rate = Tensor.argument(0.1)
    let picture = try DotPicture(schedule([leaf(4, 8).T * rate]).dot)
    func node(_ label: String) throws -> [String: String] {
      try #require(picture.nodes.values.first { $0.attributes["label"] == label }).attributes
    }
    #expect(try node("permute\n[1, 0]")["style"] == "filled,dashed")
    #expect(try node("argument 0")["shape"] == "plaintext")
    #expect(try node("multiply")["penwidth"] == "2.2")
  }

  @Test func severalSchedulesShareAPictureWithoutSharingNames() throws {
    let (a, b) = (schedule([leaf(4, 8).softmax(axis: -1)]), schedule([leaf(4, 8).exp()]))
    let picture = try DotPicture(Schedule.dot([("first", a), ("second & last", b)], title: "two <schedules>"))
    #expect(picture.clusters.count == 4)
    #expect(picture.clusters["cluster_s1"]?["label"] == "second &amp; last")
    #expect(picture.nodes(in: "cluster_s0").count == 14)
    #expect(picture.nodes(in: "cluster_s1").count == 3)
    for edge in picture.edges { #expect(edge.from.prefix(3) == edge.to.prefix(3)) }
  }

  @Test(arguments: [
    (1, "4 bytes"), (256, "1 KiB"), (384, "1.5 KiB"), (262_140, "1 MiB"), (262_144, "1 MiB"), (786_432, "3 MiB"),
  ])
  func bytesAreRounded(_ count: Int, _ text: String) throws {
    let picture = try DotPicture(schedule([leaf(count)]).dot)
    #expect(picture.nodes["b0"]?.attributes["label"]?.hasSuffix("\n\(text)") == true)
  }
}
