import Swiftlet

/// Makes inputs that any program can make alike: a number follows from the input's number and its own place.
///
/// `Benchmarks/peers/inputs.py` has the same functions.
enum Input {
  /// Returns numbers between -scale and scale. -> shape, `float32`
  static func uniform(_ number: Int, _ shape: Shape, scale: Float = 1) -> Tensor {
    let seed = seed(number)
    let numbers = [Float](unsafeUninitializedCapacity: shape.elementCount) { buffer, count in
      for place in 0..<shape.elementCount {
        buffer[place] = (Float(hash(UInt32(place), seed) >> 8) * 0x1p-23 - 1) * scale
      }
      count = shape.elementCount
    }
    return Tensor(shape: shape, numbers)
  }

  /// Returns integers from 0 to `count` - 1. -> shape, `int64`
  static func integers(_ number: Int, below count: Int, _ shape: Shape) -> Tensor {
    let seed = seed(number)
    return Tensor(shape: shape, (0..<shape.elementCount).map { Int(hash(UInt32($0), seed)) % count })
  }

  private static func seed(_ number: Int) -> UInt32 { UInt32(truncatingIfNeeded: number + 1) &* 0x9E37_79B9 }

  /// Mixes the bits of a place and a seed. (The constants of `lowbias32`, Wellons 2018)
  private static func hash(_ place: UInt32, _ seed: UInt32) -> UInt32 {
    var h = place &+ seed
    h ^= h >> 16
    h &*= 0x7FEB_352D
    h ^= h >> 15
    h &*= 0x846C_A68B
    return h ^ (h >> 16)
  }
}
