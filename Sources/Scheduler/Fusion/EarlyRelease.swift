import LazyOps

/// Moves kernels to the front that end the life of as much memory as they begin to use: a weight's gradient is computed
/// as soon as it can be, so that the activation it is made from need not be kept until all others are done.
///
/// What may take over a leaf's memory comes after all others that read the leaf: a weight's gradient is not turned into a
/// new weight before the old one has been used for the last time.
struct EarlyRelease {
  private let kernels: [Kernel]
  private let buffers: [Buffer]
  /// The kernels that wait for each.
  private var followers: [[Int]]
  /// How many kernels each waits for still.
  private var missing: [Int]
  /// Of each buffer, how many kernels that touch it have not run, and the sum of their numbers: of the last one, its own.
  private var touching: [(count: Int, sum: Int)]
  private var isDone: [Bool]
  private var order: [Int] = []

  /// Returns kernels, each of which comes after those it needs, in an order that keeps that and needs less memory.
  static func order(_ kernels: [Kernel], graph: Graph, buffers: [Buffer]) -> [Kernel] {
    var release = EarlyRelease(kernels, graph, buffers)
    // What waits for others that read a leaf may have to come later than it stands.
    while release.order.count < kernels.count { for kernel in kernels.indices { release.run(kernel) } }
    return release.order.map { kernels[$0] }
  }

  private init(_ kernels: [Kernel], _ graph: Graph, _ buffers: [Buffer]) {
    self.kernels = kernels
    self.buffers = buffers
    followers = .init(repeating: [], count: kernels.count)
    missing = .init(repeating: 0, count: kernels.count)
    touching = .init(repeating: (0, 0), count: buffers.count)
    isDone = .init(repeating: false, count: kernels.count)
    let needs = ProducersFirst.needs(of: kernels.map { .init($0.sections, graph, buffers) })
    for (number, kernel) in kernels.enumerated() {
      for buffer in kernel.buffers { touching[buffer] = (touching[buffer].count + 1, touching[buffer].sum + number) }
      for needed in Set(needs[number]) where needed != number {
        followers[needed].append(number)
        missing[number] += 1
      }
    }
    let readers = readersBeforeTakers(graph)
    for (number, others) in readers {
      for other in others {
        followers[other].append(number)
        missing[number] += 1
      }
    }
  }

  /// For kernels that may take over leaves and that nobody waits for, the others that read these leaves and that somebody
  /// does wait for. So no kernel comes to wait for itself.
  private func readersBeforeTakers(_ graph: Graph) -> [(taker: Int, readers: Set<Int>)] {
    let donated = Set(graph.donated)
    guard !donated.isEmpty else { return [] }
    func isDonated(_ buffer: Int) -> Bool {
      if case .leaf(let leaf) = buffers[buffer].kind { donated.contains(leaf) } else { false }
    }
    var readers: [Int: Set<Int>] = [:]
    for (number, kernel) in kernels.enumerated() where !followers[number].isEmpty {
      for buffer in kernel.buffers where isDonated(buffer) { readers[buffer, default: []].insert(number) }
    }
    return kernels.indices.compactMap { taker in
      guard followers[taker].isEmpty else { return nil }
      let written = kernels[taker].writtenBuffers.filter { buffers[$0].over == nil }
      let taken = kernels[taker].buffers.filter { leaf in
        isDonated(leaf)
          && written.contains {
            buffers[$0].byteCount == buffers[leaf].byteCount && buffers[$0].dtype == buffers[leaf].dtype
          }
      }
      return (taker, taken.reduce(into: []) { $0.formUnion(readers[$1] ?? []) })
    }
  }

  /// Puts a kernel next unless it has run or has to wait, and after it those that now release memory.
  private mutating func run(_ first: Int) {
    guard !isDone[first], missing[first] == 0 else { return }
    var pending = append(first)
    while let kernel = pending.popLast() {
      if !isDone[kernel] && missing[kernel] == 0 && releases(kernel) { pending += append(kernel) }
    }
  }

  /// Puts a kernel next, and returns those that might release memory now: they wait for nothing more, or are the last to
  /// touch a buffer.
  private mutating func append(_ kernel: Int) -> [Int] {
    isDone[kernel] = true
    order.append(kernel)
    var candidates: [Int] = []
    for follower in followers[kernel] {
      missing[follower] -= 1
      if missing[follower] == 0 { candidates.append(follower) }
    }
    for buffer in kernels[kernel].buffers {
      touching[buffer] = (touching[buffer].count - 1, touching[buffer].sum - kernel)
      if touching[buffer].count == 1 { candidates.append(touching[buffer].sum) }
    }
    return candidates
  }

  /// Whether a kernel ends the life of as many bytes of temporaries as it begins to use.
  private func releases(_ kernel: Int) -> Bool {
    let written = kernels[kernel].writtenBuffers
    var balance = 0
    for buffer in kernels[kernel].buffers where buffers[buffer].kind == .temporary {
      let isLast = touching[buffer].count == 1
      if written.contains(buffer) {
        if !isLast { balance -= buffers[buffer].byteCount }
      } else if isLast {
        balance += buffers[buffer].byteCount
      }
    }
    return balance >= 0
  }
}
