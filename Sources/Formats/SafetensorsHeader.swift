/// The JSON at the beginning of a safetensors file, as it stands there: what it says is not checked yet.
///
///     {"__metadata__": {"format": "pt"}, "wte.weight": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}}
///
/// It is read in one pass, without recursion, and takes memory in proportion to its length.
struct SafetensorsHeader {
  /// What the header says of a tensor.
  struct Entry: Equatable {
    var dtype: String
    var shape: [Int]
    var begin: Int
    var end: Int
  }

  /// A place in the text where it is not what it has to be.
  struct Malformed: Error {
    let what: String
    let offset: Int
  }

  /// The tensors by name.
  private(set) var tensors: [String: Entry] = [:]
  /// Texts that the file's author has put there.
  private(set) var metadata: [String: String] = [:]

  /// The most axes a tensor has.
  private static let rankLimit = 64

  private let text: UnsafeRawBufferPointer
  private var place = 0

  /// Reads a header, which is an object and nothing else but white space behind it.
  init(_ text: UnsafeRawBufferPointer) throws(Malformed) {
    self.text = text
    var names: Set<String> = []
    try readObject { (header, name) throws(Malformed) in
      guard names.insert(name).inserted else { throw header.malformed("\(name) stands there twice") }
      if name == "__metadata__" {
        try header.readObject { (header, key) throws(Malformed) in header.metadata[key] = try header.readString() }
      } else {
        header.tensors[name] = try header.readEntry()
      }
    }
    skipSpace()
    if place < text.count { throw malformed("something stands behind the header") }
  }

  private mutating func readEntry() throws(Malformed) -> Entry {
    var dtype: String?
    var shape: [Int]?
    var offsets: [Int]?
    try readObject { (header, key) throws(Malformed) in
      switch key {
      case "dtype" where dtype == nil: dtype = try header.readString()
      case "shape" where shape == nil: shape = try header.readNumbers()
      case "data_offsets" where offsets == nil: offsets = try header.readNumbers()
      case _: throw header.malformed("a tensor has one dtype, one shape and one pair of data_offsets, and no \(key)")
      }
    }
    guard let dtype, let shape, let offsets, offsets.count == 2 else {
      throw malformed("a tensor lacks its dtype, its shape or its two data_offsets")
    }
    guard shape.count <= SafetensorsHeader.rankLimit else { throw malformed("a tensor has \(shape.count) axes") }
    return Entry(dtype: dtype, shape: shape, begin: offsets[0], end: offsets[1])
  }

  /// Reads an object; `readValue` is called behind each name.
  private mutating func readObject(
    _ readValue: (inout SafetensorsHeader, String) throws(Malformed) -> Void
  ) throws(Malformed) {
    try expect("{")
    if take("}") { return }
    repeat {
      let name = try readString()
      try expect(":")
      try readValue(&self, name)
    } while take(",")
    try expect("}")
  }

  private mutating func readNumbers() throws(Malformed) -> [Int] {
    try expect("[")
    if take("]") { return [] }
    var numbers: [Int] = []
    repeat { numbers.append(try readNumber()) } while take(",")
    try expect("]")
    return numbers
  }

  private mutating func readNumber() throws(Malformed) -> Int {
    skipSpace()
    let start = place
    var number = 0
    while place < text.count, case let digit = Int(text[place]) - 0x30, 0...9 ~= digit {
      let (tens, isTooLarge) = number.multipliedReportingOverflow(by: 10)
      let (sum, isStillTooLarge) = tens.addingReportingOverflow(digit)
      if isTooLarge || isStillTooLarge { throw malformed("a number is too large") }
      number = sum
      place += 1
    }
    // JSON has no leading zeros, and sizes have no signs, fractions or exponents.
    if place == start || (text[start] == 0x30 && place > start + 1) {
      throw malformed("there is no number that is whole and not negative")
    }
    return number
  }

  private mutating func readString() throws(Malformed) -> String {
    try expect("\"")
    var bytes: [UInt8] = []
    while place < text.count {
      let byte = text[place]
      place += 1
      switch byte {
      case UInt8(ascii: "\""):
        guard let string = String(validating: bytes, as: UTF8.self) else { throw malformed("a text is not UTF-8") }
        return string
      case UInt8(ascii: "\\"): bytes += try readEscape()
      case 0..<0x20: throw malformed("a control character stands in a text")
      case _: bytes.append(byte)
      }
    }
    throw malformed("a text does not end")
  }

  private mutating func readEscape() throws(Malformed) -> [UInt8] {
    guard place < text.count else { throw malformed("a text does not end") }
    defer { place += 1 }
    switch text[place] {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return [text[place]]
    case UInt8(ascii: "b"): return [0x08]
    case UInt8(ascii: "f"): return [0x0C]
    case UInt8(ascii: "n"): return [0x0A]
    case UInt8(ascii: "r"): return [0x0D]
    case UInt8(ascii: "t"): return [0x09]
    case UInt8(ascii: "u"):
      place += 1
      var units = [try readUnit()]
      if UTF16.isLeadSurrogate(units[0]) {
        guard place + 2 < text.count, text[place + 1] == UInt8(ascii: "\\"), text[place + 2] == UInt8(ascii: "u") else {
          throw malformed("half a character stands in a text")
        }
        place += 3
        units.append(try readUnit())
      }
      guard let character = String(validating: units, as: UTF16.self) else {
        throw malformed("half a character stands in a text")
      }
      return Array(character.utf8)
    case _: throw malformed("there is no such escape")
    }
  }

  /// Reads four hexadecimal digits and stays on the last.
  private mutating func readUnit() throws(Malformed) -> UInt16 {
    var unit: UInt16 = 0
    for count in 0..<4 {
      guard place < text.count, let digit = Character(Unicode.Scalar(text[place])).hexDigitValue else {
        throw malformed("an escape has four hexadecimal digits")
      }
      unit = unit << 4 | UInt16(digit)
      if count < 3 { place += 1 }
    }
    return unit
  }

  private mutating func expect(_ character: Unicode.Scalar) throws(Malformed) {
    if !take(character) { throw malformed("there is no \(character)") }
  }

  /// Goes behind a character that comes next after white space, or stays before it.
  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    skipSpace()
    guard place < text.count, text[place] == UInt8(ascii: character) else { return false }
    place += 1
    return true
  }

  private mutating func skipSpace() {
    while place < text.count, [0x20, 0x09, 0x0A, 0x0D].contains(text[place]) { place += 1 }
  }

  private func malformed(_ what: String) -> Malformed { Malformed(what: what, offset: place) }
}
