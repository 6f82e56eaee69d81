/// Numbers of objects by identity: an open-addressing table that costs a few nanoseconds a look-up, where a dictionary
/// of `ObjectIdentifier` costs ten times that. A snapshot looks up every edge of a graph.
struct IdentityMap {
  private var keys: [UInt]
  private var numbers: [Int32]
  private var count = 0

  /// Creates a map with room for a few objects; it grows.
  init() {
    keys = [UInt](repeating: 0, count: 64)
    numbers = [Int32](repeating: 0, count: 64)
  }

  /// The number of an object, or nil where it has none. The objects must stay alive while the map is used.
  subscript(object: AnyObject) -> Int? {
    get {
      let place = place(of: UInt(bitPattern: ObjectIdentifier(object)))
      return keys[place] == 0 ? nil : Int(numbers[place])
    }
    set {
      guard let newValue else { preconditionFailure("bug: an identity map forgets nothing") }
      let key = UInt(bitPattern: ObjectIdentifier(object))
      var place = place(of: key)
      if keys[place] == 0 {
        if 2 * (count + 1) > keys.count {
          grow()
          place = self.place(of: key)
        }
        count += 1
        keys[place] = key
      }
      numbers[place] = Int32(newValue)
    }
  }

  /// Where a key is, or the free place where it belongs: the first from its hash on.
  private func place(of key: UInt) -> Int {
    let mask = keys.count - 1
    // Addresses are multiples of 16; the product spreads them over the high bits.
    var place = Int(truncatingIfNeeded: ((key >> 4) &* 0x9E37_79B9_7F4A_7C15) >> 32) & mask
    while keys[place] != 0 && keys[place] != key { place = (place + 1) & mask }
    return place
  }

  private mutating func grow() {
    let (oldKeys, oldNumbers) = (keys, numbers)
    keys = [UInt](repeating: 0, count: 2 * oldKeys.count)
    numbers = [Int32](repeating: 0, count: 2 * oldKeys.count)
    for (key, number) in zip(oldKeys, oldNumbers) where key != 0 {
      let place = place(of: key)
      (keys[place], numbers[place]) = (key, number)
    }
  }
}
