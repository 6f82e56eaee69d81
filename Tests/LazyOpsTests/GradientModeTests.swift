import LazyOps
import Testing

/// What tracks gradients, what stops them, and what is remembered.
@Suite struct GradientModeTests {
  private let marked = hostTensor([3], [], .float32).trackingGradient()

  @Test func nothingFlowsThroughWhatIsMadeWithoutGradient() throws {
    let x = hostTensor([3], [], .float32)
    let square = withoutGradient { x * x }
    #expect(try hostNumbers((square * x).gradients(with: [x])[0]) == [9])
    #expect(try hostNumbers((square * x).gradients(with: [square])[0]) == [3])
    let tracked = withoutGradient { marked * 2 }
    #expect(!tracked.tracksGradient)
    #expect((tracked * marked).tracksGradient)
  }

  @Test func scopesNest() {
    let tracks = { (marked * 2).tracksGradient }
    #expect(tracks())
    withoutGradient {
      #expect(!tracks())
      withGradient {
        #expect(tracks())
        withoutGradient { #expect(!tracks()) }
        #expect(tracks())
      }
      #expect(!tracks())
    }
    #expect(tracks())
  }

  @Test func anErrorEndsTheScope() {
    struct Failure: Error {}
    #expect(throws: Failure.self) { try withoutGradient { throw Failure() } }
    #expect((marked * 2).tracksGradient)
  }

  @Test func tasksInheritTheMode() async {
    let marked = marked
    let seen = await withoutGradient {
      await Task.yield()
      async let child = (marked * 2).tracksGradient
      let unstructured = Task { (marked * 2).tracksGradient }
      let detached = Task.detached { (marked * 2).tracksGradient }
      let again = await withGradient {
        await Task.yield()
        return (marked * 2).tracksGradient
      }
      return await [child, unstructured.value, detached.value, again]
    }
    #expect(seen == [false, false, true, true])
    #expect((marked * 2).tracksGradient)
  }

  @Test func leavesAreMarkedInEveryMode() throws {
    let leaf = withoutGradient { (hostTensor([2], [], .float32) + 1).trackingGradient() }
    #expect(leaf.tracksGradient)
    #expect(try hostNumbers((leaf * leaf).gradients(with: [leaf])[0]) == [6])
  }

  @Test func aMarkedTensorIsALeaf() throws {
    let x = hostTensor([3], [], .float32)
    for leaf in [x.trackingGradient(), (x * 1).trackingGradient()] {
      #expect(leaf.tracksGradient)
      #expect(try (leaf * leaf * x).gradients(with: [leaf, x]).map { try hostNumbers($0)[0] } == [18, 9])
    }
  }

  /// A leaf that was pending lets go of what it was computed from; a result keeps that, whatever it is read by.
  @Test func historyIsKeptWhereGradientsFlow() {
    let x = hostTensor([3], [], .float32)
    func sourcesOnceRealized(_ tensor: Tensor) -> Int {
      tensor.node.realize(into: Storage(byteCount: 4))
      return tensor.node.sources.count
    }
    #expect(sourcesOnceRealized((x * 2).trackingGradient()) == 0)
    #expect(sourcesOnceRealized(marked * 2) == 2)
    #expect(sourcesOnceRealized(withoutGradient { marked * 2 }) == 0)
    #expect(sourcesOnceRealized(x * 2) == 0)
    #expect(sourcesOnceRealized(marked.detached()) == 0)
  }

  @Test func onlyFloatingPointIsMarked() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Tensor([1, 2]).trackingGradient()
    }
    #expect(says(result?.standardErrorContent ?? [], "[trackingGradient] only floating-point tensors"))
  }
}
