/// A 128-bit fingerprint of bytes, the same on every machine and in every process.
///
/// Two 64-bit lanes take in the same 8-byte words. Each step is a bijection of the lane for a given word and of the
/// word for a given lane, so inputs of one length that differ in one word never collide; the lanes mix in different
/// ways, and the end mixes them into each other with the length. It guards against accident, not against malice:
/// somebody who can choose the keys can write the kernels anyway.
package struct Hash128: Hashable, Sendable {
  package let high: UInt64
  package let low: UInt64

  /// Fingerprints bytes.
  package init(_ bytes: UnsafeRawBufferPointer) {
    var first: UInt64 = 0x9E37_79B9_7F4A_7C15
    var second: UInt64 = 0xD1B5_4A32_D192_ED03
    let wholeWords = bytes.count & ~7
    var offset = 0
    while offset < wholeWords {
      let word = bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
      Hash128.absorb(UInt64(littleEndian: word), &first, &second)
      offset += 8
    }
    var tail: UInt64 = 0
    while offset < bytes.count {
      tail |= UInt64(bytes[offset]) << UInt64(8 * (offset & 7))
      offset += 1
    }
    // The tail is padded with zeros; the length tells it apart from real zeros.
    Hash128.absorb(tail, &first, &second)
    Hash128.absorb(UInt64(bytes.count), &first, &second)
    first = Hash128.scramble(first &+ second)
    second = Hash128.scramble(second ^ (first << 31 | first >> 33))
    high = first
    low = second
  }

  /// Fingerprints the UTF-8 bytes of a text.
  package init(_ text: String) {
    var text = text
    self = text.withUTF8 { Hash128(UnsafeRawBufferPointer($0)) }
  }

  /// 32 lower-case hexadecimal digits.
  package var hex: String { Hash128.hex(high) + Hash128.hex(low) }

  private static func absorb(_ word: UInt64, _ first: inout UInt64, _ second: inout UInt64) {
    first = (first ^ word) &* 0xA24B_AED4_963E_E407
    first ^= first >> 32
    second = ((second << 27 | second >> 37) &+ word) &* 0x9FB2_1C65_1E98_DF25
    second ^= second >> 29
  }

  /// Lets every bit of the input change about half of the output's.
  private static func scramble(_ value: UInt64) -> UInt64 {
    var value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
    return value ^ value >> 31
  }

  private static func hex(_ value: UInt64) -> String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
}
