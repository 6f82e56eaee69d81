/// The Threefry-2x32 generator with 20 rounds: a bijection of two words under a key of two words, whose outputs for
/// counters 0, 1, 2, ... are random numbers. (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", 2011)
package enum Threefry {
  /// How far the second word is rotated in each round of four pairs.
  private static let rotations: [UInt32] = [13, 15, 26, 6, 17, 29, 16, 24]

  /// The third word of a key is the exclusive or of the first two and this one.
  private static let parity: UInt32 = 0x1BD1_1BDA

  /// Returns the two random words of a counter under a key.
  package static func words(key: (UInt32, UInt32), counter: (UInt32, UInt32)) -> (UInt32, UInt32) {
    let keys = [key.0, key.1, key.0 ^ key.1 ^ parity]
    var (x, y) = (counter.0 &+ keys[0], counter.1 &+ keys[1])
    for round in 0..<20 {
      let rotation = rotations[round % 8]
      x = x &+ y
      y = (y << rotation | y >> (32 - rotation)) ^ x
      if round % 4 == 3 {
        let injection = round / 4 + 1
        x = x &+ keys[injection % 3]
        y = y &+ keys[(injection + 1) % 3] &+ UInt32(injection)
      }
    }
    return (x, y)
  }

  /// Returns the two random words of each counter under a key. key: `uint32` scalars, counter: `uint32` [n] -> [n], [n]
  package static func words(key: (Tensor, Tensor), counter: (Tensor, Tensor)) -> (Tensor, Tensor) {
    let shape = counter.0.shape
    let keys = [key.0, key.1, key.0 ^ key.1 ^ parity].map { $0.broadcast(to: shape) }
    let lefts = rotations.map { Tensor.full(shape, $0) }
    let rights = rotations.map { Tensor.full(shape, 32 - $0) }
    var (x, y) = (counter.0 + keys[0], counter.1 + keys[1])
    for round in 0..<20 {
      x = x + y
      y = ((y << lefts[round % 8]) | (y >> rights[round % 8])) ^ x
      if round % 4 == 3 {
        let injection = round / 4 + 1
        x = x + keys[injection % 3]
        y = y + keys[(injection + 1) % 3] + UInt32(injection)
      }
    }
    return (x, y)
  }
}
