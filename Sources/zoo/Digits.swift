import Foundation
import Swiftlet

/// Handwritten digits of 16 x 16 pixels, shipped with the zoo: see `Data/LICENSE.md`.
struct Digits: Sendable {
  /// The extent of an image down and across.
  static let size = 16

  /// The ink of each pixel, 0 to 255, an image after the other.
  let pixels: [UInt8]
  /// The digit each image shows.
  let labels: [Int]

  var count: Int { labels.count }

  /// Loads 4,000 digits to train on.
  static func training() throws(DigitsError) -> Digits { try Digits("train") }

  /// Loads 1,000 digits to test with.
  static func test() throws(DigitsError) -> Digits { try Digits("test") }

  private init(_ part: String) throws(DigitsError) {
    func file(_ name: String, rank: Int) throws(DigitsError) -> IDXFile {
      let url = Bundle.module.bundleURL.appendingPathComponent("Data/digits16-\(part)-\(name)-ubyte")
      do throws(IDXError) { return try IDXFile(url, rank: rank) } catch { throw .file(error) }
    }
    let images = try file("images.idx3", rank: 3)
    let digits = try file("labels.idx1", rank: 1)
    guard images.extents[1...] == [Digits.size, Digits.size], images.extents[0] == digits.extents[0] else {
      throw .mismatch("images \(images.extents) do not fit labels \(digits.extents)")
    }
    guard digits.bytes.allSatisfy({ $0 < 10 }) else { throw .mismatch("a label is no digit") }
    pixels = images.bytes
    labels = digits.bytes.map(Int.init)
  }

  private init(pixels: [UInt8], labels: [Int]) {
    self.pixels = pixels
    self.labels = labels
  }

  /// Returns the first digits.
  func prefix(_ count: Int) -> Digits {
    Digits(pixels: Array(pixels.prefix(count * Digits.size * Digits.size)), labels: Array(labels.prefix(count)))
  }

  /// Returns one image as numbers from -1 (paper) to 1 (ink).
  func image(_ index: Int) -> [Float] {
    let area = Digits.size * Digits.size
    return pixels[index * area..<(index + 1) * area].map { Float($0) / 127.5 - 1 }
  }
}

/// Why the digits could not be loaded.
enum DigitsError: Error, CustomStringConvertible {
  case file(IDXError)
  case mismatch(String)

  var description: String {
    switch self {
    case .file(let error): error.description
    case .mismatch(let message): "the digits' files do not go together: \(message)"
    }
  }
}
