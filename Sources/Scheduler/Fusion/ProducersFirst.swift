/// Sorts steps so that each comes after those that write what it reads.
enum ProducersFirst {
  /// Returns the numbers of the steps in order; where several could come next, that which stands later in the list, and
  /// what it needs before it.
  ///
  /// - Parameters:
  ///   - touched: what each step reads or writes, by number.
  ///   - written: what each step writes.
  static func order(touched: [[Int]], written: [Set<Int>]) -> [Int] {
    var writer: [Int: Int] = [:]
    for (step, results) in written.enumerated() { for result in results { writer[result] = step } }
    var order: [Int] = []
    order.reserveCapacity(touched.count)
    var isDone = [Bool](repeating: false, count: touched.count)
    var isOpen = isDone
    for start in touched.indices.reversed() where !isDone[start] {
      // Depth first; `next` is how many of a step's needs have been looked at.
      var pending = [(step: start, next: 0)]
      isOpen[start] = true
      while let (step, next) = pending.last {
        guard next < touched[step].count else {
          pending.removeLast()
          isDone[step] = true
          order.append(step)
          continue
        }
        pending[pending.count - 1].next += 1
        guard let needed = writer[touched[step][next]], needed != step, !isDone[needed] else { continue }
        precondition(!isOpen[needed], "bug: kernels wait for each other")
        isOpen[needed] = true
        pending.append((needed, 0))
      }
    }
    return order
  }
}
