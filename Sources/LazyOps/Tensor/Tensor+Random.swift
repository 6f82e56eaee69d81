/// Random tensors, from a generator that is `RandomGenerator.global` unless given.
extension Tensor {
  /// Starts the global generator anew: what follows is the same whenever the seed is.
  public static func manualSeed(_ seed: UInt64) { RandomGenerator.global.seed(seed) }

  /// Returns numbers evenly distributed over `low` ..< `high`, floating point, in steps of the distance times 2^-24
  /// (`float32`), 2^-53 (`float64`), 2^-11 (`float16`) or 2^-8 (`bfloat16`). Rounding may give `high` where `low` is
  /// not 0. -> shape
  public static func uniform(
    _ shape: Shape, low: Double = 0, high: Double = 1, dtype: DType = .float32,
    using generator: RandomGenerator = .global
  ) -> Tensor {
    require(dtype.isFloatingPoint, "uniform", "gives floating-point elements, not \(dtype)")
    let words = generator.words(shape.elementCount)
    let bits = dtype.significandBits ?? 0
    let unit =
      dtype == .float64
      ? unit53(words) * 0x1p-53 : upper(bits, words.0) * Double(sign: .plus, exponent: -bits, significand: 1)
    let scaled = high - low == 1 ? unit : unit * (high - low)
    return Primitive.reshape((low == 0 ? scaled : scaled + low).cast(to: dtype), to: shape)
  }

  /// Returns normally distributed numbers. (Box and Muller 1958) -> shape
  public static func normal(
    _ shape: Shape, mean: Double = 0, standardDeviation: Double = 1, dtype: DType = .float32,
    using generator: RandomGenerator = .global
  ) -> Tensor {
    require(dtype.isFloatingPoint, "normal", "gives floating-point elements, not \(dtype)")
    let words = generator.words(shape.elementCount)
    // The radius takes all 32 bits, for the tails; no logarithm is taken of 0.
    let radius = ((words.0.cast(to: dtype.arithmetic) + 0.5) * 0x1p-32).log() * -2
    let angle = upper(24, words.1).cast(to: dtype.arithmetic) * (0x1p-24 * 2 * Double.pi)
    let unit = radius.sqrt() * angle.cos()
    let scaled = standardDeviation == 1 ? unit : unit * standardDeviation
    return Primitive.reshape((mean == 0 ? scaled : scaled + mean).cast(to: dtype), to: shape)
  }

  /// Returns integers evenly distributed over a range, which is not empty. -> shape
  public static func integers(
    _ range: Range<Int>, _ shape: Shape, dtype: DType = .int64, using generator: RandomGenerator = .global
  ) -> Tensor {
    let (size, overflow) = range.upperBound.subtractingReportingOverflow(range.lowerBound)
    require(size > 0 && !overflow, "integers", "the range \(range) is empty or has more than 2^63 - 1 numbers")
    require(dtype.isInteger, "integers", "gives integers, not \(dtype)")
    let words = generator.words(shape.elementCount)
    let (high, low) = (words.0.cast(to: .int64), words.1.cast(to: .int64))
    // The upper half of 64 random bits times the size where the product fits, else a remainder of 63 bits: no number is
    // more likely than another by more than one part in 2^32, or 2^63 / size.
    let offset =
      size <= 1 << 31
      ? (high * size + ((low * size) >> 32)) >> 32
      : ((high << 31) ^ (low >> 1)) % size
    let integers = range.lowerBound == 0 ? offset : offset + range.lowerBound
    return Primitive.reshape(integers.cast(to: dtype), to: shape)
  }

  /// Returns true with a probability. -> bool shape
  public static func bernoulli(
    _ probability: Double, _ shape: Shape, using generator: RandomGenerator = .global
  ) -> Tensor {
    require(0...1 ~= probability, "bernoulli", "probability \(probability) is not from 0 to 1")
    return uniform(shape, using: generator) .< probability
  }

  /// Returns the integers from 0 to `count` - 1 in random order, every order being as likely. -> int64 [count]
  ///
  /// They are put in order at once, on the host. (Fisher and Yates 1938, Durstenfeld 1964)
  public static func permutation(_ count: Int, using generator: RandomGenerator = .global) -> Tensor {
    require(count >= 0, "permutation", "count is \(count)")
    require(
      RandomGenerator.recorder == nil, "permutation",
      "the order is made on the host, so a captured function cannot make it anew: pass it as an input")
    let key = generator.nextKey()
    var order = Array(0..<count)
    for last in Swift.stride(from: count - 1, to: 0, by: -1) {
      let counter = UInt64(last)
      let words = Threefry.words(key: key, counter: (UInt32(truncatingIfNeeded: counter), UInt32(counter >> 32)))
      let bits = UInt64(words.0) << 32 | UInt64(words.1)
      order.swapAt(last, Int(bits.multipliedFullWidth(by: counter + 1).high))
    }
    return Tensor(order)
  }

  /// Returns the tensor with elements put to zero with a probability, and the others scaled up so that the expected value
  /// stays. (Srivastava et al. 2014)
  public func dropout(_ probability: Double, using generator: RandomGenerator = .global) -> Tensor {
    Tensor.require(0...1 ~= probability, "dropout", "probability \(probability) is not from 0 to 1")
    if probability == 0 { return self }
    let x = floating
    if probability == 1 { return .zeros(like: x) }
    let keeps = Tensor.uniform(shape, using: generator) .>= probability
    return Tensor.where(keeps, x * (1 / (1 - probability)), 0)
  }

  /// Returns for each vector of logits along an axis the index of one class, drawn with the probability softmax gives it.
  /// (The Gumbel-max trick: Maddison et al. 2014) -> int64, without the axis
  public func categorical(axis: Int = -1, using generator: RandomGenerator = .global) -> Tensor {
    let words = generator.words(elementCount)
    let uniform = (words.0.cast(to: .float64) + 0.5) * 0x1p-32
    let noise = -(-uniform.log()).log()
    let logits = floating.cast(to: floating.dtype.arithmetic)
    return (logits + Primitive.reshape(noise, to: shape).cast(to: logits.dtype)).argmax(axis: axis)
  }

  /// Returns the upper bits of words, 24 of them at most, as `float32`, which holds them exactly.
  private static func upper(_ bits: Int, _ word: Tensor) -> Tensor {
    (word >> (32 - bits)).bitcast(to: .int32).cast(to: .float32)
  }

  /// Returns 53 bits of pairs of words, as `float64`, which holds them exactly.
  private static func unit53(_ words: (Tensor, Tensor)) -> Tensor {
    (words.0 >> 5).cast(to: .float64) * 0x1p26 + (words.1 >> 6).cast(to: .float64)
  }
}
